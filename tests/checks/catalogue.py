"""The catalogue that comes out of the declarations, as text: what stored verdicts and people hold on to.

`python -m tests.checks.catalogue` writes it down anew, after a change that is meant, which is then seen in review.
A key that is in use stays, because it seeds hidden inputs and stands in stored verdicts.
"""

from collections.abc import Iterator
from pathlib import Path

from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.exercise import Exercise

WRITTEN = Path(__file__).with_suffix(".txt")


def catalogue() -> str:
    """Return all exercises: each with its requirements (points, key, title) and the mistakes that it knows."""
    return "\n".join(line for name in ASSIGNMENTS for exercise in exercises(name) for line in _lines(exercise))


def _lines(exercise: Exercise) -> Iterator[str]:
    challenge = ", a challenge" if exercise.challenge else ""
    yield f"{exercise.assignment}.{exercise.name}: {exercise.points:g} points{challenge}"
    for requirement in exercise.requirements:
        yield f"  {requirement.points:g} {requirement.key}: {requirement.name}"
    for misconception in exercise.misconceptions:
        yield f"  mistake: {misconception.name} ({misconception.page})"
    yield ""


if __name__ == "__main__":
    WRITTEN.write_text(catalogue(), encoding="utf-8")
