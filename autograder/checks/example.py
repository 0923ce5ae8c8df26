"""A small call that shows what is wrong: drawn anew, and small enough to be pasted into a cell."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.checks.ask import Answer, LocalTransport, Question, Rng, Tensor, TorchRng, Transport, Value, to_tree
from autograder.checks.exercise import Exercise
from autograder.checks.implementation import resolve

ATTEMPTS = 8
"""How often a call is drawn anew before it is given up."""
LARGEST = 400
"""Entries of the arrays of a question that is made small: larger ones are there to count what is random."""
FEW = 12
"""Entries that need not be made fewer."""
DRAWS = 64
"""How many right answers of a random function are known, and with them the values that each number may have."""
MAX_CALL = 300
"""Characters of a call that is shown."""
DIGITS = 3
"""Digits of the numbers in it."""


@dataclass(frozen=True)
class Example:
    """A call as source, what the student's code gives for it, and what a right answer gives."""

    call: str
    came: str
    expected: str


def example(exercise: Exercise, transport: Transport, question: Question, draw: np.random.Generator) -> Example | None:
    """Return a small call like a question, to which the answer is wrong; None when none is found.

    Its numbers are drawn anew, so that it is none of the questions of a grade. Where a function draws random numbers,
    what is right is one of many right answers.

    Args:
        exercise: what was asked.
        transport: carries questions to the student's code.
        question: settled that a requirement does not hold.
        draw: draws the numbers.
    """
    if question.probe or sum(array.size for array in _arrays(question)) > LARGEST:
        return None
    pair = SideBySide(LocalTransport(resolve(exercise.reference)), transport)
    for _ in range(ATTEMPTS):
        anew = _drawn_anew(question, draw)
        if pair.refuses(anew) != pair.refuses(question):
            continue  # another mistake than the one that was found
        if repr(to_tree(anew.args)) != repr(to_tree(question.args)) and pair.differ(anew):
            return pair.show(_made_small(anew, pair))
    return None


class SideBySide:
    """Asks the reference and the student's code the same."""

    def __init__(self, reference: Transport, student: Transport) -> None:
        self.reference = reference
        self.student = student

    def differ(self, question: Question) -> str:
        """Return how the answers differ, empty when they do not, or when the student's is right for another draw."""
        right = self.reference.ask(question)
        if right.raised is not None and "ValueError" not in right.raised.kinds:
            return ""
        wrong = self.student.ask(question)
        if right.raised is None and wrong.raised is None:
            return "" if _possible(self._drawn(question), wrong.value) else "in value"
        if right.raised is not None and wrong.raised is not None:
            return ""
        return "not refused" if wrong.raised is None else wrong.raised.type

    def refuses(self, question: Question) -> bool:
        """Tell whether a right answer raises an error."""
        return self.reference.ask(question).raised is not None

    def show(self, question: Question) -> Example | None:
        """Return a question with both answers; None when it is too long to be shown."""
        arguments = [*map(source, question.args), *(f"{key}={source(item)}" for key, item in question.kwargs.items())]
        call = f"{question.subject}({', '.join(arguments)})"
        right = self.reference.ask(question)
        came, expected = _said(self.student.ask(question)), "a ValueError" if right.raised is not None else _said(right)
        if max(len(call), len(came), len(expected)) > MAX_CALL:
            return None
        one_of_many = right.raised is None and not all(_same(right.value, item) for item in self._drawn(question))
        return Example(call, came, expected + (", for example" if one_of_many else ""))

    def _drawn(self, question: Question) -> list[Value]:
        """Return what is right: one value, or several of a function that draws random numbers."""
        seeds = range(DRAWS) if _is_random(question) else range(1)
        answers = [self.reference.ask(_seeded(question, seed) if seed else question) for seed in seeds]
        return [answer.value for answer in answers if answer.raised is None]


def _is_random(question: Question) -> bool:
    return any(isinstance(value, Rng | TorchRng) for value in (*question.args, *question.kwargs.values()))


def _possible(drawn: list[Value], value: Value) -> bool:
    """Tell whether each number of an answer is one that stands in its place in some right answer."""
    right, own = [_numbers(item) for item in drawn], _numbers(value)
    if len(drawn) == 1 or any(list(map(np.shape, item)) != list(map(np.shape, own)) for item in right):
        return _same(drawn[0], value)
    return all(_near(np.stack(seen), part).any(axis=0).all() for *seen, part in zip(*right, own, strict=True))


def _numbers(value: Value) -> list[np.ndarray]:
    """Return the arrays of an answer, those of its parts in their order."""
    if isinstance(value, tuple | list | dict):
        return [array for item in _values(value) for array in _numbers(item)]
    return [np.asarray(value.array if isinstance(value, Tensor) else value)]


def _near(right: np.ndarray, value: np.ndarray) -> np.ndarray:
    near: np.ndarray = np.isclose(right, value, rtol=1e-4, atol=1e-5, equal_nan=True)
    return near


def _seeded(question: Question, seed: int) -> Question:
    """Return a question whose generators have another state."""
    return _mapped(question, lambda value: type(value)(seed) if isinstance(value, Rng | TorchRng) else value)


