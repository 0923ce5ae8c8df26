"""What every export is made from: the people of a class, the assignments, and a score where there is one."""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from autograder.checks import catalogue
from autograder.grading.assignment import check_cell
from autograder.grading.course import Course, Planned
from autograder.grading.errors import CourseError
from autograder.grading.nbgrader_api import Gradebook
from autograder.grading.queries import read_scores
from autograder.grading.roster import Person, Roster, read_roster
from autograder.grading.scores import Key, Score


@dataclass(frozen=True)
class Column:
    """An assignment in the gradebook: its graded cells with their points, when it is due, and what it counts."""

    title: str
    cells: Mapping[str, float]
    due: datetime | None
    counts: float | None

    @property
    def max_points(self) -> float:
        return sum(self.cells.values())

    @property
    def scale(self) -> float:
        """Return what a point of the notebook counts in the course."""
        return 1.0 if self.counts is None or not self.max_points else self.counts / self.max_points


@dataclass(frozen=True)
class Gradesheet:
    """A class in the gradebook: its people, its assignments, and a score for each submission."""

    people: Sequence[Person]
    columns: dict[str, Column]
    scores: dict[Key, Score]

    @classmethod
    def read(
        cls, book: Gradebook, course: Course, assignments: Sequence[str] = (), students: Sequence[str] = ()
    ) -> "Gradesheet":
        """Read these assignments and students, or all; raise CourseError when the gradebook does not know one."""
        columns = {
            item.name: _column(item, course.plan(item.name))
            for item in sorted(book.assignments, key=lambda item: course.place(item.name))
        }
        roster = read_roster(course.root) if course.exists else Roster({})
        people = [_person(student, roster) for student in sorted(book.students, key=lambda student: student.id)]
        _known("assignment", assignments, columns)
        _known("student", students, [person.login for person in people])
        return cls(
            [person for person in people if not students or person.login in students],
            {name: column for name, column in columns.items() if name in (assignments or _counting(columns, course))},
            read_scores(book, assignments or _counting(columns, course), students),
        )

    @cached_property
    def waiting(self) -> list[Score]:
        """Return the submissions in which something waits for a person."""
        return [score for score in self.scores.values() if score.waiting]

    def score(self, login: str, assignment: str) -> Score | None:
        """Return the score of what somebody handed in."""
        score = self.scores.get((login, assignment))
        return score if score and score.handed_in else None

    def is_due(self, login: str, assignment: str) -> bool:
        """Tell whether somebody should have handed an assignment in by now; one without a date is always due."""
        score = self.scores.get((login, assignment))
        due = score.due if score else self.columns[assignment].due
        return due is None or due < datetime.now(UTC).replace(tzinfo=None)

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


def _person(student: Any, roster: Roster) -> Person:
    """Return a student of the gradebook, which knows no sections."""
    names = {"last_name": student.last_name, "first_name": student.first_name, "email": student.email}
    known = {field: value or "" for field, value in (names | {"platform_id": student.lms_user_id}).items()}
    enrolled = roster.people.get(student.id)
    return Person(student.id, section=enrolled.section if enrolled else "", **known)


def _counting(names: Iterable[str], course: Course) -> list[str]:
    """Return the assignments that count: all but those with judges that the course does not have, or has no more."""
    return [name for name in names if name in course.names or name not in catalogue.assignments()]


def _known(what: str, wanted: Sequence[str], there: Collection[str]) -> None:
    for name in wanted:
        if name not in there:
            raise CourseError(f"the gradebook knows no {what} {name!r}: grade it first, or name another")


def _column(assignment: Any, planned: Planned) -> Column:
    """Describe an assignment; its cells are those of the exercises in their order, and then the others."""
    known = catalogue.exercises(assignment.name) if assignment.name in catalogue.assignments() else ()
    order = [check_cell(exercise.name) for exercise in known]
    cells = [cell for book in assignment.notebooks for cell in (*book.grade_cells, *book.task_cells)]
    cells.sort(key=lambda cell: (order.index(cell.name) if cell.name in order else len(order), cell.name))
    points = {cell.name: cell.max_score for cell in cells}
    return Column(planned.column or assignment.name, points, assignment.duedate, planned.points)
