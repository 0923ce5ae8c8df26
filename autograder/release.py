"""Making what students get: solutions/*.py become released notebooks, by nbgrader's own generate_assignment."""

import os
import re
import sysconfig
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from autograder.checks.catalogue import exercises, source
from autograder.checks.rules import rules
from autograder.draft import Undrafted, draft
from autograder.first_cell import first_cell
from autograder.grading.errors import CourseError

START = "start"
"""The grade_id of the cell that finds the checks."""
PAGE = re.compile(r"\((?:\.\./)+((?:book|exercises)/[\w/-]+)\.(?:md|ipynb)")
"""A link from a notebook to a page of the book, which in a clone is the file that the page is made from."""
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


class ReleaseError(CourseError):
    """A solution cannot be released; the message says what to mend."""


@dataclass(frozen=True)
class Published:
    """Where a course can be had: what pip installs its checks from, and the address of its book; empty for nowhere."""

    checks: str = ""
    book: str = ""


NOWHERE = Published()


def release(assignment: str, solutions: Path, destination: Path, published: Published = NOWHERE) -> Path:
    """Make the notebook of one assignment from its solution.

    Args:
        assignment: its name; `solutions/<assignment>.py` is read, and where a course has none for an assignment of
            its own, the solution is drafted from what that declares.
        solutions: folder of jupytext py:percent files.
        destination: folder that gets `<assignment>/<assignment>.ipynb`.
        published: addresses to write into it.

    Returns:
        The path of the released notebook.

    Raises:
        ReleaseError: the solution is not there, its points differ from the exercises', or nbgrader refuses it.
    """
    notebook = read_solution(assignment, solutions)
    _state_rules(notebook, rules(exercises(assignment)))
    _address(notebook, published)
    released = destination / assignment / f"{assignment}.ipynb"
    released.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        generated = nbformat.read(_generate(assignment, notebook, Path(folder)), as_version=4)
    _go_on(generated)
    nbformat.write(generated, released)
    return released


def _state_rules(notebook: NotebookNode, paragraph: str) -> None:
    """Add what holds in all exercises to the text before the first cell of code."""
    for text, cell in pairwise(notebook.cells):
        if cell.id == START and text.cell_type == "markdown":
            text.source += f"\n\n{paragraph}"


def _address(notebook: NotebookNode, published: Published) -> None:
    """Write into a notebook where its checks and its book are."""
    for cell in notebook.cells:
        if cell.id == START:
            cell.source = first_cell(cell.source, published.checks, published.book)
    for cell in notebook.cells if published.book else ():
        cell.source = PAGE.sub(rf"({published.book.rstrip('/')}/\1.html", cell.source)


def _go_on(notebook: NotebookNode) -> None:
    """Let Run All go on to the end of a notebook whose answers are not written yet.

    Jupyter goes on behind a cell with this tag when it raises. The first cell and the imports have none: what lacks
    there lacks everywhere.
    """
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.id not in {START, "imports"}:
            cell.metadata.tags = [*cell.metadata.get("tags", []), "raises-exception"]


def read_solution(assignment: str, solutions: Path) -> NotebookNode:
    """Return a solution as a notebook whose cell ids are stable and whose graded cells agree with the exercises."""
    notebook = _written(assignment, solutions / f"{assignment}.py")
    notebook.metadata = NotebookNode(kernelspec=KERNEL, language_info={"name": "python"})
    for number, cell in enumerate(notebook.cells):
        cell.id = cell.metadata.get("nbgrader", {}).get("grade_id", f"cell-{number}")
    _require_points(assignment, notebook)
    return notebook


def _written(assignment: str, path: Path) -> NotebookNode:
    if path.is_file():
        notebook: NotebookNode = jupytext.read(path)
        return notebook
    if not (text := source(assignment)):
        raise ReleaseError(f"{path} does not exist")
    try:
        return draft(text, exercises(assignment))
    except Undrafted as lack:
        raise ReleaseError(f"{path} does not exist, and it cannot be drafted ({lack}): write it") from None


def _require_points(assignment: str, notebook: NotebookNode) -> None:
    graded = {}
    for cell in notebook.cells:
        metadata = cell.metadata.get("nbgrader", {})
        if metadata.get("grade") and not metadata.get("solution"):
            graded[metadata["grade_id"]] = metadata["points"]
    declared = {f"{exercise.name}_check": exercise.points for exercise in exercises(assignment)}
    for grade_id in graded.keys() | declared.keys():
        if graded.get(grade_id) != declared.get(grade_id):
            in_notebook, in_checks = graded.get(grade_id), declared.get(grade_id)
            raise ReleaseError(
                f"{assignment}: {grade_id} has {in_notebook} points in the notebook, {in_checks} in checks"
            )


def _generate(assignment: str, notebook: NotebookNode, course: Path) -> Path:
    source = course / "source" / assignment / f"{assignment}.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(notebook, source)
    config = Config()
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.course_id = "release"
    config.ClearSolutions.code_stub = {"python": "raise NotImplementedError()"}
    # A new gradebook calls `alembic` by name, also where the environment is not activated.
    os.environ["PATH"] = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ.get('PATH', '')}"
    outcome = NbGraderAPI(config=config).generate_assignment(assignment)
    if not outcome["success"]:
        raise ReleaseError(
            f"{assignment}: nbgrader could not generate it\n{outcome.get('log') or outcome.get('error')}"
        )
    return course / "release" / assignment / f"{assignment}.ipynb"
