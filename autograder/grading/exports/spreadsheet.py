"""A table for people: a line for each student and assignment, with everything that a grade is made of."""

from datetime import datetime

from autograder.grading.exports.gradesheet import Gradesheet
from autograder.grading.exports.plugin import Export
from autograder.grading.output import number
from autograder.grading.roster import Person
from autograder.grading.scores import label

WHO = ["student", "last_name", "first_name", "email", "section"]
TOTAL = [
    *("automatic", "manual", "extra_credit", "penalty", "points", "max_points", "counts", "counts_of"),
    *("submitted", "due", "hours_late", "waiting"),
]
CELL = ["automatic", "manual", "extra_credit", "points", "max_points", "waiting", "comment"]


class Spreadsheet(Export):
    """A comma-separated file that begins with a byte order mark, without which Excel takes UTF-8 for Latin-1."""

    file = "grades.csv"
    encoding = "utf-8-sig"

    def table(self, sheet: Gradesheet) -> tuple[list[str], list[list[str]]]:
        header = ["exercise", *CELL] if self.per_exercise else TOTAL
        lines = self._cells if self.per_exercise else self._total
        rows = [
            [*_who(person), name, *line]
            for person in sheet.people
            for name in sheet.columns
            for line in lines(sheet, person, name)
        ]
        return [*WHO, "assignment", *header], rows

    def _total(self, sheet: Gradesheet, person: Person, assignment: str) -> list[list[str]]:
        column = sheet.columns[assignment]
        score = sheet.score(person.login, assignment)
        most, counts = number(column.max_points), number(column.max_points * column.scale)
        if score is None:
            blank = self.blank(sheet, person, assignment)
            return [["", "", "", "", blank, most, blank, counts, "", _date(column.due), "", ""]]
        given = (score.automatic, score.manual, score.extra_credit, score.penalty, score.points)
        dates = [_date(score.submitted), _date(score.due), number(score.late.total_seconds() / 3600)]
        counted = number(score.points * column.scale)
        return [[*map(number, given), most, counted, counts, *dates, " ".join(score.waiting)]]

    def _cells(self, sheet: Gradesheet, person: Person, assignment: str) -> list[list[str]]:
        score = sheet.score(person.login, assignment)
        lines = []
        for name, most in sheet.columns[assignment].cells.items():
            cell = score.cell(name) if score else None
            if score is None or cell is None:
                blank = self.blank(sheet, person, assignment)
                lines.append([label(name), "", "", "", blank, number(most), "", ""])
                continue
            given = ["" if value is None else number(value) for value in (cell.automatic, cell.manual)]
            points = map(number, (cell.extra_credit, cell.points, most))
            comment = " ".join(score.comments.get(label(name), "").split())
            lines.append([label(name), *given, *points, "yes" if cell.waits else "", comment])
        return lines


def _who(person: Person) -> list[str]:
    return [person.login, person.last_name, person.first_name, person.email, person.section]


def _date(date: datetime | None) -> str:
    return "" if date is None else f"{date:%Y-%m-%d %H:%M:%S} UTC"
