"""What every export is made from: the people of a class, the assignments, and a score where there is one."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from autograder.checks import catalogue
from autograder.grading.assignment import check_cell
from autograder.grading.errors import CourseError
from autograder.grading.nbgrader_api import Gradebook
from autograder.grading.queries import read_scores
from autograder.grading.scores import CellScore, Key, Score


@dataclass(frozen=True)
class Person:
    """A student: the name of the folder, which is the login, and what the gradebook knows besides."""

    login: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    platform_id: str = ""

    @property
    def name(self) -> str:
        """Return "Last, First", or the login of somebody without a name."""
        return ", ".join(filter(None, (self.last_name, self.first_name))) or self.login


@dataclass(frozen=True)
class Gradesheet:
    """A class in the gradebook: its people, the graded cells of each assignment with their points, and the scores."""

    people: Sequence[Person]
    cells: dict[str, dict[str, float]]
    scores: dict[Key, Score]

    @classmethod
    def read(cls, book: Gradebook, assignments: Sequence[str] = (), students: Sequence[str] = ()) -> "Gradesheet":
        """Read these assignments and students, or all; raise CourseError when the gradebook does not know one."""
        cells = {item.name: _cells(item) for item in sorted(book.assignments, key=lambda item: _place(item.name))}
        people = [_person(student) for student in sorted(book.students, key=lambda student: student.id)]
        _known("assignment", assignments, cells)
        _known("student", students, [person.login for person in people])
        return cls(
            [person for person in people if not students or person.login in students],
            {name: graded for name, graded in cells.items() if not assignments or name in assignments},
            {key: score for key, score in read_scores(book, assignments, students).items() if score.handed_in},
        )

    @property
    def max_points(self) -> dict[str, float]:
        """Return the points of each assignment, in the order of the course."""
        return {name: sum(cells.values()) for name, cells in self.cells.items()}

    @cached_property
    def waiting(self) -> list[Score]:
        """Return the submissions in which something waits for a person."""
        return [score for score in self.scores.values() if score.waiting]

    def cell(self, login: str, assignment: str, name: str) -> CellScore | None:
        """Return a graded cell of what somebody handed in."""
        score = self.scores.get((login, assignment))
        return score.cell(name) if score else None

    def anonymous(self) -> "Gradesheet":
        """Return the class with numbers in place of people, drawn anew: no two files can be put side by side."""
        people = list(self.people)
        secrets.SystemRandom().shuffle(people)
        numbers = {person.login: f"student {number}" for number, person in enumerate(people, 1)}
        scores = {
            (numbers[who], name): replace(score, student=numbers[who], comments={})
            for (who, name), score in self.scores.items()
        }
        return replace(self, people=[Person(number) for number in numbers.values()], scores=scores)


def _person(student: Any) -> Person:
    fields = ("id", "first_name", "last_name", "email", "lms_user_id")
    return Person(*(getattr(student, field) or "" for field in fields))


def _known(what: str, wanted: Sequence[str], there: Collection[str]) -> None:
    for name in wanted:
        if name not in there:
            raise CourseError(f"the gradebook knows no {what} {name!r}: grade it first, or name another")


def _cells(assignment: Any) -> dict[str, float]:
    """Return the graded cells of an assignment with their points, those of its exercises first and in their order."""
    known = catalogue.exercises(assignment.name) if assignment.name in catalogue.ASSIGNMENTS else ()
    order = [check_cell(exercise.name) for exercise in known]
    cells = [cell for book in assignment.notebooks for cell in (*book.grade_cells, *book.task_cells)]
    cells.sort(key=lambda cell: (_index(order, cell.name), cell.name))
    return {cell.name: cell.max_score for cell in cells}


def _place(assignment: str) -> tuple[int, str]:
    return _index(catalogue.ASSIGNMENTS, assignment), assignment


def _index(order: Sequence[str], name: str) -> int:
    return order.index(name) if name in order else len(order)
