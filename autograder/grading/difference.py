"""What grading or judging again changed: whose points, by how much, and what a person should see again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.grading.output import number, to_csv
from autograder.grading.scores import SAME, CellScore, Key, Score, label
from autograder.grading.verdicts import write_bytes

HEADER = [
    *("time", "student", "assignment", "exercise"),
    *("points_before", "points", "max_before", "max_points", "waiting"),
]


@dataclass(frozen=True)
class CellChange:
    """A graded cell before and after; None where it was not there."""

    name: str
    before: CellScore | None
    after: CellScore | None

    @property
    def waits(self) -> bool:
        """Tell whether a person has to look at it who had not to before."""
        return bool(self.after and self.after.waits and not (self.before and self.before.waits))

    def __str__(self) -> str:
        return f"{self.name} {_of(self.before)} -> {_of(self.after)}{', look again' if self.waits else ''}"

    @property
    def is_one(self) -> bool:
        return _of(self.before) != _of(self.after) or self.waits


@dataclass(frozen=True)
class Difference:
    """A submission that is worth something else than before, cell by cell; its points are after penalties."""

    student: str
    assignment: str
    before: float
    after: float
    cells: tuple[CellChange, ...]

    def __str__(self) -> str:
        cells = f" ({'; '.join(map(str, self.cells))})" if self.cells else ""
        return f"{self.student}: {self.assignment} {number(self.before)} -> {number(self.after)}{cells}"


def differences(before: Mapping[Key, Score], after: Mapping[Key, Score]) -> list[Difference]:
    """Return the submissions that have changed in a gradebook, by student and assignment; what is missing has not."""
    found = []
    for key, score in sorted(after.items()):
        old = before.get(key)
        item = Difference(*key, old.points if old else 0.0, score.points, tuple(_changes(old, score)))
        there = score.handed_in or (old is not None and old.handed_in)
        if there and (item.cells or abs(item.before - item.after) > SAME):
            found.append(item)
    return found


def keep(found: Iterable[Difference], table: Path) -> None:
    """Add differences to a table of all there have been; one with other columns is begun anew."""
    new = _as_csv(found, datetime.now(UTC).isoformat(timespec="seconds")).encode()
    header, lines = new.splitlines(keepends=True)[0], new.partition(b"\r\n")[2]
    if lines:
        before = table.read_bytes() if table.exists() else b""
        write_bytes(table, before + lines if before.startswith(header) else new)


def _as_csv(found: Iterable[Difference], time: str) -> str:
    """Return the differences as a table with a line for each cell, and one for all of a submission."""
    lines = []
    for item in found:
        who = [time, item.student, item.assignment]
        lines.append([*who, "", number(item.before), number(item.after), "", "", ""])
        for cell in item.cells:
            points = ["" if one is None else number(one.points) for one in (cell.before, cell.after)]
            most = ["" if one is None else number(one.max_points) for one in (cell.before, cell.after)]
            lines.append([*who, cell.name, *points, *most, "yes" if cell.waits else ""])
    return to_csv(HEADER, lines)


def _changes(before: Score | None, after: Score) -> Iterable[CellChange]:
    for cell in after.cells:
        change = CellChange(label(cell.name), before.cell(cell.name) if before else None, cell)
        if change.is_one:
            yield change


def _of(cell: CellScore | None) -> str:
    return "nothing" if cell is None else f"{number(cell.points)}/{number(cell.max_points)}"
