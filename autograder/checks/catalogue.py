"""Where the exercises are: the assignments in order, and the exercises of each."""

from functools import cache
from importlib import import_module

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


@cache
def exercises(assignment: str) -> tuple[Exercise, ...]:
    """Return the exercises of an assignment in the order of its notebook; raise KeyError when there is none."""
    if assignment not in ASSIGNMENTS:
        raise KeyError(assignment)
    package = import_module(f"autograder.checks.{assignment}")
    return tuple(import_module(f"{package.__name__}.{module}").exercise for module in package.EXERCISES)


def find(name: str) -> Exercise:
    """Return the exercise of this name; raise KeyError when there is none."""
    for assignment in ASSIGNMENTS:
        for exercise in exercises(assignment):
            if exercise.name == name:
                return exercise
    raise KeyError(name)
