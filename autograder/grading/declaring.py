"""A release described in a gradebook, also in one that holds submissions of an earlier release."""

import contextlib
import warnings
from collections.abc import Mapping
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.grading.assignment import Assignment
from autograder.grading.nbgrader_api import Comment, Grade, Gradebook, MissingEntry, SaveCells
from autograder.grading.output import counted
from autograder.grading.scores import label

PLACE = {"name", "notebook", "assignment"}
"""What says where a cell is, beside what it is."""


def declare(book: Gradebook, url: str, assignment: Assignment, worth: Mapping[str, float]) -> None:
    """Describe a release as `nbgrader generate_assignment` does, with the points that its graded cells have now.

    A cell that the release no longer has stays, and is worth nothing. Where a cell is worth another number of points
    than before, what a person gave for it waits for another look; where it is worth nothing any more, the person's
    points count no more and are kept in the comment.

    Args:
        book: the gradebook.
        url: its URL.
        assignment: with its release.
        worth: the points of each graded cell.
    """
    book.update_or_create_assignment(assignment.name)
    before = _max_scores(book, assignment.name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        notebook = nbformat.reads(assignment.released.decode(), as_version=4)
    place = {"notebook": assignment.name, "assignment": assignment.name, "db_url": url}
    SaveRelease(worth).preprocess(notebook, {"nbgrader": place})
    book.db.expire_all()
    now = _max_scores(book, assignment.name)
    changed = {name for name, points in now.items() if before.get(name, points) != points}
    for grade in _given_by_hand(book, assignment.name) if changed else ():
        if grade.name in changed:
            _look_again(grade, now[grade.name])
    book.db.commit()


class SaveRelease(SaveCells):  # type: ignore[misc]
    """Saves the cells of a release beside those that submissions of an earlier one have; nbgrader would refuse."""

    def __init__(self, worth: Mapping[str, float]) -> None:
        super().__init__()
        self._worth = worth

    def _create_grade_cell(self, cell: NotebookNode) -> None:
        super()._create_grade_cell(cell)
        name = cell.metadata.nbgrader["grade_id"]
        self.new_grade_cells[name]["max_score"] = self._worth[name]

    def _create_notebook(self, nb: NotebookNode) -> None:
        with contextlib.suppress(MissingEntry):
            notebook = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
            if notebook.submissions:
                self._join(notebook)
        super()._create_notebook(nb)

    def _join(self, notebook: Any) -> None:
        """Give submissions the cells that are new, and keep the cells that the release no longer has."""
        for kind, old, new in (
            ("grade", notebook.grade_cells, self.new_grade_cells),
            ("solution", notebook.solution_cells, self.new_solution_cells),
            ("source", notebook.source_cells, self.new_source_cells),
        ):
            there = {cell.name: cell.to_dict() for cell in old}
            for name in new.keys() - there.keys():
                cell = getattr(self.gradebook, f"add_{kind}_cell")(name, notebook.name, self.assignment_id, **new[name])
                self.gradebook.db.add_all(_places(kind, cell, notebook))
            for name in there.keys() - new.keys():
                kept = there[name] | ({"max_score": 0.0} if kind == "grade" else {})
                new[name] = {key: value for key, value in kept.items() if key not in PLACE}
        self.gradebook.db.commit()


def _places(kind: str, cell: Any, notebook: Any) -> list[Grade | Comment]:
    """Return a place in every submission for the points of a new cell, or for the comment on it."""
    if kind == "grade":
        return [Grade(cell_id=cell.id, notebook_id=item.id, needs_manual_grade=False) for item in notebook.submissions]
    if kind == "solution":
        return [Comment(cell_id=cell.id, notebook_id=item.id) for item in notebook.submissions]
    return []


def _look_again(grade: Grade, points: float) -> None:
    if points:
        grade.needs_manual_grade = True
        return
    kept = f"Given by hand before this counted for nothing: {counted(grade.manual_score, 'point')}."
    for comment in grade.notebook.comments:
        if comment.name == label(grade.name):
            comment.manual_comment = " ".join(filter(None, (comment.manual_comment, kept)))
    grade.manual_score, grade.needs_manual_grade = None, False


def _max_scores(book: Gradebook, assignment: str) -> dict[str, float]:
    return {
        cell.name: cell.max_score
        for notebook in book.find_assignment(assignment).notebooks
        for cell in notebook.grade_cells
    }


def _given_by_hand(book: Gradebook, assignment: str) -> list[Grade]:
    return [
        grade
        for submission in book.assignment_submissions(assignment)
        for notebook in submission.notebooks
        for grade in notebook.grades
        if grade.manual_score is not None
    ]
