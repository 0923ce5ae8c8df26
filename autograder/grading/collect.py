"""From a folder to submissions: `submitted/<student>/<assignment>/<assignment>.ipynb`, nothing in it trusted."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from autograder.checks.ask import Status
from autograder.grading.assignment import by_hand
from autograder.grading.errors import CourseError
from autograder.grading.intake.archives import is_noise, is_output
from autograder.grading.shown import StoredOutput, read_stored
from autograder.kernels.notebook import MAX_BYTES, lean

MAX_NAME = 128
"""Characters of a student's name that nbgrader's gradebook can hold."""

ATTEMPTS = "attempts"
"""The folder of what was handed in and does not count, beside that of what does."""

TIMESTAMP = "timestamp.txt"
SECRET = "submission_secret.txt"  # noqa: S105 (a file of nbgrader's, by which feedback finds its way back)
MAX_TIMESTAMP = 100
"""Characters of a time."""


@dataclass(frozen=True)
class StudentFolder:
    """A student's folder: who, and whether it is real (and no symbolic link)."""

    student: str
    name: str
    real: bool


@dataclass(frozen=True)
class Submission:
    """What a student handed in for an assignment: a notebook without its outputs, or why there is none.

    `digest` is the SHA-256 of the file as it was handed in; that of nothing when there is none.
    `submitted` is when, in UTC, as far as that is known; `remarks` are what a person should know about it; `stored` is
    what the file stores with the cells that a person grades, by grade_id.
    """

    student: str
    assignment: str
    notebook: bytes = b""
    digest: str = hashlib.sha256().hexdigest()
    status: Status = "graded"
    cause: str = ""
    submitted: datetime | None = None
    remarks: tuple[str, ...] = ()
    stored: Mapping[str, StoredOutput] = field(default_factory=dict)

    @classmethod
    def of(cls, student: str, assignment: str, data: bytes) -> "Submission":
        """Return the submission of a file, in memory for its cells, and for what those showed that a person grades."""
        stored = read_stored(data, by_hand(assignment))
        return cls(student, assignment, lean(data), hashlib.sha256(data).hexdigest(), stored=stored)


Receipts = Mapping[tuple[str, str], Submission]
"""Submissions by student and assignment, for what is known of them besides the notebook, which may be left out."""

NO_RECEIPTS: Receipts = MappingProxyType({})


def students(submitted: Path) -> list[StudentFolder]:
    """Return the students' folders in order; raise CourseError when the folder cannot be read."""
    try:
        entries = list(os.scandir(submitted))
    except NotADirectoryError:
        raise CourseError(f"{submitted} is not a folder: give the one that holds a folder per student") from None
    except FileNotFoundError:
        raise CourseError(f"{submitted} does not exist: give the folder that holds a folder per student") from None
    except OSError as error:
        raise CourseError(f"{submitted} cannot be read: {error.strerror}") from None
    folders = [
        StudentFolder(student_id(entry.name), entry.name, entry.is_dir(follow_symlinks=False))
        for entry in entries
        if not is_noise(PurePosixPath(entry.name)) and (entry.is_symlink() or _is_students(entry))
    ]
    return sorted(folders, key=lambda folder: folder.student)


