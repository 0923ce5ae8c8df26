"""An exercise, declared where its checks and answers stand, as data: what is asked, what is right, what goes wrong."""

import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from autograder.checks.ask import Ask
from autograder.checks.implementation import Built, Edited, Implementation, definition

Check = Callable[[Ask, np.random.Generator], None]
Measure = Callable[[Ask], Sequence[float]]
ACheck = TypeVar("ACheck", bound=Check)
AMeasure = TypeVar("AMeasure", bound=Measure)
Answer = TypeVar("Answer", bound=Callable[..., object] | Built)


class Unmet(Exception):
    """A requirement does not hold; the message says what to look at, and never a hidden input or an expected value."""


@dataclass(frozen=True)
class Requirement:
    """Something that an answer must do, with its share of the points.

    `check(ask, draw)` asks the student's code with inputs drawn from `draw`, and raises Unmet when it does not hold.
    The key stays for ever: it seeds the inputs and stands in stored verdicts, so that the name, which people read, can
    be corrected or translated.
    """

    name: str
    points: float
    check: Check
    key: str


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

    measure: Measure
    tolerance: float = 1e-6


@dataclass(eq=False)
class Exercise:
    """A graded function or class: declared at the head of a module, filled by what stands decorated below.

    Args:
        reference: the answer that every other one is compared with.
        page: section of the book to read when a requirement does not hold, as in `dropout/why#when-it-is-of-no-use`; by
            default what students are told of checks.
        onward: a sentence for a full answer: where it is used, and what to try with it.
        name: of the function or class; by default that of the reference.
        assignment: by default the package of the module that declares it.
        challenge: whether it is harder than the rest.
    """

    reference: Callable[..., object] | Built
    page: str = "guides/students"
    onward: str = ""
    name: str = ""
    assignment: str = ""
    challenge: bool = False
    requirements: tuple[Requirement, ...] = ()
    misconceptions: tuple[Misconception, ...] = ()
    variants: tuple[Implementation, ...] = ()
    fingerprint: Fingerprint = Fingerprint(lambda _ask: ())

    def __post_init__(self) -> None:
        self.name = self.name or definition(self.reference).__name__
        self.assignment = self.assignment or sys._getframe(2).f_globals["__package__"].rpartition(".")[2]

    @property
    def points(self) -> float:
        return sum(requirement.points for requirement in self.requirements)

    def misconception(self, name: str) -> Misconception:
        """Return the misconception of this name; raise KeyError when there is none."""
        return {misconception.name: misconception for misconception in self.misconceptions}[name]

    def requires(self, name: str, points: float, *, key: str = "") -> Callable[[ACheck], ACheck]:
        """Declare a check as a requirement; its key is the check's own name unless it is given."""

        def declare(check: ACheck) -> ACheck:
            self.requirements += (Requirement(name, points, check, key or check.__name__),)
            return check

        return declare

    def mistake(
        self, name: str, *, page: str = "", edit: tuple[str, str] | None = None, drop: str = ""
    ) -> Callable[[Answer], Answer]:
        """Declare a wrong answer as a known mistake, whose sentence is its docstring.

        Args:
            name: of the mistake.
            page: to read, when it is another one than the exercise's.
            edit: old and new text of the reference, which with this edit is the wrong answer; what is decorated then
                has nothing but its docstring.
            drop: the beginning of a statement without which the reference is the wrong answer.
        """

        def declare(wrong: Answer) -> Answer:
            says = " ".join((inspect.getdoc(definition(wrong)) or "").split())
            old, new = edit or (drop, None)
            mistaken = Edited(self.reference, old, new) if old else wrong
            self.misconceptions += (Misconception(name, says, page or self.page, mistaken),)
            return wrong

        return declare

    def right(self, answer: Answer) -> Answer:
        """Declare an answer that is right, and written in another way than the reference."""
        self.variants += (answer,)
        return answer

    def measures(self, *, tolerance: float = 1e-6) -> Callable[[AMeasure], AMeasure]:
        """Declare how answers are told apart, which gives the exercise its fingerprint."""

        def declare(measure: AMeasure) -> AMeasure:
            self.fingerprint = Fingerprint(measure, tolerance)
            return measure

        return declare
