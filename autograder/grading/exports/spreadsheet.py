"""A table for people: a line for each student and assignment, with everything that a grade is made of."""

from autograder.grading.exports.gradesheet import Gradesheet, Person
from autograder.grading.exports.plugin import Export
from autograder.grading.output import Identifier, number
from autograder.grading.scores import Score, label

WHO = ["student", "last_name", "first_name", "email"]
TOTAL = ["automatic", "manual", "extra_credit", "penalty", "points", "max_points", "submitted", "due", "waiting"]
CELL = ["automatic", "manual", "extra_credit", "points", "max_points", "waiting", "comment"]


class Spreadsheet(Export):
    """A comma-separated file that begins with a byte order mark, without which Excel takes UTF-8 for Latin-1."""

    file = "grades.csv"
    encoding = "utf-8-sig"

    def table(self, sheet: Gradesheet) -> tuple[list[str], list[list[str]]]:
        rows = [
            [*_who(person), name, *line]
            for person in sheet.people
            for name in sheet.max_points
            for line in (self._cells(sheet, person, name) if self.per_exercise else [self._total(sheet, person, name)])
        ]
        return [*WHO, "assignment", *(["exercise", *CELL] if self.per_exercise else TOTAL)], rows

    def _total(self, sheet: Gradesheet, person: Person, assignment: str) -> list[str]:
        score = sheet.scores.get((person.login, assignment))
        most = number(sheet.max_points[assignment])
        if score is None:
            return ["", "", "", "", self.value(None), most, "", "", ""]
        given = (score.automatic, score.manual, score.extra_credit, score.penalty, score.points)
        return [*map(number, given), most, *_dates(score), " ".join(score.waiting)]

    def _cells(self, sheet: Gradesheet, person: Person, assignment: str) -> list[list[str]]:
        lines = []
        for name, most in sheet.cells[assignment].items():
            cell = sheet.cell(person.login, assignment, name)
            if cell is None:
                lines.append([label(name), "", "", "", self.value(None), number(most), "", ""])
                continue
            given = [("" if value is None else number(value)) for value in (cell.automatic, cell.manual)]
            comment = " ".join(sheet.scores[person.login, assignment].comments.get(label(name), "").split())
            points = [number(cell.extra_credit), number(cell.points), number(most)]
            lines.append([label(name), *given, *points, "yes" if cell.waits else "", comment])
        return lines


def _who(person: Person) -> list[str]:
    return [Identifier(person.login), person.last_name, person.first_name, Identifier(person.email)]


def _dates(score: Score) -> list[str]:
    return ["" if date is None else f"{date:%Y-%m-%d %H:%M:%S} UTC" for date in (score.submitted, score.due)]
