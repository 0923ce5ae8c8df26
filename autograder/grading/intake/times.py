"""When work was handed in, as a platform says in a table: Moodle's grading worksheet, or a CSV of logins and times."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from dateutil.parser import parse as parse_date

from autograder.grading.course import as_utc
from autograder.grading.errors import CourseError
from autograder.grading.intake.layouts import Found
from autograder.grading.roster import letters

WHO = ("login", "username", "sis login id", "email address", "email", "full name", "name", "student", "identifier")
WHEN = ("submitted", "submitted_at", "submitted at", "timestamp", "time", "last modified (submission)")
EMPTY = ("", "-")


@dataclass(frozen=True)
class Times:
    """Times in UTC by whatever a table calls people: login, address, name, or the number of a participant."""

    known: Mapping[str, datetime]

    def of(self, found: Found, login: str) -> datetime | None:
        """Return when a file was handed in of which this is known."""
        names = (login, found.login, found.name, f"participant {found.platform_id}")
        return next((self.known[letters(name)] for name in names if letters(name) in self.known), None)


def read_times(path: Path, zone: ZoneInfo) -> Times:
    """Read a table of times; raise CourseError when it has no column for people or for times, or a time is none."""
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        raise CourseError(f"{path} cannot be read ({error}): save it as CSV in UTF-8") from None
    known: dict[str, datetime] = {}
    for number, row in enumerate(rows, 2):
        cells = {str(title).strip().casefold(): text.strip() for title, text in row.items() if isinstance(text, str)}
        who = [cells[title] for title in WHO if cells.get(title)]
        when = next((cells[title] for title in WHEN if title in cells), None)
        if not who or when is None:
            raise CourseError(f"{path} says nobody's time: it needs a column such as login, and one such as submitted")
        if when in EMPTY:
            continue
        try:
            known |= dict.fromkeys(map(letters, who), as_utc(parse_date(when), zone))
        except (ValueError, OverflowError):
            raise CourseError(f"{path}, line {number}: {when!r} is no time") from None
    return Times(known)
