"""Which assignment a notebook is of: told by the grade_ids of its cells, whatever its name is."""

import contextlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.checks import catalogue
from autograder.grading.assignment import load, released_in
from autograder.grading.course import Course
from autograder.grading.errors import CourseError
from autograder.grading.intake.layouts import says
from autograder.kernels.notebook import NotebookCell, Unreadable, read_notebook

NOTEBOOK = re.compile(r"\.ipynb(\.(txt|json))?$", re.IGNORECASE)
"""How the name of a notebook ends, also where a mail program has added to it."""


@dataclass(frozen=True)
class Release:
    """A notebook that was handed out: its assignment, its name, and the cells by which it is known again."""

    assignment: str
    name: str
    cells: Sequence[NotebookCell]

    @property
    def answers(self) -> dict[str, str]:
        """Return the cells that students fill, as they were handed out, by grade_id."""
        return {cell.grade_id: cell.source for cell in self.cells if cell.grade_id and cell.solution}

    def overlap(self, submitted: Sequence[NotebookCell]) -> int:
        """Count the cells to answer, or with points, that a submission has in common with this notebook."""
        own = {cell.grade_id for cell in self.cells if cell.grade_id and (cell.solution or cell.grade)}
        return len(own & {cell.grade_id for cell in submitted})

    def is_written(self, submitted: Sequence[NotebookCell]) -> bool:
        """Tell whether somebody did something: changed an answer, or wrote a code cell of their own."""
        given = {cell.source.strip() for cell in self.cells} | {""}
        ids = {cell.grade_id for cell in self.cells if cell.grade_id}
        return any(
            cell.source.strip() != self.answers[cell.grade_id].strip()
            if cell.grade_id in self.answers
            else cell.code and cell.grade_id not in ids and cell.source.strip() not in given
            for cell in submitted
        )


@dataclass(frozen=True)
class Recognized:
    """A notebook of the course: which one, and whether anything is written in it."""

    release: Release
    written: bool


def releases(course: Course) -> list[Release]:
    """Return the notebooks of a course: those of the assignments with judges, and those that lie in its own folders."""
    own = [
        Release(path.parent.name, path.stem, _cells(path))
        for folder in ("release", "source")
        for path in sorted((course.root / folder).glob("*/*.ipynb"))
        if path.parent.name not in catalogue.assignments()
    ]
    judged = []
    for name in course.judged:
        with contextlib.suppress(CourseError):  # one that cannot be graded as it is now is not looked for
            judged.append(Release(name, name, load(name, released_in(course, name)).cells))
    seen: dict[tuple[str, str], Release] = {}
    for release in (*judged, *own):
        seen.setdefault((release.assignment, release.name), release)
    return list(seen.values())


def recognize(data: bytes, name: str, known: Iterable[Release]) -> Recognized:
    """Find out which notebook of the course a file is.

    Args:
        data: the file.
        name: its name, which decides where its cells do not.
        known: the notebooks of the course.

    Raises:
        Unreadable: it is none of them.
    """
    named = [release for release in known if says(name, release.name)]
    try:
        submitted = read_notebook(data)
    except Unreadable:
        if named:  # whose author is told by the grader what is wrong with it
            return Recognized(named[0], True)
        raise Unreadable("it is no notebook that can be read") from None
    best = max(known, key=lambda release: (release.overlap(submitted), release in named), default=None)
    if best is None or (not best.overlap(submitted) and best not in named):
        raise Unreadable("no cell of it is one of this course")
    return Recognized(best, best.is_written(submitted))


def _cells(path: Path) -> list[NotebookCell]:
    try:
        return read_notebook(path.read_bytes())
    except (OSError, Unreadable) as error:
        raise CourseError(f"{path} cannot be read ({error}): make it again") from None
