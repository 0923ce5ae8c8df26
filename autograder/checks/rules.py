"""What holds in all exercises of an assignment, said once in its notebook, which gets it when it is released.

Which sentences a notebook has follows from what its exercises declare.
"""

import inspect
from collections.abc import Callable, Iterable

from autograder.checks.again import in_every_way
from autograder.checks.exercise import Exercise
from autograder.checks.implementation import resolve

TITLE = "**Rules of all checks.**"


def _takes(*names: str) -> Callable[[Exercise], bool]:
    return lambda exercise: any(name in inspect.signature(resolve(exercise.reference)).parameters for name in names)


def _asks_again(exercise: Exercise) -> bool:
    return any(requirement.key == in_every_way().__name__ for requirement in exercise.requirements)


def _refuses(exercise: Exercise) -> bool:
    return any(requirement.name.startswith("refuses") for requirement in exercise.requirements)


def _says_graph(exercise: Exercise) -> bool:
    return any("works without a graph" in requirement.name for requirement in exercise.requirements)


def _always(_: Exercise) -> bool:
    return True


RULES: tuple[tuple[Callable[[Exercise], bool], str], ...] = (
    (
        _asks_again,
        "An array that is returned has the dtype of the first array argument, and no argument is modified. Arrays may "
        "hold zeros, may have any size, may lie in memory in any order and may be read-only.",
    ),
    (
        _refuses,
        "What the docstring does not accept for an argument raises `ValueError` with a message that names the argument "
        "or has the word *shape* in it.",
    ),
    (_takes("rate", "p_keep"), "A rate outside $[0, 1]$ is refused in training and at test time."),
    (
        _takes("rng", "generator"),
        "All randomness comes from the generator that is passed in. How you draw from it is up to you.",
    ),
    (
        _says_graph,
        "Whether gradients are recorded changes no result: the mode is `training` or `self.training`.",
    ),
    (_always, "A result depends on nothing that was called before, unless the exercise says so."),
)
"""Of which exercises a notebook says what."""


def rules(asked: Iterable[Exercise]) -> str:
    """Return the paragraph of rules of some exercises."""
    asked = tuple(asked)
    return " ".join([TITLE, *(sentence for holds, sentence in RULES if any(map(holds, asked)))])
