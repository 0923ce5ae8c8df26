"""What every known mistake is told: its points, the requirements that it fails, and with which sentence.

`python -m tests.checks.told [ASSIGNMENT]...` writes it down anew. A person reads it once: each sentence has to be true
of the wrong answer above it, and a change shows in review. Numbers, which are drawn, are left out; of a framework's
message stands the first line.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from autograder.checks.ask import LocalTransport
from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.exercise import Exercise
from autograder.checks.implementation import Implementation, resolve
from autograder.checks.judge import judge
from autograder.checks.verdict import ExerciseVerdict

FOLDER = Path(__file__).with_suffix("")
DRAWN = re.compile(r"(?<![A-Za-z\d])-?\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?")


def told(assignment: str) -> str:
    """Return what the mistakes of an assignment are told."""
    return "\n".join(line for exercise in exercises(assignment) for line in _lines(exercise)) + "\n"


def tables(exercise: Exercise) -> Iterator[tuple[str, ExerciseVerdict]]:
    """Yield each spelling of each mistake by its name, and how it is judged."""
    for misconception in exercise.misconceptions:
        for number, spelling in enumerate(misconception.spellings):
            name = misconception.name + f" ({number + 1})" * bool(number)
            yield name, judged(exercise, spelling, 0)


_judged: dict[tuple[str, Implementation, int], ExerciseVerdict] = {}
"""Several tests look at the same verdicts; those of an assignment run in one process."""


def judged(exercise: Exercise, spelling: Implementation, seed: int) -> ExerciseVerdict:
    """Return the verdict on a wrong answer, which is judged once for each seed."""
    key = exercise.name, spelling, seed
    if key not in _judged:
        _judged[key] = judge(exercise, LocalTransport(resolve(spelling)), seed)
    return _judged[key]


def together(assignment: str) -> pytest.MarkDecorator:
    """Return the mark of tests that run where the verdicts of an assignment are."""
    return pytest.mark.xdist_group(f"told {assignment}")


def by_assignment() -> list[ParameterSet]:
    """Return all exercises as parameters of tests that run where the verdicts of their assignment are."""
    return [
        pytest.param(exercise, id=exercise.name, marks=together(assignment))
        for assignment in ASSIGNMENTS
        for exercise in exercises(assignment)
    ]


def without_numbers(message: str) -> str:
    """Leave out the numbers of a message but 0 and 1."""
    return DRAWN.sub(lambda found: found[0] if found[0] in ("0", "1") else "#", message)


def _lines(exercise: Exercise) -> Iterator[str]:
    for name, verdict in tables(exercise):
        yield f"{exercise.name}: {name}: {verdict.points:g} of {verdict.max_points:g}"
        for item in verdict.requirements:
            if not item.passed:
                yield f"  {item.key}: {without_numbers(item.message.splitlines()[0])}"
        yield ""


if __name__ == "__main__":
    for wanted in sys.argv[1:] or ASSIGNMENTS:
        (FOLDER / f"{wanted}.txt").write_text(told(wanted), encoding="utf-8")
