"""Canvas: the file that its gradebook imports."""

from autograder.grading.exports.gradesheet import Gradesheet
from autograder.grading.exports.plugin import Export
from autograder.grading.output import Identifier, number


class Canvas(Export):
    """Canvas finds people by its ID, or else by login, and wants the points possible in the second line."""

    file = "canvas.csv"

    def table(self, sheet: Gradesheet) -> tuple[list[str], list[list[str]]]:
        possible = self.titles(sheet)
        rows = [["    Points Possible", "", "", "", "", *map(number, possible.values())]]
        for person in sheet.people:
            found_by = [Identifier(person.platform_id), "", Identifier(person.login), person.section]
            rows.append([person.name, *found_by, *self.points(sheet, person)])
        return ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *possible], rows
