"""A course of one's own: a folder with everything in it that a term needs, outside any clone."""

import re
from collections.abc import Sequence
from pathlib import Path

from autograder.checks import catalogue
from autograder.grading import roster
from autograder.grading.course import FILE, Course, adopt_own, read_course
from autograder.grading.errors import CourseError
from autograder.grading.late import SETTINGS, said_in
from autograder.grading.sources import write_releases, write_sources
from autograder.grading.stock import found
from autograder.grading.verdicts import write_text

CONFIGURE = """from autograder.grading.settings import configure

configure(get_config(), __file__)
"""

DESCRIBED = '"""nbgrader\'s settings: where things are, and who judges. Settings of your own can follow."""\n\n'

ADDED = f"\n# The assignments of {FILE} are judged by the autograder, as far as it has judges for them.\n"


def start(folder: Path, name: str | None, assignments: Sequence[str], gradebook: str = "") -> list[Path]:
    """Make the folder of a course, or complete one; nothing that is there is changed, but for nbgrader's settings.

    Args:
        folder: where; one that nbgrader uses already keeps its own assignments and its gradebook.
        name: what nbgrader calls the course; None keeps the name that it has, or takes that of the folder.
        assignments: which, in their order.
        gradebook: a database, where it is not that of the graded class.

    Returns:
        The files that were written.

    Raises:
        CourseError: an assignment is not known, or the folder is a file.
    """
    adopt_own(folder)
    for assignment in assignments:
        if assignment not in catalogue.assignments():
            known = ", ".join(catalogue.assignments())
            raise CourseError(f"there is no assignment {assignment!r}: choose from {known}")
    if folder.is_file():
        raise CourseError(f"{folder} is a file: name a folder, which may be new")
    before = said_in(folder).CourseDirectory
    database = gradebook or before.get("db_url") or ("gradebook.db" if (folder / "gradebook.db").is_file() else "")
    name = re.sub(r"[^\w .-]", "-", name or before.get("course_id") or folder.resolve().name)
    others = found(Course(folder))
    written = [
        *_new(folder / FILE, _describe(name, assignments or catalogue.assignments(), others, database)),
        *_new(folder / roster.FILE, ",".join(roster.COLUMNS) + "\n"),
        *_settle(folder / SETTINGS),
    ]
    course = read_course(folder)
    return [*written, *write_releases(course), *write_sources(course)]


def _new(path: Path, text: str) -> list[Path]:
    if path.exists():
        return []
    write_text(path, text)
    return [path]


def _settle(path: Path) -> list[Path]:
    """Write nbgrader's settings, or add ours behind those that are there."""
    if not path.exists():
        return _new(path, DESCRIBED + CONFIGURE)
    before = path.read_text(encoding="utf-8")
    if "autograder.grading.settings" in before:
        return []
    write_text(path, before.rstrip("\n") + "\n" + ADDED + CONFIGURE)
    return [path]


def _describe(name: str, assignments: Sequence[str], others: Sequence[str], gradebook: str) -> str:
    """Return the first `course.toml`: what is settled, and beside it what could be.

    `others` are assignments of the course that have no judges.
    """
    database = f'gradebook = "{gradebook}"' if gradebook else '# gradebook = "postgresql+psycopg://..."'
    chosen = "\n".join(
        f'[[assignment]]\nname = "{assignment}"\n# due = 2027-02-01T23:59:00\n# points = 10\n'
        for assignment in assignments
    )
    chosen += "".join(
        f'\n[[assignment]]\nname = "{assignment}"\n# unconfined = true  # it has no judges: nbgrader may run it\n'
        for assignment in others
    )
    return f'''# The settings of a course. A line that begins with # is an example of what else can be said.
id = "{name}"
# book = "https://example.org/course"    # where you have published the book: feedback links to it
# checks = "dropout-course @ git+https://example.org/course"  # what pip installs the checks from
# timezone = "Europe/Berlin"             # of dates that name none
# attempts = "best"                      # of several, instead of "last"
# missing = "zero"                       # for what was not handed in when it was due, instead of "blank"
{database}

# [late]                                 # what lateness costs
# grace_minutes = 15
# percent_per_day = 10
# at_most_percent = 50
# closed_after_days = 7

# The assignments in their order. Without `points`, one counts as many as its notebook has.
{chosen}'''
