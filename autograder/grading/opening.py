"""How `nbgrader autograde` opens a submission: the way `autograder grade` does, and no other.

nbgrader itself follows links, waits for pipes, gives up over a notebook that is none, and copies whatever else lies in
the folder. Here a submission comes to it through `collect`, and what is wrong with it is the verdict's to say.
"""

import glob
import os
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.coursedir import CourseDirectory

from autograder.grading.assignment import load
from autograder.grading.collect import StudentFolder, Submission, read_submission
from autograder.grading.errors import CourseError
from autograder.grading.stock import is_judged
from autograder.kernels.notebook import NotebookCell, Unreadable, read_notebook

EVERYTHING = ["*"]
KB = 1000
"""What nbgrader counts the size of files in."""
MAX_TIMESTAMP = 100
"""Bytes of a file that says when a submission was handed in."""


class Submitted(NotebookExporter):  # type: ignore[misc]
    """Opens submissions for nbgrader's Autograde, whose `exporter_class` this is to be."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        converter = self.parent
        converter.coursedir = CarefulCourse.like(converter.coursedir)
        self._ignored = list(converter.coursedir.ignore)
        self._hook = converter.pre_convert_hook
        converter.pre_convert_hook = self._prepare

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kwargs: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Read what a student handed in by `collect`, and what nbgrader itself has written as it always does."""
        place = (resources or {}).get("nbgrader")
        if place is None or not self.parent._sanitizing or not is_judged(place["assignment"]):
            opened_by_path: tuple[NotebookNode, dict[str, Any]] = super().from_filename(filename, resources, **kwargs)
            return opened_by_path
        submission = opened(self.parent.coursedir, place["student"], place["assignment"])
        notebook = readable(submission, place["assignment"])
        resources = {**(resources or {}), "metadata": {"name": place["notebook"], "path": str(Path(filename).parent)}}
        exported: tuple[NotebookNode, dict[str, Any]] = self.from_notebook_node(notebook, resources, **kwargs)
        return exported

    def _prepare(self, **place: Any) -> None:
        """Have nbgrader copy regular files alone; nbgrader does not hear an exception, which must not leave a gap."""
        course = self.parent.coursedir
        course.ignore = EVERYTHING
        if self._hook:
            self._hook(**place)
        folder = Path(place["notebooks"][0]).parent
        if not is_linked(course, folder):
            largest = course.max_file_size * KB
            course.ignore = [*self._ignored, *map(glob.escape, {path.name for path in irregular(folder, largest)})]


class CarefulCourse(CourseDirectory):  # type: ignore[misc]
    """A course in which the time of a submission is read from a regular file, or is not known."""

    @classmethod
    def like(cls, course: CourseDirectory) -> "CarefulCourse":
        """Return a course with the same settings."""
        return cls(parent=course.parent, **{name: getattr(course, name) for name in course.trait_names(config=True)})

    def get_existing_timestamp(self, dest_path: str) -> datetime | None:
        try:
            found = Path(dest_path, "timestamp.txt").lstat()
            if stat.S_ISREG(found.st_mode) and found.st_size <= MAX_TIMESTAMP:
                date: datetime | None = super().get_existing_timestamp(dest_path)
                return date
        except FileNotFoundError:
            return None
        except Exception:  # whatever stands there: nbgrader has no words for it but an AttributeError
            self.log.warning("When %s was handed in cannot be read", dest_path)
        return None


def opened(course: CourseDirectory, student: str, assignment: str) -> Submission:
    """Read a submission; raise CourseError when the course keeps them in another way than by student and assignment."""
    folder = Path(course.format_path(course.submitted_directory, student, assignment))
    if folder.parts[-2:] != (student, assignment):
        raise CourseError(f"{folder} does not end with {student}/{assignment}: leave directory_structure as it is")
    return read_submission(
        folder.parents[1], StudentFolder(student, student, not folder.parent.is_symlink()), assignment
    )


def readable(submission: Submission, assignment: str) -> NotebookNode:
    """Return the notebook of a submission, or the released one where there is none that can be graded.

    Raises:
        CourseError: there is none, and the assignment has no judge that could give a verdict all the same.
    """
    try:
        if submission.status == "graded":
            return _parsed(submission.notebook)
    except Unreadable:
        pass
    return _parsed(load(assignment).released)


def _parsed(data: bytes) -> NotebookNode:
    """Return a notebook, without outputs where nbformat does not like something in it; raise Unreadable."""
    cells = read_notebook(data)
    try:
        notebook: NotebookNode = nbformat.reads(data.decode("utf-8-sig"), as_version=4)
    except Exception:  # nbformat has many words for that
        notebook = new_notebook(cells=list(map(_node, cells)))
    return notebook


def _node(cell: NotebookCell) -> NotebookNode:
    node: NotebookNode = new_code_cell(cell.source) if cell.code else new_markdown_cell(cell.source)
    if cell.grade_id:
        node.metadata.nbgrader = {"grade_id": cell.grade_id, "solution": cell.solution}
    return node


def is_linked(course: CourseDirectory, folder: Path) -> bool:
    """Tell whether the way from a course's submissions to one of them leads over a link."""
    root = Path(course.format_path(course.submitted_directory, ".", "."))
    return any(part.is_symlink() for part in (folder, *folder.parents) if part.is_relative_to(root) and part != root)


def irregular(folder: Path, largest: int) -> Iterator[Path]:
    """Yield what nbgrader is not to copy: links, pipes, devices, and files of more bytes than this."""
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place, name)
            found = path.lstat()
            if not stat.S_ISDIR(found.st_mode) and (not stat.S_ISREG(found.st_mode) or found.st_size > largest):
                yield path
