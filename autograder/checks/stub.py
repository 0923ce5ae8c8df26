"""Stubs: functions that return one number for everything, or an argument as it came, and so answer nothing.

Later requirements compare an answer with itself, so that a slip costs what it is worth. A stub agrees with itself
everywhere: what it holds that way is no work, and earns nothing.
"""

from collections.abc import Set
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.checks.clean import clean

if TYPE_CHECKING:
    from autograder.checks.ask import Answer, Question

FEW = 3
"""From how many calls on a function is known as a stub: two could agree by what they ask."""
MAX_SHOWN = 40
NAN = float("nan")
"""The one that stands for all: a set finds it by its identity."""
VARIOUS = frozenset((object(), object()))
"""Stands for the numbers of what may have been worked out."""


class Stub:
    """Follows the calls of a function for as long as it could be a stub."""

    def __init__(self) -> None:
        self._calls = 0
        self._constants: set[object] = set()
        self._echoed: set[int | str] | None = None

    def keep(self, question: "Question", answer: "Answer") -> None:
        """Take a question and its answer into account: only values of calls count."""
        if question.probe or answer.raised is not None:
            return
        self._calls += 1
        if len(self._constants) < 2:
            self._constants |= constants(answer.value)
        if self._echoed is None or self._echoed:
            found = echoed(question, answer.value) if answer.untouched else set()
            self._echoed = found if self._echoed is None else self._echoed & found

    @property
    def fault(self) -> str:
        """Return what the function does in place of an answer, an empty text when it is no stub."""
        if self._calls < FEW:
            return ""
        if len(self._constants) == 1:
            (constant,) = self._constants
            return f"all that your function ever returns is {clean(repr(constant), MAX_SHOWN)}"
        return "all that your function ever returns is one of its arguments as it came" if self._echoed else ""


def constants(value: Any) -> Set[object]:
    """Return the numbers and texts that a value holds; of an array the entries, if they are 0 or `nan`.

    An array of another number, such as the softmax of a single logit, may have been worked out.
    """
    match bare(value):
        case np.ndarray() as array:
            return {plain(item) for item in array.ravel()[:1]} if is_empty(array) else VARIOUS
        case list() | tuple():
            return set().union(*map(constants, value))
        case dict():
            return set().union(*map(constants, value.values()))
        case None | bool() | int() | float() | str() | np.generic() as single:
            return {plain(single)}
    return VARIOUS


def is_empty(array: np.ndarray) -> bool:
    """Tell whether an array holds nothing but 0, or nothing but `nan`; one of a single number without dimensions may
    hold any."""
    return array.ndim == 0 or not array.any() or bool((array != array).all())


def plain(value: Any) -> object:
    """Return a number that is equal to all others of its value, whatever their types."""
    value = value.item() if isinstance(value, np.generic) else value
    return NAN if value != value else value


def echoed(question: "Question", value: Any) -> set[int | str]:
    """Return the places and names of the arguments that a value, or each part of it, is equal to."""
    given: dict[int | str, Any] = dict(enumerate(question.args)) | dict(question.kwargs)
    parts = value if isinstance(value, list | tuple) and value else [value]
    return {place for place, argument in given.items() if all(equal(part, argument) for part in parts)}


def equal(part: Any, argument: Any) -> bool:
    """Tell whether an answer is an argument, as an array, a tensor or a number."""
    one, other = bare(part), bare(argument)
    numbers = (np.ndarray, float, int, str)
    return isinstance(one, numbers) and isinstance(other, numbers) and bool(np.array_equal(one, other))


def bare(value: Any) -> Any:
    """Return the array of a tensor, and anything else as it is."""
    return getattr(value, "array", value)
