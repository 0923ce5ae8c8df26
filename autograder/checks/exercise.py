"""An exercise, declared where its checks and answers stand, as data: what is asked, what is right, what goes wrong."""

import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from autograder.checks.ask import Ask, Value
from autograder.checks.implementation import Built, Edited, Implementation, definition

Check = Callable[[Ask, np.random.Generator], None]
Measure = Callable[[Ask], Sequence[float]]
ACheck = TypeVar("ACheck", bound=Check)
AMeasure = TypeVar("AMeasure", bound=Measure)
Answer = TypeVar("Answer", bound=Callable[..., object] | Built)


ASIDE = ("refuses_", "asked_in_every_way", "keeps_dtype", "handles_extremes", "handles_rate_one")
"""How the keys begin of what is apart from how an answer works: refusals, dtypes, arguments, rates of 0 and 1."""


class Unmet(Exception):
    """A requirement does not hold; the message says what to look at, and never a hidden input or an expected value."""


@dataclass(frozen=True)
class Requirement:
    """Something that an answer must do, with its share of the points.

    `check(ask, draw)` asks the student's code with inputs drawn from `draw`, and raises Unmet when it does not hold.
    The key stays for ever: it seeds the inputs and stands in stored verdicts, so that the name, which people read, can
    be corrected or translated. `after` holds the keys of earlier requirements, between spaces: as long as one of them
    does not hold, a failure of this one says nothing about the answer, and nothing is said.
    """

    name: str
    points: float
    check: Check
    key: str
    after: str = ""

    @property
    def aside(self) -> bool:
        """Tell whether it is apart from how an answer works, so that no mistake is known by it."""
        return self.key.startswith(ASIDE)


@dataclass(frozen=True)
class Misconception:
    """A known mistake: a name, what it does and why that is wrong, the page to read, and the mistake itself.

    `others` are the same mistake in further spellings, which behave in other ways.
    """

    name: str
    says: str
    page: str
    wrong: Implementation
    others: tuple[Implementation, ...] = ()

    @property
    def spellings(self) -> tuple[Implementation, ...]:
        return (self.wrong, *self.others)


@dataclass(frozen=True)
class Fingerprint:
    """How answers are told apart by behavior: numbers measured with fixed inputs, equal within the tolerance.

    `measure(ask)` returns a flat sequence of numbers, nan where an answer is no number. Its inputs are no secret: it is
    put only after an answer has failed, and names a mistake without moving a point.
    """

    measure: Measure
    tolerance: float = 1e-6


@dataclass(frozen=True)
class Own:
    """What an answer is to be written without: the layers and functions of libraries that do what is asked.

    Fields:
        without: their paths, as "torch.nn.BatchNorm1d".
        settings: with which a class is built, to see whether it rests on one of them.
        arguments: with which it, or a function, is called then.
        options: the same by keyword.
    """

    without: tuple[str, ...]
    arguments: tuple[Value, ...] = ()
    settings: tuple[Value, ...] = ()
    options: dict[str, Value] = field(default_factory=dict)


@dataclass(eq=False)
class Exercise:
    """A graded function or class: declared at the head of a module, filled by what stands decorated below.

    Args:
        reference: the answer that every other one is compared with.
        page: section of the book to read when a requirement does not hold, as in `dropout/why#When it is of no use`; by
            default what students are told of checks.
        onward: a sentence for a full answer: where it is used, and what to try with it.
        trap: the keys of the requirements that the exercise is set for; a third of its points or more are theirs.
        name: of the function or class; by default that of the reference.
        assignment: by default the package of the module that declares it.
        challenge: whether it is harder than the rest.
        own: what is no answer because the exercise asks to write it; None where a library's own layer is an answer.
    """

    reference: Callable[..., object] | Built
    page: str = "guides/students"
    onward: str = ""
    trap: tuple[str, ...] = ()
    name: str = ""
    assignment: str = ""
    challenge: bool = False
    own: Own | None = None
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

    def requires(self, name: str, points: float, *, key: str = "", after: str = "") -> Callable[[ACheck], ACheck]:
        """Declare a check as a requirement; its key is the check's own name unless it is given.

        What it rests on is named in `after`: keys of requirements above it.
        """

        def declare(check: ACheck) -> ACheck:
            self.requirements += (Requirement(name, points, check, key or check.__name__, after),)
            return check

        return declare

    def mistake(
        self, name: str, *, page: str = "", edit: tuple[str, str] | None = None, drop: str = ""
    ) -> Callable[[Answer], Answer]:
        """Declare a wrong answer as a known mistake, whose sentence is its docstring, or as another spelling of it.

        Args:
            name: of the mistake; one that is declared already gets a further spelling, without a docstring.
            page: to read, when it is another one than the exercise's.
            edit: old and new text of the reference, which with this edit is the wrong answer; what is decorated then
                has nothing but its docstring.
            drop: the beginning of a statement without which the reference is the wrong answer.
        """

        def declare(wrong: Answer) -> Answer:
            says = " ".join((inspect.getdoc(definition(wrong)) or "").split())
            old, new = edit or (drop, None)
            mistaken = Edited(self.reference, old, new) if old else wrong
            self.misconceptions = _with(self.misconceptions, Misconception(name, says, page or self.page, mistaken))
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


def _with(known: tuple[Misconception, ...], new: Misconception) -> tuple[Misconception, ...]:
    """Add a mistake, or its spelling to the mistake of this name."""
    if new.name not in {item.name for item in known}:
        return (*known, new)
    return tuple(replace(item, others=(*item.others, new.wrong)) if item.name == new.name else item for item in known)
