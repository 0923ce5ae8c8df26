"""The class in nbgrader's own database, written through nbgrader's own API by one writer in batches."""

import os
import sys
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import SAWarning, SQLAlchemyError

from autograder.grading.assignment import Assignment, check_cell, load, released_in
from autograder.grading.changes import given, worth
from autograder.grading.collect import NO_RECEIPTS, Receipts, Submission
from autograder.grading.course import Course
from autograder.grading.declaring import declare
from autograder.grading.errors import CourseError
from autograder.grading.grade import Graded
from autograder.grading.late import Penalties
from autograder.grading.nbgrader_api import Gradebook, InvalidEntry, MissingEntry, SubmittedAssignment
from autograder.grading.output import Output
from autograder.grading.queries import read_scores
from autograder.grading.roster import Roster, read_roster
from autograder.grading.scores import Key, Score
from autograder.grading.seed import class_seed

NAMED = 1_000
"""How many students a query names; databases bound the length of one."""

WAYS_OUT = {
    "locked": "wait until nothing else writes to it, and run again with --resume",
    "full": "make room on its disk, and run again with --resume",
    "column": "an older nbgrader made it; `nbgrader db upgrade --db URL` brings it up to date",
    "": "check the --gradebook URL and its permissions, or move the file away",
}
"""What to do about a database, by what it says."""


class ClassGradebook:
    """A gradebook that is open for writing; a context manager.

    Manual scores, comments and extra credit in it are left alone. Raises CourseError when it cannot be opened.
    """

    def __init__(self, url: str, assignments: Sequence[Assignment], course: Course | None = None) -> None:
        self.url = url
        self._course = course = course or Course.here()
        self._penalties = Penalties(course)
        self._roster = read_roster(course.root) if course.exists else Roster({})
        self._given: dict[str, float] = {}
        with _readable_errors(url), _environment_on_path():
            self._book = Gradebook(url)
            self.enroll(self._roster)
            for assignment in assignments:
                self._declare(assignment)

    def __enter__(self) -> "ClassGradebook":
        return self

    def __exit__(self, *_: object) -> None:
        self._book.close()

    def seed(self, folder: Path | None = None, wanted: int | None = None) -> int:
        """Return the seed of the class that is kept here, or in its output folder, as `class_seed` says."""
        with _readable_errors(self.url):
            return class_seed(folder, self._book.db, wanted)

    def enroll(self, people: Roster) -> None:
        """Write who people are."""
        with _readable_errors(self.url):
            people.write(self._book)
            self._book.db.commit()

    def record(
        self,
        batch: Iterable[Graded],
        receipts: Receipts = NO_RECEIPTS,
        anew: Mapping[Key, Collection[str]] = MappingProxyType({}),
    ) -> None:
        """Write the grades of some submissions, with penalties, in one transaction.

        Args:
            batch: the submissions.
            receipts: when they were handed in; a date that is not known stays as it is.
            anew: the graded cells whose answers were written anew, by submission; what a person gave for those before
                stays, and waits for another look.
        """
        with _readable_errors(self.url), self._one_transaction(), _building():
            students = []
            for graded in batch:
                receipt = receipts.get(graded.verdict.key)
                self._record(graded, receipt.submitted if receipt else None, anew.get(graded.verdict.key, ()))
                students.append(graded.verdict.student)
            self._penalties.settle(self._book, students if len(students) <= NAMED else None)

    def scores(self, batch: Iterable[Graded] = ()) -> dict[Key, Score]:
        """Return what the book says of these submissions; of none means of all, everybody's penalties made anew."""
        keys = [graded.verdict.key for graded in batch]
        with _readable_errors(self.url):
            if not keys:
                self._penalties.settle(self._book)
                self._book.db.commit()
            found = read_scores(self._book, sorted({name for _, name in keys}), sorted({who for who, _ in keys}))
        return {key: found[key] for key in keys} if keys else found

    def worth(self, graded: Graded, receipt: Submission) -> float:
        """Return the judges' points of a submission after what lateness costs it."""
        student, assignment = graded.verdict.key
        with _readable_errors(self.url):
            return self._penalties.after(self._book, student, assignment, graded.verdict.points, receipt.submitted)

    def extend(self, student: str, assignment: str, time: timedelta) -> tuple[Score, Score]:
        """Give a student more time for an assignment, in place of what was given before.

        Args:
            student: who; somebody who has not handed in anything yet can be given time, too.
            assignment: one that the gradebook holds, or that the course has judges for.
            time: how much more; none takes an extension back.

        Returns:
            The score before and after, with the penalty that follows from the new date.

        Raises:
            CourseError: there is no such assignment, or nobody of this name where a roster says who there is.
        """
        with _readable_errors(self.url):
            if self._roster.people and student not in {item.id for item in self._book.students}:
                raise CourseError(f"the roster has no student {student!r}: give a login of roster.csv")
            if assignment not in {item.name for item in self._book.assignments}:
                if assignment not in self._course.judged:
                    raise CourseError(f"the gradebook holds no assignment {assignment!r}: grade it first")
                self._declare(load(assignment, released_in(self._course, assignment)))
            self._book.update_or_create_student(student)
            try:
                self._book.find_submission(assignment, student)
            except MissingEntry:
                with _building():
                    submission = self._book.add_submission(assignment, student)
                for grade in _grades(submission):
                    grade.needs_manual_grade = False
            before = self._score(student, assignment)
            self._book.grant_extension(assignment, student, minutes=time.total_seconds() / 60)
            return before, self._score(student, assignment)

    def _declare(self, assignment: Assignment) -> None:
        points = worth(assignment, self._course.changes)
        declare(self._book, self.url, assignment, points)
        self._given |= given(self._course.changes, points)

    def _score(self, student: str, assignment: str) -> Score:
        self._penalties.settle(self._book, [student])
        self._book.db.commit()
        return read_scores(self._book, [assignment], [student])[student, assignment]

    def _record(self, graded: Graded, submitted: datetime | None, anew: Collection[str]) -> None:
        student, assignment = graded.verdict.key
        self._book.update_or_create_student(student)
        submission = self._book.update_or_create_submission(assignment, student)
        submission.timestamp = submitted or submission.timestamp
        earned = {check_cell(exercise.name): exercise.points for exercise in graded.verdict.exercises} | self._given
        handed_in = graded.verdict.status != "missing"
        for grade in _grades(submission):
            # A cell without a verdict is for people to grade; an empty one is worth nothing, as nbgrader has it.
            score = earned.get(grade.name, None if grade.name in graded.written else 0.0) if handed_in else None
            if grade.manual_score is None:
                grade.needs_manual_grade = score is None and handed_in
            elif grade.auto_score != score or grade.name in anew:
                grade.needs_manual_grade = True
            grade.auto_score = score

    @contextmanager
    def _one_transaction(self) -> Iterator[None]:
        """Let nbgrader's API, which commits at every step, commit once: half of a light submission's time was fsync."""
        session = self._book.db
        commit = session.commit
        session.commit = session.flush
        try:
            yield
            commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.commit = commit


