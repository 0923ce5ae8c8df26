"""The same executor and judges inside nbgrader: for `nbgrader autograde`, and so for formgrader's button."""

import logging
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from traitlets import Enum, Float, Integer
from traitlets.config import Application

from autograder.grading.assignment import Assignment, load, released_in
from autograder.grading.autograded import autograded, tabled
from autograder.grading.changes import settled
from autograder.grading.course import Course
from autograder.grading.errors import CourseError
from autograder.grading.grade import Task
from autograder.grading.gradebook import ClassGradebook, sqlite_file
from autograder.grading.opening import opened
from autograder.grading.reach import checkout, exchange, require_hidden, require_level
from autograder.grading.rewritten import rewritten
from autograder.grading.sources import write_sources
from autograder.grading.stock import is_judged, process
from autograder.grading.warm import work
from autograder.kernels.limits import MAX_SECONDS, Limits
from autograder.kernels.notebook import NotebookCell, read_notebook
from autograder.kernels.sanitise import restore

Processed = tuple[NotebookNode, dict[str, Any]]


def declare(assignment: str, **_: Any) -> None:
    """Describe an assignment in the gradebook before its first submission is graded; a hook of nbgrader's.

    nbgrader goes on after an exception. What must stop the class is an exit, with one line that says why.
    """
    app = Application.instance()
    coursedir = getattr(app, "coursedir", None)
    try:
        _require_confinement(app.config.Judge.get("isolation", "auto"), coursedir)
    except CourseError as lack:
        raise SystemExit(f"autograder: {lack}") from None
    if coursedir is not None and is_judged(assignment):
        write_sources(Course.here(), (assignment,))
        with ClassGradebook(coursedir.db_url, [_assignment(assignment)]):
            logging.getLogger(__name__).debug("declared %s", assignment)


def _require_confinement(isolation: str, coursedir: CourseDirectory | None) -> None:
    require_level(isolation)
    if isolation != "process":
        kept: dict[str, Path | None] = {"the course": checkout(), "nbgrader's exchange": exchange()}
        if coursedir is not None:
            kept |= {"the course folder": Path(coursedir.root), "the gradebook": sqlite_file(coursedir.db_url)}
        require_hidden(kept)


class Restore(NbGraderPreprocessor):  # type: ignore[misc]
    """Gives a submission its released cells and metadata back, as `autograder grade` does."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> Processed:
        if not is_judged(resources["nbgrader"]["assignment"]):
            return process("sanitize", self.parent, nb, resources)
        assignment = _assignment(resources["nbgrader"]["assignment"])
        released = nbformat.reads(assignment.released.decode(), as_version=4)
        submitted = read_notebook(nbformat.writes(nb).encode())
        masters = {_grade_id(cell): cell for cell in released.cells}
        # nbgrader knows a grade_id once: of several checks the last is its own, as where it grades alone.
        nodes = [_as_node(cell, masters) for cell in reversed(restore(assignment.cells, submitted))]
        released.cells = nodes[::-1]
        return released, resources


class Judge(SaveAutoGrades):  # type: ignore[misc]
    """Runs and judges the submitted file in place of nbgrader's Execute, and saves the verdict's points.

    Nothing that a cell prints or returns decides a grade. A graded cell without a judge is an error.
    """

    timeout = Float(30.0, min=0.1, max=MAX_SECONDS, help="Seconds of a processor for a cell or a question.").tag(
        config=True
    )
    memory = Integer(2048, help="Resident memory of a submission in MB.").tag(config=True)
    isolation = Enum(["auto", "sandbox", "landlock", "process"], "auto", help="How code is confined.").tag(config=True)
    seed = Integer(None, allow_none=True, help="Decides the hidden inputs; None keeps them.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> Processed:
        place = resources["nbgrader"]
        if not is_judged(place["assignment"]):
            return process("autograde", self.parent, nb, resources)
        assignment = _assignment(place["assignment"])
        coursedir = self.parent.parent.coursedir
        submission = opened(coursedir, place["student"], place["assignment"])
        limits = Limits(cell_seconds=self.timeout, memory_mb=self.memory)
        with ClassGradebook(place["db_url"], [assignment]) as book:
            seed = book.seed(wanted=self.seed)
        task = Task(submission, assignment, assignment.version, seed, limits, self.isolation)
        graded = work(task)
        if graded.is_late:
            graded = work(task).alone()
        graded = replace(graded, verdict=settled(graded.verdict, Course.here().changes))
        with ClassGradebook(place["db_url"], [assignment]) as book:
            # What was graded before is not known here, so that all that a person gave is to be looked at again.
            book.record([graded], anew={graded.verdict.key: rewritten(graded.texts, None)})
        data = nbformat.writes(nb).encode()
        seen = autograded(assignment, graded, submission.stored) if graded.restored else tabled(data, graded)
        processed: Processed = super().preprocess(nbformat.reads(seen.decode(), as_version=4), resources)
        return processed

    def _add_score(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        """Leave the scores alone: they are the verdict's."""


@cache
def _assignment(name: str) -> Assignment:
    return load(name, released_in(Course.here(), name))


def _as_node(cell: NotebookCell, masters: dict[str, NotebookNode]) -> NotebookNode:
    own: NotebookNode = new_code_cell() if cell.code else new_markdown_cell()
    node = masters.pop(cell.grade_id, own)
    node.source = cell.source
    return node


def _grade_id(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
