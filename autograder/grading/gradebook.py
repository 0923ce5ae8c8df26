"""The class in nbgrader's own database, written through nbgrader's own API by one writer in batches."""

import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from sqlalchemy import URL, make_url
from sqlalchemy.exc import SAWarning, SQLAlchemyError

from autograder.grading.assignment import Assignment, check_cell
from autograder.grading.errors import CourseError
from autograder.grading.grade import Graded
from autograder.grading.nbgrader_api import Gradebook, InvalidEntry, MissingEntry, SaveCells, SubmittedAssignment
from autograder.grading.output import Output
from autograder.grading.queries import read_scores
from autograder.grading.scores import Key, Score
from autograder.grading.seed import class_seed

WAYS_OUT = {
    "locked": "wait until nothing else writes to it, and run again with --resume",
    "full": "make room on its disk, and run again with --resume",
    "column": "an older nbgrader made it; `nbgrader db upgrade --db URL` brings it up to date",
    "": "check the --gradebook URL and its permissions, or move the file away",
}
"""What to do about a database, by what it says."""


class ClassGradebook:
    """A gradebook that is open for writing; a context manager.

    Manual scores, comments and extra credit in it are left alone. Raises CourseError when it cannot be opened or holds
    submissions of an assignment whose cells have changed since.
    """

    def __init__(self, url: str, assignments: Sequence[Assignment]) -> None:
        self.url = url
        with _readable_errors(url), _environment_on_path():
            self._book = Gradebook(url)
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

    def record(self, batch: Iterable[Graded]) -> None:
        """Write the grades of some submissions in one transaction."""
        with _readable_errors(self.url), self._one_transaction(), warnings.catch_warnings():
            # nbgrader reads while it builds a submission, which is no mistake of ours to hear about.
            warnings.simplefilter("ignore", SAWarning)
            for graded in batch:
                self._record(graded)

    def scores(self, batch: Iterable[Graded] = ()) -> dict[Key, Score]:
        """Return what the book says of these submissions, or of all."""
        keys = [graded.verdict.key for graded in batch]
        with _readable_errors(self.url):
            found = read_scores(self._book, sorted({name for _, name in keys}), sorted({who for who, _ in keys}))
        return {key: found[key] for key in keys} if keys else found

    def _record(self, graded: Graded) -> None:
        student, assignment = graded.verdict.key
        self._book.update_or_create_student(student)
        submission = self._book.update_or_create_submission(assignment, student)
        earned = {check_cell(exercise.name): exercise.points for exercise in graded.verdict.exercises}
        handed_in = graded.verdict.status != "missing"
        for grade in _grades(submission):
            # A cell without a verdict is for people to grade; an empty one is worth nothing, as nbgrader has it.
            score = earned.get(grade.name, None if grade.name in graded.written else 0.0) if handed_in else None
            if grade.manual_score is None:
                grade.needs_manual_grade = score is None and handed_in
            elif grade.auto_score != score:
                grade.needs_manual_grade = True
            grade.auto_score = score

    def _declare(self, assignment: Assignment) -> None:
        """Describe the released notebook in the gradebook, as `nbgrader generate_assignment` does."""
        self._book.update_or_create_assignment(assignment.name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            notebook = nbformat.reads(assignment.released.decode(), as_version=4)
        place = {"notebook": assignment.name, "assignment": assignment.name, "db_url": self.url}
        try:
            SaveCells().preprocess(notebook, {"nbgrader": place})
        except RuntimeError:
            raise CourseError(
                f"{self.url} holds submissions of another release of {assignment.name}: use a new gradebook"
            ) from None

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


def scores(url: str) -> dict[tuple[str, str], float]:
    """Return the points of every submission in a gradebook, by student and assignment."""
    with opened(url) as book:
        return {key: score.points for key, score in read_scores(book).items()}


def default_url(out: Path) -> str:
    """Return the URL of the gradebook in an output folder."""
    return _sqlite(out / "gradebook.db")


def url_of(output: Output, url: str | None) -> str:
    """Return the URL that is given, or that of the folder's own gradebook.

    Raises:
        CourseError: the folder holds verdicts, but the gradebook that they were written to is not there.
    """
    if url is None and not (output.folder / "gradebook.db").exists() and output.read():
        raise CourseError(
            f"{output.folder} holds no gradebook: name the one in use with --gradebook, or make it again with "
            f"`autograder regrade {output.folder}`"
        )
    return url or create_default(output.folder)


def create_default(out: Path) -> str:
    """Return the URL of the gradebook in an output folder, made in one step where there is none.

    nbgrader makes one in several steps and cannot use one that was left half made.
    """
    path = out / "gradebook.db"
    if not path.exists():
        fresh = path.with_name(".gradebook.db.new")
        fresh.unlink(missing_ok=True)
        with _readable_errors(_sqlite(fresh)), _environment_on_path(), Gradebook(_sqlite(fresh)):
            pass
        fresh.replace(path)
    return default_url(out)


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