@contextmanager
def opened(url: str) -> Iterator[Gradebook]:
    """Open a gradebook to read it; raise CourseError when it cannot be used."""
    with _readable_errors(url), _environment_on_path(), Gradebook(url) as book:
        yield book


def all_scores(url: str) -> dict[Key, Score]:
    """Return everything that a gradebook says of every submission, by student and assignment."""
    with opened(url) as book:
        return read_scores(book)


def scores(url: str) -> dict[Key, float]:
    """Return the points of every submission in a gradebook, by student and assignment."""
    return {key: score.points for key, score in all_scores(url).items()}


def url_of(output: Output, course: Course, given: str | None) -> str:
    """Return the URL of the gradebook of a graded class: the one that is given, the course's, or the folder's own."""
    if given is not None:
        return given
    if course.gradebook:
        return course_url(course)
    return _made(output.folder / "gradebook.db")


def course_url(course: Course) -> str:
    """Return the URL of the gradebook of a course: the one that it names, or that of its graded class."""
    if "://" in course.gradebook:
        return course.gradebook
    return _made(course.root / (course.gradebook or "graded/gradebook.db"))


def existing_url(output: Output, course: Course, given: str | None) -> str:
    """Return the same URL; raise CourseError when the folder holds verdicts and its own gradebook is not there."""
    own = given is None and not course.gradebook
    if own and not (output.folder / "gradebook.db").exists() and output.read():
        raise CourseError(
            f"{output.folder} holds no gradebook: name the one in use with --gradebook, or make it again with "
            f"`autograder regrade {output.folder}`"
        )
    return url_of(output, course, given)


def default_url(out: Path) -> str:
    """Return the URL of the gradebook in an output folder."""
    return _sqlite(out / "gradebook.db")


def _made(path: Path) -> str:
    """Return the URL of a gradebook, made in one step where there is none: nbgrader cannot use one left half made."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.new")
        fresh.unlink(missing_ok=True)
        with _readable_errors(_sqlite(fresh)), _environment_on_path(), Gradebook(_sqlite(fresh)):
            pass
        fresh.replace(path)
    return _sqlite(path)


def sqlite_file(url: str) -> Path | None:
    """Return the file that a gradebook is kept in, None where a server keeps it."""
    with _readable_errors(url):
        made = make_url(url)
    return Path(made.database) if made.drivername.startswith("sqlite") and made.database else None


def _sqlite(path: Path) -> str:
    return URL.create("sqlite", database=str(path.resolve())).render_as_string()


def _grades(submission: SubmittedAssignment) -> list[Any]:
    return [grade for notebook in submission.notebooks for grade in notebook.grades]


@contextmanager
def _building() -> Iterator[None]:
    """Say nothing of what nbgrader reads while it builds a submission, which is no mistake of ours to hear about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        yield


@contextmanager
def _readable_errors(url: str) -> Iterator[None]:
    shown = url.rsplit("@", maxsplit=1)[-1]
    try:
        yield
    except ModuleNotFoundError as error:
        raise CourseError(
            f"the gradebook {shown} needs the package {error.name}: install it, or give another --gradebook URL"
        ) from None
    except (SQLAlchemyError, InvalidEntry, MissingEntry) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        way_out = next(way_out for symptom, way_out in WAYS_OUT.items() if symptom in reason)
        raise CourseError(f"the gradebook {shown} cannot be used ({reason}): {way_out}") from None


@contextmanager
def _environment_on_path() -> Iterator[None]:
    """Let nbgrader find the `alembic` of this environment when it makes a new database."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before
