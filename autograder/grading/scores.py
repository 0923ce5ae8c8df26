"""A submission as the gradebook has it: points of the judges and of people, penalties, dates, and what still waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Key = tuple[str, str]

NAMED = 5
"""How many people are named when a list of them would be too long."""

SAME = 1e-6
"""Points between which nobody tells a difference."""


@dataclass(frozen=True)
class CellScore:
    """A graded cell. `automatic` is the judges' and `manual` a person's, who overrules them; None where none is given.

    `waits` says that a person has to look at it: for the first time, or again.
    """

    name: str
    automatic: float | None
    manual: float | None
    extra_credit: float
    max_points: float
    waits: bool

    @property
    def points(self) -> float:
        given = self.automatic if self.manual is None else self.manual
        return (given or 0.0) + self.extra_credit


@dataclass(frozen=True)
class Score:
    """A submission in the gradebook: its cells, a person's comments by cell, and what lateness cost it.

    Dates are in UTC without saying so, as nbgrader keeps them; `due` includes the student's extension.
    """

    student: str
    assignment: str
    cells: tuple[CellScore, ...]
    comments: Mapping[str, str] = field(default_factory=dict)
    penalty: float = 0.0
    submitted: datetime | None = None
    due: datetime | None = None

    @property
    def handed_in(self) -> bool:
        """Tell whether somebody has given points or has to: what nobody handed in is worth nothing to anybody."""
        return any(
            cell.waits or cell.automatic is not None or cell.manual is not None or cell.extra_credit
            for cell in self.cells
        )

    @property
    def points(self) -> float:
        return max(0.0, sum(cell.points for cell in self.cells) - self.penalty)

    @property
    def max_points(self) -> float:
        return sum(cell.max_points for cell in self.cells)

    @property
    def share(self) -> float:
        """Return the share of the points, 1 for full marks and more; of no points it is 0."""
        return min(1.0, self.points / self.max_points) if self.max_points else 0.0

    @property
    def automatic(self) -> float:
        """Return the judges' points that no person has overruled."""
        return sum(cell.automatic or 0.0 for cell in self.cells if cell.manual is None)

    @property
    def manual(self) -> float:
        return sum(cell.manual or 0.0 for cell in self.cells)

    @property
    def extra_credit(self) -> float:
        return sum(cell.extra_credit for cell in self.cells)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Return the names of the cells that a person has to look at."""
        return tuple(cell.name for cell in self.cells if cell.waits)

    def cell(self, name: str) -> CellScore | None:
        """Return the graded cell of this name, if there is one."""
        return next((cell for cell in self.cells if cell.name == name), None)

    @property
    def late(self) -> timedelta:
        if self.submitted is None or self.due is None:
            return timedelta()
        return max(timedelta(), self.submitted - self.due)


def label(cell: str) -> str:
    """Return the name of the exercise whose points a cell holds; that is where a comment on it stands, too."""
    return cell.removesuffix("_check")


def describe(waiting: Sequence[Score]) -> str:
    """Say how many submissions wait for a person, and whose the first ones are."""
    names = [f"{score.assignment} of {score.student}" for score in sorted(waiting, key=lambda score: score.student)]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    wait = "submission waits" if len(names) == 1 else "submissions wait"
    return f"{len(names)} {wait} for a person ({', '.join(names[:NAMED])}{more})"
