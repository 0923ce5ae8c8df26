"""An exercise, declared once, as data: what is asked, what is right, and what commonly goes wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checks.ask import Ask

Check = Callable[[Ask, np.random.Generator], None]


class Unmet(Exception):
    """A requirement does not hold; the message says what to look at, and never a hidden input or an expected value."""


@dataclass(frozen=True)
class Built:
    """An implementation that needs torch or Keras, made by a function so that nothing is imported before it is used.

    Decorates a function that imports the framework, defines the class or function inside, and returns it.
    """

    factory: Callable[[], Any]


Implementation = Callable[..., Any] | Built


def resolve(implementation: Implementation) -> Any:
    """Return the function or class that an implementation stands for."""
    return implementation.factory() if isinstance(implementation, Built) else implementation


@dataclass(frozen=True)
class Requirement:
    """Something that an answer must do, with its share of the points.

    `check(ask, draw)` asks the student's code with inputs drawn from `draw`, and raises Unmet when it does not hold.
    """

    name: str
    points: float
    check: Check


@dataclass(frozen=True)
class Misconception:
    """A known mistake: a name, what it does and why that is wrong, the page to read, and the mistake itself."""

    name: str
    says: str
    page: str
    wrong: Implementation


@dataclass(frozen=True)
class Fingerprint:
    """How answers are told apart by behavior: numbers measured with fixed inputs, equal within the tolerance.

    `measure(ask)` returns a flat sequence of numbers, nan where an answer is no number. Its inputs are no secret: it is
    put only after an answer has failed, and names a mistake without moving a point.
    """

    measure: Callable[[Ask], Sequence[float]]
    tolerance: float = 1e-6


@dataclass(frozen=True)
class Exercise:
    """A graded function or class of an assignment."""

    name: str
    assignment: str
    page: str
    requirements: tuple[Requirement, ...]
    reference: Implementation
    misconceptions: tuple[Misconception, ...]
    variants: tuple[Implementation, ...]
    fingerprint: Fingerprint
    challenge: bool = False

    @property
    def points(self) -> float:
        return sum(requirement.points for requirement in self.requirements)

    def misconception(self, name: str) -> Misconception:
        """Return the misconception of this name; raise KeyError when there is none."""
        return {misconception.name: misconception for misconception in self.misconceptions}[name]
