"""Mutants that are no wrong answers: why, by assignment, in equivalent/<assignment>.toml.

An entry gives a reason and the mutants it holds for, as "exercise / mutant"; "* / mutant" stands for every exercise of
the assignment. An entry that covers no surviving mutant is stale, and to be removed.
"""

import tomllib
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent / "equivalent"


def listed(assignment: str) -> dict[str, str]:
    """Return the reason for each mutant of an assignment that is listed as equivalent."""
    path = FOLDER / f"{assignment}.toml"
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("equivalent", []) if path.exists() else []
    return {mutant: entry["reason"] for entry in entries for mutant in entry["mutants"]}


def sort_out(assignment: str, survivors: Iterable[tuple[str, str]]) -> tuple[list[str], list[str], list[str]]:
    """Divide the surviving (exercise, mutant) of an assignment.

    Returns:
        Those that are listed as equivalent, those that are not, and the entries that cover none of them.
    """
    reasons = listed(assignment)
    equivalent, alive, used = [], [], set()
    for exercise, mutant in survivors:
        entries = {f"{exercise} / {mutant}", f"* / {mutant}"} & reasons.keys()
        (equivalent if entries else alive).append(f"{exercise} / {mutant}")
        used |= entries
    return equivalent, alive, sorted(reasons.keys() - used)
