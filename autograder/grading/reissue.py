"""What another release of an assignment changes, and for whom: said when the release is made."""

from collections.abc import Iterator, Mapping

from autograder.grading.output import counted, number
from autograder.kernels.notebook import NotebookCell, Unreadable, read_notebook

Cells = Mapping[str, NotebookCell]


def changed(before: bytes | None, after: bytes) -> list[str]:
    """Return what differs between two releases, a line each; nothing to compare with, or nothing new, says nothing."""
    try:
        old, new = read_notebook(before or b""), read_notebook(after)
    except Unreadable:
        return []
    return [*_points(_named(old), _named(new)), *_texts(old, new)]


def next_step(graded: int, lines: list[str]) -> str:
    """Return what is to be done about submissions that are graded by the release before; an empty string for nothing.

    Args:
        graded: how many there are.
        lines: what differs.
    """
    lines = [line for line in lines if " point" in line]
    if not graded or not lines:
        return ""
    asks = any(line.endswith("is new") for line in lines)
    command = "autograder grade --resume" if asks else "autograder regrade"
    are = "is" if graded == 1 else "are"
    return f"{counted(graded, 'submission')} {are} graded by the release before: `{command}` says whose points change"


def _points(old: Cells, new: Cells) -> Iterator[str]:
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name), new.get(name)
        if after is not None and after.grade and before is None:
            yield f"{name}, of {counted(after.points, 'point')}, is new"
        elif before is not None and before.grade and after is None:
            yield f"{name}, of {counted(before.points, 'point')}, is dropped: it counts for nothing"
        elif before is not None and after is not None and before.points != after.points:
            yield f"{name} has {counted(after.points, 'point')} instead of {number(before.points)}"


def _texts(old: list[NotebookCell], new: list[NotebookCell]) -> Iterator[str]:
    """Say in which cells the words are others; those without a name are told apart by nothing else."""
    before, after = _named(old), _named(new)
    yield from (f"{name} has another text" for name in before if name in after and _differ(before[name], after[name]))
    if [cell.source for cell in old if not cell.grade_id] != [cell.source for cell in new if not cell.grade_id]:
        yield "the text between the exercises is another one"


def _differ(before: NotebookCell, after: NotebookCell) -> bool:
    return before.source != after.source


def _named(release: list[NotebookCell]) -> Cells:
    return {cell.grade_id: cell for cell in release if cell.grade_id}
