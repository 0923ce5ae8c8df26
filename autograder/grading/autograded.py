"""The notebooks that formgrader shows: a submission as it was graded, and beside its cells what a person needs."""

import base64
import html
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.checks import catalogue
from autograder.checks.notebook import CheckResult
from autograder.grading.assignment import Assignment, check_cell
from autograder.grading.course import Course
from autograder.grading.grade import Graded
from autograder.grading.output import Output
from autograder.grading.rubric import as_html, rubrics
from autograder.grading.scores import Key
from autograder.grading.shown import NOTHING, Shown, StoredOutput, shown
from autograder.kernels.notebook import NotebookCell
from autograder.kernels.pictures import Picture
from autograder.kernels.session import CellResult

Node = dict[str, Any]

TAG = re.compile(r"<(?=[A-Za-z/!?])")
REMOTE = re.compile(r"!(?=\[[^\]]*\](?!\(attachment:))")
"""Where Markdown shows a picture that is not attached to the cell, and would be fetched from somewhere."""


def autograded(assignment: Assignment, graded: Graded, stored: Mapping[str, StoredOutput]) -> bytes:
    """Return a graded submission as a notebook in which a person reads and grades.

    Args:
        assignment: with its release, which has the texts between the answers.
        graded: the submission.
        stored: what the student's file stores with the cells that a person grades.
    """
    released = json.loads(assignment.released)
    masters = {_grade_id(node): node for node in released["cells"]}
    by_hand = rubrics(assignment.cells)
    results = {result.id: result for result in graded.cells}
    nodes = []
    # nbgrader knows a grade_id once: of several checks the last is its own, as where it grades alone.
    for number, cell in reversed([*enumerate(graded.restored)]):
        node = masters.pop(cell.grade_id, None) or _own(cell, number)
        node["source"] = cell.source if cell.code or cell.is_fixed else harmless(cell.source)
        result = results.get(cell.grade_id)
        if cell.code:
            node["outputs"] = _told(cell, graded, None if cell.grade else result)
        if cell.grade and cell.solution:
            kept = stored.get(cell.grade_id, NOTHING)
            rubric = as_html(cell.grade_id, by_hand[cell.grade_id]) if cell.grade_id in by_hand else ""
            _show(node, cell, shown(result, kept), kept.attachments, rubric)
        nodes.append(node)
    return _with_tables(released | {"cells": nodes[::-1]}, graded)


def place(course: Course, output: Output, key: Key) -> Path:
    """Return where the notebook of a submission is: where nbgrader looks in a course, else beside the verdicts."""
    student, assignment = key
    of_course = course.exists and output.folder.resolve() == course.graded.resolve()
    folder = (course.root if of_course else output.folder) / "autograded"
    return folder / student / assignment / f"{assignment}.ipynb"


def tabled(notebook: bytes, graded: Graded) -> bytes:
    """Return such a notebook with the tables of another verdict on the same answers."""
    return _with_tables(json.loads(notebook), graded)


def harmless(text: str) -> str:
    """Return Markdown of a student without HTML, which would run in the grader's browser, and without remote pictures.

    nbconvert can clean what it renders, but formgrader's own template does not ask it to.
    """
    return REMOTE.sub("", TAG.sub("< ", text))


def _show(node: Node, cell: NotebookCell, seen: Shown, attachments: Mapping[str, Picture], rubric: str) -> None:
    """Put what a cell showed, and its rubric, beside it."""
    if not cell.code:
        node["attachments"] = {
            name: {picture.kind: base64.b64encode(picture.data).decode()} for name, picture in attachments.items()
        }
        node["source"] += f"\n\n{rubric}" if rubric else ""
        return
    origin = [_html(f"<p><em>{html.escape(seen.origin)}</em></p>", seen.origin)] if seen.origin else []
    text = [_text(seen.text)] if seen.text else []
    node["outputs"] += [*origin, *text, *map(_picture, seen.pictures), *([_html(rubric, "")] if rubric else [])]


def _told(cell: NotebookCell, graded: Graded, result: CellResult | None) -> list[Node]:
    """Return what is to be said of a cell: how it was taken, and what became of it when we ran it."""
    told = [note.text for note in graded.notes if note.about == cell.grade_id]
    if result is not None and result.status != "ok":
        told.append(f"In our run, this cell {'raised ' if result.status == 'error' else ''}{result.message}")
    return [_text("\n".join(told))] if told else []


def _with_tables(notebook: Node, graded: Graded) -> bytes:
    """Put what the judges say under the checks: the table that the student saw."""
    assignment = graded.verdict.assignment
    known = catalogue.exercises(assignment) if assignment in catalogue.assignments() else ()
    declared = {check_cell(exercise.name): exercise for exercise in known}
    verdicts = {check_cell(verdict.name): verdict for verdict in graded.verdict.exercises}
    for node in notebook["cells"]:
        name = _grade_id(node)
        if name in declared and name in verdicts:
            report = CheckResult(declared[name], verdicts[name])
            texts = [output for output in node["outputs"] if output["output_type"] == "stream"]
            node["outputs"] = [*texts, _html(report._repr_html_(), str(report))]
    return json.dumps(notebook, ensure_ascii=False).encode()


def _own(cell: NotebookCell, number: int) -> Node:
    """Return a cell of the student's own."""
    code: Node = {"cell_type": "code", "execution_count": None, "outputs": []}
    kind: Node = code if cell.code else {"cell_type": "markdown"}
    return {**kind, "id": f"own-{number}", "metadata": {}}


def _text(text: str) -> Node:
    return {"output_type": "stream", "name": "stdout", "text": text}


def _html(markup: str, text: str) -> Node:
    return {"output_type": "display_data", "metadata": {}, "data": {"text/html": markup, "text/plain": text}}


def _picture(picture: Picture) -> Node:
    """Return a picture as an image, in which a browser runs nothing."""
    data = base64.b64encode(picture.data).decode()
    return _html(
        f'<img alt="shown by the cell" style="max-width:100%" src="data:{picture.kind};base64,{data}">', "[picture]"
    )


def _grade_id(node: Mapping[str, Any]) -> str:
    return str(node["metadata"].get("nbgrader", {}).get("grade_id", ""))
