"""Moodle: a file whose columns are mapped to people and grade items when it is imported."""

from autograder.grading.exports.gradesheet import Gradesheet
from autograder.grading.exports.plugin import Export
from autograder.grading.output import Identifier


class Moodle(Export):
    """Moodle finds people by user name, ID number or address, whichever the person who imports it chooses."""

    file = "moodle.csv"

    def table(self, sheet: Gradesheet) -> tuple[list[str], list[list[str]]]:
        people = sheet.people
        about: dict[str, list[str]] = {
            "username": [Identifier(person.login) for person in people],
            "ID number": [Identifier(person.platform_id) for person in people],
            "First name": [person.first_name for person in people],
            "Last name": [person.last_name for person in people],
            "Email address": [Identifier(person.email) for person in people],
        }
        known = [title for title, texts in about.items() if title == "username" or any(texts)]
        rows = [
            [*(about[title][place] for title in known), *self.points(sheet, person)]
            for place, person in enumerate(people)
        ]
        return [*known, *self.titles(sheet)], rows
