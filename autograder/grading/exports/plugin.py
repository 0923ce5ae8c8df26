"""The frame of an export: what is asked of it, what it refuses, and its bytes."""

from pathlib import Path

from traitlets import Bool, Enum

from autograder.grading.errors import CourseError
from autograder.grading.exports.gradesheet import Gradesheet, Person
from autograder.grading.nbgrader_api import ExportPlugin, Gradebook
from autograder.grading.output import number, to_csv
from autograder.grading.scores import Score, label
from autograder.grading.verdicts import write_bytes

NAMED = 5
"""How many people are named when a list of them would be too long."""


class Export(ExportPlugin):  # type: ignore[misc]
    """Writes a gradebook as a table; `nbgrader export --exporter=autograder.grading.exports.Canvas` runs one too."""

    missing = Enum(["blank", "zero"], "blank", help="What stands for work that was not handed in.").tag(config=True)
    anonymous = Bool(False, help="Write numbers in place of people.").tag(config=True)
    per_exercise = Bool(False, help="Add the points of every graded cell.").tag(config=True)
    allow_ungraded = Bool(False, help="Write points so far where something waits for a person.").tag(config=True)

    file = "grades.csv"
    encoding = "utf-8"

    def export(self, gradebook: Gradebook) -> None:
        """Write the file that `--to` names; this is what nbgrader calls."""
        try:
            data, waiting = self.render(gradebook)
        except CourseError as error:
            self.parent.fail(str(error))
        else:
            write_bytes(Path(self.to or self.file), data)
            if waiting:
                self.log.warning("%s: the file holds their points so far", describe(waiting))

    def render(self, gradebook: Gradebook) -> tuple[bytes, list[Score]]:
        """Return the file, and whose points may still change.

        Raises:
            CourseError: something waits for a person and that is not allowed, or a name is not in the gradebook.
        """
        sheet = Gradesheet.read(gradebook, self.assignment, self.student)
        if sheet.waiting and not self.allow_ungraded:
            raise CourseError(f"{describe(sheet.waiting)}: grade them in formgrader, or export with --allow-ungraded")
        text = to_csv(*self.table(sheet.anonymous() if self.anonymous else sheet))
        return text.encode(self.encoding), sheet.waiting

    def table(self, sheet: Gradesheet) -> tuple[list[str], list[list[str]]]:
        """Return the header and the rows."""
        raise NotImplementedError

    def columns(self, sheet: Gradesheet) -> dict[str, float]:
        """Return the titles of the columns of points, with the points possible."""
        titles = {}
        for name, most in sheet.max_points.items():
            titles[name] = most
            if self.per_exercise:
                titles |= {f"{name}: {label(cell)}": points for cell, points in sheet.cells[name].items()}
        return titles

    def points(self, sheet: Gradesheet, person: Person) -> list[str]:
        """Return the points of a person, a column each."""
        values = []
        for name in sheet.max_points:
            score = sheet.scores.get((person.login, name))
            values.append(self.value(score.points if score else None))
            if self.per_exercise:
                cells = (sheet.cell(person.login, name, cell) for cell in sheet.cells[name])
                values += [self.value(cell.points if cell else None) for cell in cells]
        return values

    def value(self, points: float | None) -> str:
        """Return points as text, and what was not handed in as the settings say."""
        return number(points) if points is not None else "0" if self.missing == "zero" else ""


def describe(waiting: list[Score]) -> str:
    """Say how many submissions wait for a person, and whose the first ones are."""
    names = [f"{score.assignment} of {score.student}" for score in sorted(waiting, key=lambda score: score.student)]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    wait = "submission waits" if len(names) == 1 else "submissions wait"
    return f"{len(names)} {wait} for a person ({', '.join(names[:NAMED])}{more})"
