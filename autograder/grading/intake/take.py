"""From a download to the folder that is graded: each notebook finds its student and assignment, or a reason why not."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath

from autograder.grading.collect import ATTEMPTS, SECRET, TIMESTAMP, student_id
from autograder.grading.course import Course
from autograder.grading.intake.archives import NOISE, Entry, Refused, entries
from autograder.grading.intake.attempts import Attempt, in_order
from autograder.grading.intake.layouts import TRUSTED_TIMES, Found, find_owner, wrappers
from autograder.grading.intake.ledger import LEDGER, note
from autograder.grading.intake.recognize import NOTEBOOK, Recognized, Release, recognize, releases
from autograder.grading.intake.times import Times
from autograder.grading.nbgrader_api import parse_utc
from autograder.grading.roster import Roster, read_roster
from autograder.grading.verdicts import write_bytes
from autograder.kernels.notebook import Unreadable

UNUSABLE = re.compile(r"^\.|[/\\\x00-\x1f]")


@dataclass
class Intake:
    """What became of a download: `taken` counts, `earlier` is kept and does not, `left_out` is a path and a reason."""

    taken: list[Attempt] = field(default_factory=list)
    earlier: list[Attempt] = field(default_factory=list)
    unchanged: list[Attempt] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    alike: list[tuple[str, ...]] = field(default_factory=list)
    missing: dict[str, list[str]] = field(default_factory=dict)


def take(download: Path, submitted: Path, course: Course, times: Times | None = None) -> Intake:
    """Put the notebooks of a download where they are graded.

    Args:
        download: a folder or a zip, as a platform gives it.
        submitted: the folder that is to hold `<student>/<assignment>/<assignment>.ipynb`; what is there already counts
            as handed in before.
        course: its assignments and its roster.
        times: when work was handed in, where the download does not say so.

    Raises:
        CourseError: the download cannot be read.
    """
    intake, roster = Intake(), read_roster(course.root)
    found = list(_attempts(list(entries(download)), _Desk(releases(course), roster, times), intake))
    groups: defaultdict[tuple[str, str, str], list[Attempt]] = defaultdict(list)
    for attempt in found:
        groups[attempt.key].append(attempt)
    for key in sorted(groups):
        _keep(groups[key], submitted, intake)
    note(submitted, download, {"taken": intake.taken, "earlier": intake.earlier})
    _look_around(submitted, {attempt.assignment for attempt in found}, roster, intake)
    return intake


@dataclass(frozen=True)
class _Desk:
    """What is needed to tell whose a notebook is, and of which assignment."""

    known: list[Release]
    roster: Roster
    times: Times | None


def _attempts(files: list[Entry], desk: _Desk, intake: Intake) -> Iterator[Attempt]:
    """Recognize every notebook of a download; the others are left out with a reason."""
    notebooks = [file for file in files if NOTEBOOK.search(file.path.name)]
    shared = wrappers([file.path for file in notebooks])
    found: list[tuple[Entry, Found, Recognized]] = []
    for file in notebooks:
        try:
            recognized = recognize(file.read(), file.path.name, desk.known)
        except (Refused, Unreadable) as reason:
            intake.left_out.append((str(file.path), str(reason)))
        else:
            owner = find_owner(file.path, recognized.release.assignment, shared, desk.roster)
            found.append((file, owner, recognized))
    namesakes = _namesakes(owner for _, owner, _ in found)
    beside = {file.path: file for file in files if file.path.name in {TIMESTAMP, SECRET}}
    for file, owner, recognized in found:
        try:
            first, *others = _students(owner, desk.roster, namesakes)
        except Refused as reason:
            intake.left_out.append((str(file.path), str(reason)))
        else:
            attempt = _attempt(file, first, owner, recognized, _beside(file, owner, beside), desk.times)
            yield attempt
            yield from (_for_member(attempt, member) for member in others)
    _name_the_rest(files, notebooks, shared, intake)


def _attempt(
    file: Entry, student: str, owner: Found, recognized: Recognized, beside: dict[str, str], times: Times | None
) -> Attempt:
    return Attempt(
        student,
        recognized.release.assignment,
        recognized.release.name,
        file.path,
        file.read,
        owner,
        (times.of(owner, student) if times else None) or _parse(owner.time or beside.get(TIMESTAMP, "")),
        recognized.written,
        beside.get(SECRET, "").encode(),
    )


def _for_member(attempt: Attempt, student: str) -> Attempt:
    """Return what somebody handed in as that of another one in the group; the way back to the platform stays one."""
    return replace(attempt, student=student, owner=replace(attempt.owner, platform="", platform_id=""), secret=b"")


def _beside(file: Entry, owner: Found, others: dict[PurePosixPath, Entry]) -> dict[str, str]:
    """Return what nbgrader has put beside a notebook; where a student may have put it, it is not read."""
    zipped = any(part.lower().endswith(".zip") for part in file.path.parts[:-1])
    if owner.platform not in TRUSTED_TIMES or zipped:
        return {}
    near = {name: others.get(file.path.with_name(name)) for name in (TIMESTAMP, SECRET)}
    return {name: _text(entry) for name, entry in near.items() if entry}


def _namesakes(owners: Iterable[Found]) -> set[str]:
    """Return the names that a download gives to several people."""
    numbers: defaultdict[str, set[str]] = defaultdict(set)
    for owner in owners:
        numbers[owner.name].add(owner.platform_id)
    return {name for name, ids in numbers.items() if len(ids) > 1}


def _students(owner: Found, roster: Roster, namesakes: set[str]) -> list[str]:
    """Return whose a notebook is: a student's, all of whose group have it, or a group's that is named as such."""
    if roster.find(owner.login, owner.name, owner.platform_id) is None:
        members = roster.members(owner.login or owner.name)
        if members:
            return members
    return roster.fellows(_student(owner, roster, namesakes))


def _student(owner: Found, roster: Roster, namesakes: set[str]) -> str:
    """Return the name of a student's folder; raise Refused when it cannot be told, or can be nobody's."""
    person = roster.find(owner.login, owner.name, owner.platform_id)
    if person is not None:
        return person.login
    number = f"-{owner.platform_id}" if owner.name and owner.name in namesakes else ""
    login = owner.login or f"{owner.name}{number}"
    if not login:
        raise Refused("whose it is cannot be told from its path")
    if login != student_id(login) or UNUSABLE.search(login) or login.casefold() in NOISE:
        raise Refused(f"{login!r} can be nobody's name")
    return login


def _name_the_rest(files: list[Entry], notebooks: list[Entry], shared: int, intake: Intake) -> None:
    """Say what else was found where there is no notebook: somebody handed in something that cannot be graded."""
    homes = {_home(file.path, shared) for file in notebooks}
    for file in files:
        if _home(file.path, shared) not in homes and file.path.name not in {TIMESTAMP, SECRET, LEDGER}:
            intake.left_out.append((str(file.path), _why_not(file)))


def _home(path: PurePosixPath, shared: int) -> str:
    return path.parts[min(shared, len(path.parts) - 1)]


def _why_not(file: Entry) -> str:
    try:
        file.read()
    except Refused as refused:
        return str(refused)
    return "it is no notebook"


def _keep(attempts: list[Attempt], submitted: Path, intake: Intake) -> None:
    """Write the attempt that counts to its place, and the others beside it."""
    student, assignment, notebook = attempts[0].key
    place = submitted / student / assignment / f"{notebook}.ipynb"
    if any(folder.is_symlink() for folder in place.parents[:2]):
        intake.left_out += [(str(attempt.path), f"the folder of {student} is a link") for attempt in attempts]
        return
    before = _before(place, attempts[0])
    unique = {attempt.digest: attempt for attempt in in_order([*before, *attempts])}
    *others, last = in_order(list(unique.values()))
    if before and last.digest == before[0].digest:
        intake.unchanged.append(last)
    else:
        intake.taken.append(last)
        for attempt in before:
            _write(_other_place(submitted, attempt), attempt)
        _write(place, last)
    for attempt in others:
        if attempt.new:
            intake.earlier.append(attempt)
            _write(_other_place(submitted, attempt), attempt)


def _before(place: Path, like: Attempt) -> list[Attempt]:
    """Return what is there already, as an attempt."""
    if not place.is_file() or place.is_symlink():
        return []
    stamp = place.with_name(TIMESTAMP)
    time = _parse(stamp.read_text(encoding="utf-8", errors="replace")) if stamp.is_file() else None
    path = PurePosixPath(place.as_posix())
    return [Attempt(*like.key, path, partial(_read, place), time=time, new=False)]


def _read(place: Path) -> bytes:
    return place.read_bytes()


def _other_place(submitted: Path, attempt: Attempt) -> Path:
    folder = submitted.with_name(ATTEMPTS) / attempt.student / attempt.assignment / attempt.digest[:12]
    return folder / f"{attempt.notebook}.ipynb"


def _write(place: Path, attempt: Attempt) -> None:
    write_bytes(place, attempt.read())
    stamp, secret = place.with_name(TIMESTAMP), place.with_name(SECRET)
    if attempt.time is None:
        stamp.unlink(missing_ok=True)
    else:
        write_bytes(stamp, f"{attempt.time.isoformat(' ')} UTC".encode())
    if attempt.secret:
        write_bytes(secret, attempt.secret)


def _look_around(submitted: Path, assignments: set[str], roster: Roster, intake: Intake) -> None:
    """Find who is missing, who is in no roster, and whose names differ by their case only."""
    there = sorted(folder.name for folder in submitted.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for name in there:
        alike[name.casefold()].append(name)
    intake.alike = [tuple(names) for names in alike.values() if len(names) > 1]
    if roster.people:
        intake.strangers = [name for name in there if name not in roster.people]
        for assignment in sorted(assignments):
            absent = [login for login in roster.people if not (submitted / login / assignment).is_dir()]
            intake.missing[assignment] = sorted(absent)


def _text(file: Entry) -> str:
    try:
        return file.read()[:200].decode("utf-8", "replace").strip()
    except Refused:
        return ""


def _parse(time: str) -> datetime | None:
    """Return a time in UTC, or None when it is none; a submission is not lost over it."""
    try:
        parsed: datetime | None = parse_utc(time) if time else None
    except (ValueError, OverflowError):
        return None
    return parsed
