"""Which assignment a notebook is, by its cells: one that was handed in under another name is not graded as that."""

from collections.abc import Sequence

from autograder.checks import catalogue
from autograder.grading.assignment import check_cell, load
from autograder.grading.errors import CourseError
from autograder.kernels.notebook import NotebookCell, Unreadable


def require_assignment(name: str, cells: Sequence[NotebookCell]) -> None:
    """Raise Unreadable when cells are those of another assignment."""
    if not _graded(name) & {cell.grade_id for cell in cells}:
        other = max(catalogue.assignments(), key=lambda item: (_resemblance(item, cells), item == name))
        if other != name:
            raise Unreadable(f"this is the notebook of `{other}`: hand in `{name}` here, and this one there")


def _graded(name: str) -> set[str]:
    """Return the grade_ids of answers and checks, which no two assignments share."""
    names = [exercise.name for exercise in catalogue.exercises(name)]
    return {*names, *map(check_cell, names)}


def _resemblance(name: str, cells: Sequence[NotebookCell]) -> int:
    """Count the cells that an assignment has handed out: by their grade_id, or by their text where that is lost."""
    try:
        given = {cell.source for cell in load(name).cells}
    except CourseError:
        given = set()
    graded = _graded(name)
    return sum(cell.grade_id in graded or cell.source in given for cell in cells)
