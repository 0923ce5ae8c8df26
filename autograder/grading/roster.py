"""Who is in the class: `roster.csv`, and the same people in the gradebook."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograder.grading.errors import CourseError
from autograder.grading.nbgrader_api import Gradebook, Student

FILE = "roster.csv"
COLUMNS = ("login", "last_name", "first_name", "email", "section", "group", "platform_id")

ALIASES = {
    **dict.fromkeys(("username", "sis_login_id", "login_id"), "login"),
    **dict.fromkeys(("surname", "family_name"), "last_name"),
    **dict.fromkeys(("given_name", "firstname"), "first_name"),
    **dict.fromkeys(("student", "full_name"), "name"),
    "email_address": "email",
    "id": "platform_id",
}
"""What platforms call these columns."""


@dataclass(frozen=True)
class Person:
    """A student: the login, which is the name of the folder, and what the roster or the gradebook knows besides.

    Those of one `group` hand in together: what one of them handed in is everybody's.
    """

    login: str
    last_name: str = ""
    first_name: str = ""
    email: str = ""
    section: str = ""
    group: str = ""
    platform_id: str = ""

    @property
    def name(self) -> str:
        """Return "Last, First", or the login of somebody without a name."""
        return ", ".join(filter(None, (self.last_name, self.first_name))) or self.login


@dataclass(frozen=True)
class Roster:
    """The people of a class, by login."""

    people: Mapping[str, Person]

    def find(self, login: str = "", name: str = "", platform_id: str = "") -> Person | None:
        """Return the one person who is meant: by the platform's ID, by login or address, or else by name."""
        ways = (self._by_id, platform_id), (self._by_login, login.casefold()), (self._by_name, letters(name))
        for index, key in ways:
            found = index.get(key, ())
            if len(found) == 1:
                return found[0]
        return None

    def members(self, group: str) -> list[str]:
        """Return the logins of a group, whatever letters and dashes a platform gives its name; none of none."""
        return self._groups.get(letters(group), [])

    def fellows(self, login: str) -> list[str]:
        """Return somebody's login, and those of the others in the same group."""
        person = self.people.get(login)
        return [login, *(other for other in self.members(person.group) if other != login)] if person else [login]

    @cached_property
    def _groups(self) -> dict[str, list[str]]:
        named = _index((letters(person.group), person) for person in self.people.values())
        return {group: [person.login for person in people] for group, people in named.items()}

    @cached_property
    def _by_id(self) -> dict[str, list[Person]]:
        return _index((person.platform_id, person) for person in self.people.values())

    @cached_property
    def _by_login(self) -> dict[str, list[Person]]:
        keys = ((key.casefold(), person) for person in self.people.values() for key in (person.login, person.email))
        return _index(keys)

    @cached_property
    def _by_name(self) -> dict[str, list[Person]]:
        return _index(
            (letters(name), person)
            for person in self.people.values()
            for name in (person.first_name + person.last_name, person.last_name + person.first_name)
        )

    def write(self, book: Gradebook) -> None:
        """Put everybody into a gradebook, under the names of the roster."""
        known = {student.id: student for student in book.students}
        for person in self.people.values():
            fields = {
                "last_name": person.last_name or None,
                "first_name": person.first_name or None,
                "email": person.email or None,
                "lms_user_id": person.platform_id or None,
            }
            student = known.get(person.login)
            if student is None:
                book.db.add(Student(id=person.login, **fields))
            else:
                for name, value in fields.items():
                    setattr(student, name, value or getattr(student, name))
        book.db.flush()


def read_roster(root: Path) -> Roster:
    """Read the roster of a course folder; an empty one when there is none.

    Raises:
        CourseError: the file has no column `login`, a line without one, or a login twice.
    """
    path = root / FILE
    if not path.is_file():
        return Roster({})
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CourseError(f"{path} cannot be read ({error}): save it as CSV in UTF-8") from None
    people: dict[str, Person] = {}
    for number, row in enumerate(rows, 2):
        person = _person(row)
        if "Points Possible" in person.name:  # the second line of what Canvas exports is nobody
            continue
        if not person.login or person.login in people:
            what = "has no login" if not person.login else f"has {person.login} a second time"
            raise CourseError(f"{path}, line {number}, {what}: the columns are {', '.join(COLUMNS)}")
        people[person.login] = person
    return Roster(people)


def _person(row: Mapping[str, str | None]) -> Person:
    """Read a line, under the titles that platforms give their columns, too."""
    titled = {(title or "").strip().casefold().replace(" ", "_"): text for title, text in row.items()}
    cells = {ALIASES.get(title, title): text.strip() for title, text in titled.items() if isinstance(text, str)}
    last, _, first = cells.pop("name", "").partition(",")
    if not first:
        first, _, last = last.strip().rpartition(" ")
    names = {"last_name": last.strip(), "first_name": first.strip()}
    return Person(**{"login": "", **names, **{title: cells[title] for title in COLUMNS if cells.get(title)}})


def letters(name: str) -> str:
    """Return a name as platforms put it into file names: its letters and digits, in small letters."""
    return re.sub(r"[\W_]+", "", name.casefold())


def _index(pairs: Iterable[tuple[str, Person]]) -> dict[str, list[Person]]:
    found: defaultdict[str, list[Person]] = defaultdict(list)
    for key, person in pairs:
        if key and person not in found[key]:
            found[key].append(person)
    return found
