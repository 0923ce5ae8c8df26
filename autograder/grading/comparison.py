"""Two graded classes side by side: what was handed in, what holds, and which mistakes are made, in shares."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.grading.errors import CourseError
from autograder.grading.output import Output
from autograder.grading.report import AssignmentSummary

CLEAR = 2.0
"""Standard errors from which a difference is called clear; of twenty that mean nothing, one is."""


@dataclass(frozen=True)
class Share:
    """How many out of how many."""

    count: int
    of: int

    @property
    def value(self) -> float:
        return self.count / self.of if self.of else 0.0

    def __str__(self) -> str:
        return f"{self.count} of {self.of} ({self.value:.0%})" if self.of else "not asked"


@dataclass(frozen=True)
class Comparison:
    """A line of the comparison: of which assignment and exercise, what it counts, and how many in each class."""

    assignment: str
    exercise: str
    what: str
    before: Share
    after: Share

    @property
    def is_clear(self) -> bool:
        """Tell whether the difference is more than chance gives between classes of this size."""
        if not self.before.of or not self.after.of:
            return False
        both = (self.before.count + self.after.count) / (self.before.of + self.after.of)
        error = math.sqrt(both * (1 - both) * (1 / self.before.of + 1 / self.after.of))
        return error > 0 and abs(self.before.value - self.after.value) > CLEAR * error


def compare(before: Output, after: Output) -> list[Comparison]:
    """Return the assignments that both classes were graded on, line by line.

    Raises:
        CourseError: there is no such assignment.
    """
    one, other = _summaries(before), _summaries(after)
    shared = [name for name in one if name in other]
    if not shared:
        raise CourseError(f"{before.folder} and {after.folder} have no assignment in common")
    return [line for name in shared for line in _lines(one[name], other[name])]


def _summaries(output: Output) -> dict[str, AssignmentSummary]:
    verdicts = list(output.read().values())
    names = sorted({verdict.assignment for verdict in verdicts})
    return {
        name: AssignmentSummary(name, [verdict for verdict in verdicts if verdict.assignment == name], {}, {})
        for name in names
    }


def _lines(one: AssignmentSummary, other: AssignmentSummary) -> Iterator[Comparison]:
    for what, count in (("handed in", _handed_in), ("full marks, of those", _full_marks)):
        yield Comparison(one.name, "", what, count(one), count(other))
    asked = _requirements(one), _requirements(other)
    for exercise, name in dict.fromkeys(key for shares in asked for key in shares):
        yield Comparison(one.name, exercise, name, *(shares.get((exercise, name), Share(0, 0)) for shares in asked))
    made = _mistakes(one), _mistakes(other)
    for exercise, name in dict.fromkeys(key for counts in made for key in counts):
        counts = (counts.get((exercise, name), 0) for counts in made)
        shares = (Share(count, len(side.asked)) for count, side in zip(counts, (one, other), strict=True))
        yield Comparison(one.name, exercise, f"mistake: {name}", *shares)


def _requirements(summary: AssignmentSummary) -> dict[tuple[str, str], Share]:
    return {(item.exercise, item.name): Share(item.met, item.asked) for item in summary.requirements}


def _mistakes(summary: AssignmentSummary) -> dict[tuple[str, str], int]:
    return {(item.exercise, item.name): len(item.verdicts) for item in summary.mistakes}


def _handed_in(summary: AssignmentSummary) -> Share:
    return Share(len(summary.handed_in), len(summary.verdicts))


def _full_marks(summary: AssignmentSummary) -> Share:
    return Share(summary.full_marks, len(summary.handed_in))
