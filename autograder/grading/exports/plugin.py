"""The frame of an export: what is asked of it, what it refuses, and its bytes."""

from pathlib import Path

from traitlets import Bool, Enum, Instance, default

from autograder.grading.course import Course
from autograder.grading.errors import CourseError
from autograder.grading.exports.gradesheet import Gradesheet
from autograder.grading.late import Penalties
from autograder.grading.nbgrader_api import ExportPlugin, Gradebook
from autograder.grading.output import number, to_csv
from autograder.grading.roster import Person
from autograder.grading.scores import Score, describe, label
from autograder.grading.verdicts import write_bytes


class Export(ExportPlugin):  # type: ignore[misc]
    """Writes a gradebook as a table; `nbgrader export --exporter=autograder.grading.exports.Canvas` runs one too."""

    course = Instance(Course)
    missing = Enum(["blank", "zero"], help="What stands for work that was not handed in and is due.").tag(config=True)
    anonymous = Bool(False, help="Write numbers in place of people.").tag(config=True)
    per_exercise = Bool(False, help="Add the points of every graded cell.").tag(config=True)
    allow_ungraded = Bool(False, help="Write points so far where something waits for a person.").tag(config=True)

    file = "grades.csv"
    encoding = "utf-8"

    @default("course")
    def _default_course(self) -> Course:
        return Course.here()

    @default("missing")
    def _default_missing(self) -> str:
        return self.course.missing

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
        Penalties(self.course).settle(gradebook)
        gradebook.db.commit()
        sheet = Gradesheet.read(gradebook, self.course, self.assignment, self.student)
        if sheet.waiting and not self.allow_ungraded:
            raise CourseError(f"{describe(sheet.waiting)}: see `autograder formgrader`, or add --allow-ungraded")
        text = to_csv(*self.table(sheet.anonymous() if self.anonymous else sheet))
        return text.encode(self.encoding), sheet.waiting

    def table(self, sheet: Gradesheet) -> tuple[list[str], list[list[str]]]:
        """Return the header and the rows."""
        raise NotImplementedError

    def titles(self, sheet: Gradesheet) -> dict[str, float]:
        """Return the titles of the columns of points, with the points possible."""
        titles = {}
        for column in sheet.columns.values():
            titles[column.title] = column.max_points * column.scale
            if self.per_exercise:
                titles |= {f"{column.title}: {label(cell)}": most * column.scale for cell, most in column.cells.items()}
        return titles

    def points(self, sheet: Gradesheet, person: Person) -> list[str]:
        """Return what a person's points count, a column each."""
        values = []
        for name, column in sheet.columns.items():
            score = sheet.score(person.login, name)
            cells = [score.cell(cell) for cell in column.cells] if score else [None] * len(column.cells)
            given = [score, *cells] if self.per_exercise else [score]
            values += [
                number(item.points * column.scale) if item else self.blank(sheet, person, name) for item in given
            ]
        return values

    def blank(self, sheet: Gradesheet, person: Person, assignment: str) -> str:
        """Return what stands for work that was not handed in: a zero only where it is due."""
        return "0" if self.missing == "zero" and sheet.is_due(person.login, assignment) else ""
