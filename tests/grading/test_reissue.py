"""What `autograder release` says of another release: cells that are new, dropped, worth something else, or reworded."""

import json
from typing import Any

import pytest

from autograder.grading.assignment import RELEASED
from autograder.grading.reissue import changed, next_step
from tests.grading.conftest import ASSIGNMENT, FIRST

BEFORE = (RELEASED / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_bytes()
CHECK = f"{FIRST.name}_check"


def edited(**by_cell: Any) -> bytes:
    """Return the release with other points or another text in some cells; None takes a cell away."""
    notebook = json.loads(BEFORE)
    kept = []
    for cell in notebook["cells"]:
        change = by_cell.get(cell["metadata"].get("nbgrader", {}).get("grade_id", ""), "")
        if isinstance(change, int):
            cell["metadata"]["nbgrader"]["points"] = change
        elif change:
            cell["source"] = change
        if change is not None:
            kept.append(cell)
    return json.dumps(notebook | {"cells": kept}).encode()


AGAIN = "2 submissions are graded by the release before: `autograder {}` says whose points change"


@pytest.mark.parametrize(
    ("before", "after", "lines", "step"),
    [
        (None, BEFORE, [], ""),
        (BEFORE, BEFORE, [], ""),
        (BEFORE, edited(**{CHECK: 12}), [f"{CHECK} has 12 points instead of 10"], AGAIN.format("regrade")),
        (BEFORE, edited(**{CHECK: None}), [f"{CHECK}, of 10 points, is dropped: it counts for nothing"], "regrade"),
        (edited(**{CHECK: None}), BEFORE, [f"{CHECK}, of 10 points, is new"], AGAIN.format("grade --resume")),
        (BEFORE, edited(**{FIRST.name: "pass"}), [f"{FIRST.name} has another text"], ""),
        (BEFORE, BEFORE.replace(b"dropout", b"drop-out"), ["the text between the exercises is another one"], ""),
    ],
)
def test_what_changes_for_whom(before: bytes | None, after: bytes, lines: list[str], step: str) -> None:
    found = changed(before, after)
    assert set(lines) <= set(found)
    if len(found) == 1:
        assert found == lines
    assert step in next_step(2, found)
    assert bool(step) == bool(next_step(2, found)) or (before is not None and len(found) > 1)
    assert next_step(0, found) == ""