def _drawn_anew(question: Question, draw: np.random.Generator) -> Question:
    """Return a question with other numbers of the same signs and in the same order, which are short to write."""
    factor = draw.uniform(0.8, 1.2)

    def number(value: float) -> float:
        return value if value in (0, 1, -1) or not math.isfinite(value) else float(f"{value * factor:.{DIGITS}g}")

    def other(value: Value) -> Value:
        match value:
            case np.ndarray() if value.dtype.kind == "f":
                return _as_short(value) if _sums_to_one(value) else np.vectorize(number, otypes=[value.dtype])(value)
            case bool():
                return value
            case int():
                return value + int(draw.integers(3)) if value > 2 else value
            case float():
                return number(value)
            case Rng() | TorchRng():
                return type(value)(int(draw.integers(1, 100)))
        return value

    return _mapped(question, other)


def _sums_to_one(array: np.ndarray) -> bool:
    return array.ndim > 0 and bool((array >= 0).all() and np.allclose(array.sum(axis=-1), 1, atol=1e-4))


def _as_short(array: np.ndarray) -> np.ndarray:
    """Round probabilities so that they still sum to 1."""
    rounded = array.round(2)
    rest = 1 - rounded.sum(axis=-1, keepdims=True)
    largest = rounded == rounded.max(axis=-1, keepdims=True)
    shares: np.ndarray = rounded + rest * (largest & (largest.cumsum(axis=-1) == 1))
    return shares.round(2)


def _made_small(question: Question, pair: SideBySide) -> Question:
    """Cut axes of equal length together, as far as the answers go on to differ in the same way."""
    how = pair.differ(question)
    kept = {array.shape[-1] for array in _arrays(question) if array.dtype.kind == "f" and _sums_to_one(array)}
    for least in (2, 1):
        lengths = {length for array in _arrays(question) for length in array.shape} - kept
        for length in sorted(lengths, reverse=True):
            cuts = (_mapped(question, _cutting(length, shorter)) for shorter in range(least, length))
            question = next((cut for cut in cuts if pair.differ(cut) == how), question)
        if sum(array.size for array in _arrays(question)) <= FEW:
            break
    return question


def _cutting(length: int, shorter: int) -> Callable[[Value], Value]:
    def cut(value: Value) -> Value:
        if not isinstance(value, np.ndarray):
            return value
        return value[tuple(slice(shorter if size == length else size) for size in value.shape)]

    return cut


def _mapped(question: Question, function: Callable[[Value], Value]) -> Question:
    """Return a question with a function applied to everything in it."""

    def mapped(value: Value) -> Value:
        match value:
            case list() | tuple():
                return type(value)(map(mapped, value))
            case dict():
                return {key: mapped(item) for key, item in value.items()}
            case Tensor(array):
                return Tensor(function(array))
        return function(value)

    return replace(question, args=mapped(question.args), kwargs=mapped(question.kwargs))


def _arrays(question: Question) -> list[np.ndarray]:
    found: list[np.ndarray] = []

    def collect(value: Value) -> Value:
        found.extend([value] if isinstance(value, np.ndarray) else [])
        return value

    _mapped(question, collect)
    return found


def _same(right: Value, wrong: Value) -> bool:
    """Tell whether two answers are worth the same, whatever types carry their numbers."""
    if isinstance(right, tuple | list | dict):
        if isinstance(right, dict) != isinstance(wrong, dict) or not isinstance(wrong, tuple | list | dict):
            return False
        return len(right) == len(wrong) and all(map(_same, _values(right), _values(wrong)))
    right, wrong = (value.array if isinstance(value, Tensor) else value for value in (right, wrong))
    if isinstance(right, str | None):
        return bool(right == wrong)
    try:
        numbers, others = np.asarray(right, dtype=float), np.asarray(wrong, dtype=float)
    except (TypeError, ValueError):
        return False
    return numbers.shape == others.shape and bool(_near(numbers, others).all())


def _values(value: Any) -> Iterator[Value]:
    yield from value.values() if isinstance(value, dict) else value


def _said(answer: Answer) -> str:
    return f"raises {answer.raised}" if answer.raised is not None else source(answer.value, digits=5)


def source(value: Value, digits: int | None = None) -> str:
    """Return a value as it is written in a cell: as it is, or rounded to some digits."""
    match value:
        case np.ndarray():
            return _array_source("np.array", value, digits, "np")
        case Tensor(array):
            return _array_source("torch.tensor", array, digits, "torch")
        case Rng(seed):
            return f"np.random.default_rng({seed})"
        case TorchRng(seed):
            return f"torch.Generator().manual_seed({seed})"
        case tuple() | list():
            inner = ", ".join(source(item, digits) for item in value)
            return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(value) == 1 else ''})"
        case dict():
            return f"{{{', '.join(f'{key!r}: {source(item, digits)}' for key, item in value.items())}}}"
        case float() if digits:
            return repr(float(f"{value:.{digits}g}"))
    return repr(value)


def _array_source(function: str, array: np.ndarray, digits: int | None, module: str) -> str:
    short = np.vectorize(lambda entry: float(f"{entry:.{digits or 2 * DIGITS}g}"), otypes=[float])
    numbers = (short(array) + 0.0 if array.size and array.dtype.kind == "f" else array).tolist()
    plain = module == "np" and array.dtype.name in ("float64", "int64", "bool")
    if digits and array.ndim == 0:
        return repr(numbers)
    return f"{function}({numbers!r}{'' if plain else f', dtype={module}.{array.dtype.name}'})"
