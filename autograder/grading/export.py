"""Grades for a learning platform: a line per student, a column per assignment."""

from collections.abc import Callable, Iterable
from typing import Literal

from autograder.grading.output import number, to_csv
from autograder.grading.verdicts import SubmissionVerdict

Platform = Literal["canvas", "moodle"]


def export(verdicts: Iterable[SubmissionVerdict], platform: Platform) -> str:
    """Return the grades as CSV for an import; the student's folder name is taken for the login."""
    grades: dict[str, dict[str, str]] = {}
    possible: dict[str, str] = {}
    for verdict in verdicts:
        grades.setdefault(verdict.student, {})[verdict.assignment] = number(verdict.points)
        possible[verdict.assignment] = number(verdict.max_points)
    return FORMATS[platform](grades, possible)


def _canvas(grades: dict[str, dict[str, str]], possible: dict[str, str]) -> str:
    """Canvas matches students by SIS Login ID and wants the points possible in the second line."""
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *possible]
    rows = [["    Points Possible", "", "", "", "", *possible.values()]]
    rows += [
        [student, "", "", student, "", *(earned.get(name, "") for name in possible)]
        for student, earned in grades.items()
    ]
    return to_csv(header, rows)


def _moodle(grades: dict[str, dict[str, str]], possible: dict[str, str]) -> str:
    """Moodle maps any column to a grade item; students are matched by username."""
    rows = [[student, *(earned.get(name, "") for name in possible)] for student, earned in grades.items()]
    return to_csv(["username", *possible], rows)


FORMATS: dict[Platform, Callable[[dict[str, dict[str, str]], dict[str, str]], str]] = {
    "canvas": _canvas,
    "moodle": _moodle,
}
