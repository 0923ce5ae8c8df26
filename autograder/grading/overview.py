"""The class in one table: a line for each student, a column for each assignment, a mark where there is something."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Literal

from autograder.grading.scores import Key, Score
from autograder.grading.verdicts import SubmissionVerdict

Mark = Literal["look", "open", "late", "missing"]


@dataclass(frozen=True)
class TableCell:
    """A submission: its points, None where nothing was handed in, its page, and what there is to know about it."""

    points: float | None
    page: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Row:
    """A student with all submissions."""

    student: str
    cells: Sequence[TableCell]

    @property
    def sum(self) -> float:
        return sum(cell.points or 0.0 for cell in self.cells)

    @property
    def marks(self) -> list[Mark]:
        return sorted({mark for cell in self.cells for mark in cell.marks})


def rows(
    assignments: Sequence[str],
    verdicts: Mapping[Key, SubmissionVerdict],
    scores: Mapping[Key, Score],
    looked: Set[Key],
) -> list[Row]:
    """Return the class, by student.

    Args:
        assignments: the columns.
        verdicts: what the judges say.
        scores: what the gradebook says; without a score, the judges' points count.
        looked: the submissions that a person should look at.
    """
    return [
        Row(student, [_cell((student, name), verdicts, scores, looked) for name in assignments])
        for student in sorted({student for student, _ in verdicts})
    ]


def foremost(class_: Sequence[Row], most: int) -> list[Row]:
    """Return so many rows of a class in their order: where there are more, first of all those that are marked."""
    chosen = sorted(class_, key=lambda row: not set(row.marks) - {"missing"})[:most]
    return sorted(chosen, key=lambda row: row.student)


def _cell(
    key: Key, verdicts: Mapping[Key, SubmissionVerdict], scores: Mapping[Key, Score], looked: Set[Key]
) -> TableCell:
    verdict, score = verdicts.get(key), scores.get(key)
    if verdict is None or verdict.status == "missing":
        return TableCell(None, "", ("missing",))
    found: dict[Mark, object] = {
        "look": key in looked,
        "open": score and score.waiting,
        "late": score and score.late,
    }
    points = verdict.points if score is None else score.points
    return TableCell(points, verdict.feedback, tuple(mark for mark, is_there in found.items() if is_there))
