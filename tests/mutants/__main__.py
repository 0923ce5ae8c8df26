"""Check the checks: `python -m tests.mutants [ASSIGNMENT]...` prints what became of wrong answers and right ones.

Every listed misconception must be rejected and named; of the generated mutants of each reference, those apart that are
listed as equivalent with a reason, 98 % must be rejected; no right variant may lose a point; and the README must say
what became of all. Exits 1 when a figure is not met.
"""

import argparse
import math
import sys
import time
from functools import reduce
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from autograder.checks.catalogue import ASSIGNMENTS, exercises
from tests.changed import changed_exercises
from tests.mutants.campaign import Tally, conduct

KILLED = 0.98
README = Path(__file__).parents[2] / "README.md"

COLUMNS = (
    "assignment",
    "exercises",
    "requirements\n(failed alone)",
    "misconceptions\nnamed",
    "mutants\nkilled",
    "equivalent",
    "right\nvariants",
    "false alarms\nin runs",
)


def row(name: str, tally: Tally) -> list[str]:
    wrong = tally.mutants - tally.equivalent
    return [
        name,
        f"{tally.exercises}",
        f"{tally.failed}/{tally.requirements} ({tally.failed_alone})",
        f"{tally.named}/{tally.misconceptions}",
        f"{tally.killed}/{wrong} ({100 * tally.killed / max(wrong, 1):.1f} %)",
        f"{tally.equivalent}",
        f"{tally.variants}",
        f"{tally.alarms} in {tally.runs:,}",
    ]


def unmet(total: Tally) -> list[str]:
    """Return the figures that are not met, each as a line."""
    figures = {
        "every misconception is rejected and named": total.named == total.misconceptions,
        f"{KILLED:.0%} of the mutants are killed": total.killed >= KILLED * (total.mutants - total.equivalent),
        "no right variant loses a point": total.alarms == 0,
        "every requirement is failed by some wrong answer": total.failed == total.requirements,
    }
    return [figure for figure, met in figures.items() if not met]


def stale(total: Tally) -> list[str]:
    """Return the cells of the whole table that the README, which has them all but the runs, says otherwise."""
    (said,) = (line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("| all |"))
    cells = [cell.strip() for cell in said.strip("|").split("|")]
    return [
        f"{new}, where the README says {old}"
        for old, new in zip(cells[:-1], row("all", total), strict=False)
        if old != new
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__.splitlines()[0])
    parser.add_argument(
        "assignments", nargs="*", metavar="ASSIGNMENT", help=f"of {', '.join(ASSIGNMENTS)} (default: all)"
    )
    parser.add_argument(
        "--runs", type=int, default=1000, help="judgments of right variants, all together (default: 1000)"
    )
    parser.add_argument("--changed", action="store_true", help="only exercises that have changed since main")
    parser.add_argument("--workers", type=int, default=2, help="processes (default: 2)")
    options = parser.parse_args()
    assignments = tuple(options.assignments) or ASSIGNMENTS
    if unknown := set(assignments) - set(ASSIGNMENTS):
        parser.error(f"there is no assignment {', '.join(sorted(unknown))}")
    tried = {name: exercises(name) for name in assignments}
    if options.changed:
        tried = {name: tuple(item for item in tried[name] if item in changed_exercises()) for name in tried}
        tried = {name: some for name, some in tried.items() if some}
    if not tried:
        print("No exercise has changed.")
        return 0
    variants = sum(len(exercise.variants) + 1 for some in tried.values() for exercise in some)

    begun = time.monotonic()
    progress = Progress(
        BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=Console(stderr=True), transient=True
    )
    with progress:
        bar = progress.add_task("trials", total=None)
        tallies = conduct(
            tried,
            math.ceil(options.runs / variants),
            options.workers,
            lambda done, of: progress.update(bar, completed=done, total=of),
        )
    if tallies is None:
        print("A process dies of one of the trials, most likely for want of memory: try --workers 1.", file=sys.stderr)
        return 1
    total = reduce(Tally.__add__, tallies.values())

    table = Table(*COLUMNS, title="The graders, graded", caption=f"{time.monotonic() - begun:.0f} s", show_footer=False)
    for name, tally in tallies.items():
        table.add_row(*row(name, tally))
    table.add_section()
    table.add_row(*row("all", total), style="bold")
    console = Console(width=None if sys.stdout.isatty() else 160)
    for complaint in total.complaints:
        console.print(complaint, style="red", highlight=False, markup=False, soft_wrap=True)
    console.print(table)
    missed = unmet(total)
    if len(tried) == len(ASSIGNMENTS) and not options.changed:
        missed += stale(total)
    for figure in missed:
        console.print(f"Not met: {figure}.", style="bold red", highlight=False, markup=False)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
