"""A course as its folder describes it: `course.toml`, where it lies, and what follows for everything else."""

import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from autograder.checks import catalogue, own
from autograder.grading.errors import CourseError

FILE = own.SETTINGS

NUMBER = {"type": "number", "minimum": 0}
TEXT = {"type": "string", "minLength": 1}
NAME = {"type": "string", "pattern": r"^[\w .-]+$"}


def _table(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


SCHEMA = _table(
    id=NAME,
    book=TEXT,
    checks=TEXT,
    timezone=TEXT,
    attempts={"enum": ["last", "best"]},
    missing={"enum": ["blank", "zero"]},
    gradebook=TEXT,
    late=_table(
        percent_per_day=NUMBER | {"maximum": 100},
        at_most_percent=NUMBER | {"maximum": 100},
        grace_minutes=NUMBER,
        closed_after_days=NUMBER,
    ),
    release=NAME,
    assignment={
        "type": "array",
        "items": _table(("name",), name=NAME, due={}, points=NUMBER, column=TEXT, unconfined={"type": "boolean"}),
    },
    change={
        "type": "array",
        "items": _table(("exercise",), exercise=TEXT, requirement=TEXT, points=NUMBER, everybody={"type": "boolean"}),
    },
)
"""What `course.toml` may say; dates, which JSON does not have, are looked at when they are read."""


@dataclass(frozen=True)
class Planned:
    """An assignment of the course: when it is due (in UTC), what it counts, and the title of its column in an export.

    `points` None counts the notebook's own points. `unconfined` lets nbgrader run what has no judges here.
    """

    name: str
    due: datetime | None = None
    points: float | None = None
    column: str = ""
    unconfined: bool = False


@dataclass(frozen=True)
class Change:
    """A change of points after the release: of a requirement, or of a whole exercise where none is named.

    `points` None leaves them as they were released, and 0 withdraws; `everybody` gives them for any answer.
    """

    exercise: str
    requirement: str = ""
    points: float | None = None
    everybody: bool = False


@dataclass(frozen=True)
class LateRules:
    """What lateness costs: nothing within the grace, then a share of the points for each day that has begun."""

    percent_per_day: float = 0.0
    at_most_percent: float = 100.0
    grace_minutes: float = 0.0
    closed_after_days: float | None = None


@dataclass(frozen=True)
class Course:
    """The settings of a course; a folder without `course.toml` is a course in which nothing is settled."""

    root: Path
    id: str = "course"
    book: str = ""
    checks: str = ""
    timezone: str = "UTC"
    attempts: Literal["last", "best"] = "last"
    missing: Literal["blank", "zero"] = "blank"
    gradebook: str = ""
    release: str = "release"
    late: LateRules | None = None
    planned: tuple[Planned, ...] = ()
    changes: tuple[Change, ...] = ()

    @classmethod
    def here(cls, start: Path | None = None) -> "Course":
        """Return the course whose folder is this one, or the nearest above it; else one in which nothing is settled.

        Raises:
            CourseError: its `course.toml` says something that cannot be meant.
        """
        start = (start or Path.cwd()).resolve()
        root = own.nearest(start)
        return cls(start) if root is None else read_course(root)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def exists(self) -> bool:
        return (self.root / FILE).is_file()

    @property
    def names(self) -> tuple[str, ...]:
        """Return the assignments in the order of the course: those that are chosen, or all that have judges."""
        return tuple(item.name for item in self.planned) or catalogue.assignments()

    @property
    def submitted(self) -> Path:
        return self.root / "submitted"

    @property
    def graded(self) -> Path:
        return self.root / "graded"

    @property
    def solutions(self) -> Path:
        return self.root / "solutions"

    @property
    def own(self) -> tuple[str, ...]:
        """Return the assignments that the course declares itself."""
        return tuple(name for name in catalogue.assignments() if catalogue.source(name)) if self.exists else ()

    @property
    def judged(self) -> tuple[str, ...]:
        """Return the assignments of the course that have judges."""
        return tuple(name for name in self.names if name in catalogue.assignments())

    def plan(self, assignment: str) -> Planned:
        """Return what is settled about an assignment."""
        return next((item for item in self.planned if item.name == assignment), Planned(assignment))

    def place(self, assignment: str) -> tuple[int, str]:
        """Return what assignments are sorted by: those of the course in its order, then the others by name."""
        order = self.names
        return (order.index(assignment) if assignment in order else len(order)), assignment


def read_course(root: Path) -> Course:
    """Read the `course.toml` of a folder, and the assignments that are its own.

    Raises:
        CourseError: it says something that cannot be meant, or an assignment cannot be used.
    """
    path = root / FILE
    adopt_own(root)
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
        _require(said)
        zone = ZoneInfo(said.get("timezone", "UTC"))
        late, planned, changes = said.pop("late", None), said.pop("assignment", []), said.pop("change", [])
        return Course(
            root,
            **said,
            late=None if late is None else LateRules(**late),
            planned=tuple(_plan(item, zone) for item in planned),
            changes=tuple(Change(**item) for item in changes),
        )
    except (OSError, ValueError, KeyError) as error:
        raise CourseError(f"{path} cannot be used ({error}): mend that, see the guide for instructors") from None


def adopt_own(root: Path) -> None:
    """Let everything know the assignments that the folder of a course declares; CourseError when one is unusable."""
    try:
        catalogue.adopt_from(root)
    except own.Undeclared as error:
        raise CourseError(str(error)) from None


def _require(said: dict[str, Any]) -> None:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(SCHEMA).iter_errors(said))
    if error is not None:
        raise ValueError(f"{'/'.join(str(step) for step in error.path) or 'a setting'}: {error.message}")
    for item in said.get("change", []):
        if not item.keys() & {"points", "everybody"}:
            raise ValueError(f"the change of {item['exercise']} says neither points nor everybody")
    names = [item["name"] for item in said.get("assignment", [])]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise ValueError(f"{min(repeated)} is planned twice")


def _plan(item: dict[str, Any], zone: ZoneInfo) -> Planned:
    return Planned(**item | {"due": _due(item["due"], zone) if "due" in item else None})


def _due(said: object, zone: ZoneInfo) -> datetime:
    """Return a due date in UTC; a day alone lasts until its end."""
    if isinstance(said, date) and not isinstance(said, datetime):
        said = datetime.combine(said, time(23, 59, 59))
    if not isinstance(said, datetime):
        raise ValueError(f"due = {said!r} is no date: write it without quotes, such as 2027-02-01T23:59:00")
    return as_utc(said, zone)


def as_utc(date: datetime, zone: ZoneInfo) -> datetime:
    """Return a time as nbgrader keeps it, in UTC without saying so; one that says no zone is in the given one."""
    return (date if date.tzinfo else date.replace(tzinfo=zone)).astimezone(UTC).replace(tzinfo=None)