def _is_students(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and not is_output(Path(entry.path))


def student_id(name: str) -> str:
    """Return a folder's name as a student's: as it is, or cut and with a hash when no gradebook could hold it."""
    text = os.fsencode(name).decode("utf-8", "replace")
    if text == name and len(name) <= MAX_NAME:
        return name
    return f"{text[:50]}~{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}"


def present(submitted: Path, folders: Sequence[StudentFolder], assignments: Sequence[str]) -> list[str]:
    """Return those assignments for which at least one student has a folder."""
    return [
        name
        for name in assignments
        if any(folder.real and os.path.lexists(submitted / folder.name / name) for folder in folders)
    ]


def collect(submitted: Path, folders: Sequence[StudentFolder], assignments: Sequence[str]) -> Iterator[Submission]:
    """Read the submissions one by one, by student and assignment; a file that cannot be graded comes with its cause."""
    for folder in folders:
        for assignment in assignments:
            yield read_submission(submitted, folder, assignment)


def other_attempts(submitted: Path, student: str, assignment: str) -> Iterator[Submission]:
    """Read what a student handed in besides the submission, where `autograder collect` has kept it."""
    kept = submitted.with_name(ATTEMPTS) / student / assignment
    for place in sorted(kept.glob(f"*/{assignment}.ipynb")) if kept.is_dir() else ():
        with _opened(place.parent, os.O_DIRECTORY) as folder:
            submitted_at, remarks = _timestamp(folder)
        yield replace(read_file(place, student, assignment), submitted=submitted_at, remarks=remarks)


def read_submission(submitted: Path, folder: StudentFolder, assignment: str) -> Submission:
    """Read one submission without following a link, waiting for a pipe or reading more than a notebook may hold."""
    if not folder.real:
        return Submission(
            folder.student, assignment, status="invalid", cause="the student's folder is a link: hand in a real folder"
        )
    name = f"{assignment}.ipynb"
    status: Status = "invalid"
    try:
        with (
            _opened(submitted / folder.name, os.O_DIRECTORY) as outer,
            _opened(assignment, os.O_DIRECTORY, outer) as inner,
        ):
            date, remarks = _timestamp(inner)
            found = Submission.of(folder.student, assignment, _read(name, inner))
            return replace(found, submitted=date, remarks=remarks)
    except FileNotFoundError:
        status, cause = "missing", f"no file {assignment}/{name} was handed in"
    except OSError as error:
        cause = _why(f"{assignment}/{name}", error)
    except ValueError as error:
        cause = str(error)
    return Submission(folder.student, assignment, status=status, cause=cause)


def _timestamp(folder: int) -> tuple[datetime | None, tuple[str, ...]]:
    """Return the time that stands beside a notebook, as `nbgrader collect` writes it, and what is wrong with it."""
    from autograder.grading.nbgrader_api import parse_utc

    try:
        text = _read(TIMESTAMP, folder).decode()
        return parse_utc(text[:MAX_TIMESTAMP].strip()), ()
    except FileNotFoundError:
        return None, ()
    except (OSError, ValueError, OverflowError):
        return None, (f"when it was handed in cannot be read: look at its {TIMESTAMP}",)


def read_file(path: Path, student: str, assignment: str) -> Submission:
    """Read a submission that somebody names by its file."""
    try:
        return Submission.of(student, assignment, _read(path))
    except OSError as error:
        cause = _why(path.name, error)
    except ValueError as error:
        cause = str(error)
    return Submission(student, assignment, status="invalid", cause=cause)


def _why(name: str, error: OSError) -> str:
    linked = error.errno in {errno.ELOOP, errno.ENOTDIR}
    reason = "is a link, or in no real folder" if linked else f"cannot be read ({error.strerror})"
    return f"{name} {reason}: hand in the notebook itself"


def _read(path: str | Path, folder: int | None = None) -> bytes:
    """Return the bytes of a regular file of allowed size; raise OSError, or ValueError with a cause."""
    # A pipe is opened without waiting for its other end, and then turned down.
    with _opened(path, os.O_NONBLOCK, folder) as file:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise ValueError(f"{Path(path).name} is not a regular file: hand in the notebook itself")
        data = b""
        if found.st_size <= MAX_BYTES:
            with open(file, "rb", closefd=False) as stream:
                data = stream.read(MAX_BYTES + 1)
        if max(found.st_size, len(data)) > MAX_BYTES:
            raise ValueError(
                f"{Path(path).name} is larger than {MAX_BYTES >> 20} MB: clear its outputs, save it and submit it again"
            )
        return data


@contextmanager
def _opened(path: str | Path, flags: int, folder: int | None = None) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | flags, dir_fd=folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
