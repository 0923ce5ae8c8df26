"""Where the exercises are: the assignments in order, and the exercises of each."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

from autograder.checks import own
from autograder.checks.exercise import Exercise

ASSIGNMENTS = (
    "dropout_numpy",
    "dropout_keras",
    "dropout_pytorch",
    "batchnorm",
    "inference_by_hand",
    "layernorm",
    "monte_carlo",
    "pooling",
    "detective",
    "noise_lab",
)

_own: dict[str, str] = {}
"""The sources of the assignments that are the course's own, by name."""


def assignments() -> tuple[str, ...]:
    """Return all assignments that have judges: those of the package, then the course's own."""
    return (*ASSIGNMENTS, *_own)


def exercises(assignment: str) -> tuple[Exercise, ...]:
    """Return the exercises of an assignment in the order of its notebook; raise KeyError when there is none."""
    return own.declare(assignment, _own[assignment]) if assignment in _own else _shipped(assignment)


def find(name: str) -> Exercise:
    """Return the exercise of this name, of the package or of the course that the working directory lies in.

    Raises:
        KeyError: there is none.
        own.Undeclared: the course declares something that cannot be used.
    """
    if (found := _found(name)) is None:
        adopt_from(own.nearest(Path.cwd()))
        found = _found(name)
    if found is None:
        raise KeyError(name)
    return found


def source(assignment: str) -> str:
    """Return the source of an assignment that is the course's own; an empty string for one of the package."""
    return _own.get(assignment, "")


def adopt(sources: Mapping[str, str]) -> None:
    """Take these assignments for the course's own, in place of any before.

    Raises:
        own.Undeclared: one of them cannot be used, or has a name that is taken.
    """
    _own.clear()
    for name, text in sources.items():
        if name in ASSIGNMENTS:
            raise own.Undeclared(f"{own.FOLDER}/{name}.py has the name of an assignment that is there: rename it")
        for exercise in own.declare(name, text):
            if _found(exercise.name):
                raise own.Undeclared(f"{own.FOLDER}/{name}.py declares {exercise.name}, which is there: rename it")
        _own[name] = text


def receive(assignment: str, text: str) -> None:
    """Take a source for that of an assignment, as it was adopted where the class is graded from."""
    _own[assignment] = text


def adopt_from(course: Path | None) -> None:
    """Take what the folder of a course declares for its own; None is no course, and changes nothing."""
    if course is not None:
        adopt(own.read(course))


def _found(name: str) -> Exercise | None:
    declared = (exercise for assignment in assignments() for exercise in exercises(assignment))
    return next((exercise for exercise in declared if exercise.name == name), None)


@cache
def _shipped(assignment: str) -> tuple[Exercise, ...]:
    if assignment not in ASSIGNMENTS:
        raise KeyError(assignment)
    package = import_module(f"autograder.checks.{assignment}")
    return tuple(import_module(f"{package.__name__}.{module}").exercise for module in package.EXERCISES)
