"""From a submitted notebook to the cells that are run: the release says what is fixed, the student what is answered."""

import json
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from autograder.kernels.session import Cell

MAX_BYTES = 16 * 2**20
MAX_CELLS = 2_000
MAX_SOURCE = 2 * 2**20
"""Characters of all cells of a notebook together."""


class Unreadable(Exception):
    """A file is no notebook that can be graded; the message is one sentence for its author."""


@dataclass(frozen=True)
class NotebookCell:
    """A cell as it stands in a notebook, with the part of nbgrader's metadata that means something in a release."""

    code: bool
    source: str
    grade_id: str = ""
    grade: bool = False
    solution: bool = False
    locked: bool = False
    points: float = 0.0

    @property
    def is_check(self) -> bool:
        return self.grade and not self.solution

    @property
    def is_fixed(self) -> bool:
        return self.locked and not self.solution


def read_notebook(data: bytes) -> list[NotebookCell]:
    """Return the cells of a notebook in format 4; raise Unreadable, and nothing else, whatever the bytes are."""
    if len(data) > MAX_BYTES:
        raise Unreadable(
            f"the notebook is larger than {MAX_BYTES >> 20} MB: clear its outputs, save it and submit it again"
        )
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError, MemoryError):
        raise Unreadable("the file is not a notebook: open it in Jupyter, save it and submit it again") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise Unreadable("the file has no list of cells: open it in Jupyter, save it and submit it again")
    if type(notebook.get("nbformat")) is not int or notebook["nbformat"] != 4:
        raise Unreadable(
            "only notebook format 4 can be graded: open it in a current Jupyter, save it and submit it again"
        )
    if len(notebook["cells"]) > MAX_CELLS:
        raise Unreadable(f"the notebook has more than {MAX_CELLS} cells")
    cells = [_read_cell(cell, number) for number, cell in enumerate(notebook["cells"], 1)]
    if sum(len(cell.source) for cell in cells) > MAX_SOURCE:
        raise Unreadable(f"the cells hold more than {MAX_SOURCE >> 20} million characters")
    return cells


def restore(released: Sequence[NotebookCell], submitted: Sequence[NotebookCell]) -> list[NotebookCell]:
    """Return a submission's cells in the student's order, everything fixed as it was released.

    Only a cell's grade_id is believed, and only to find its counterpart in the release: of two cells with one grade_id
    the first counts, fixed cells get their released source back (where they were deleted too), and what the release
    does not know is the student's own. Its grade_id becomes "cell 3", by its place in the notebook.
    """
    masters = {cell.grade_id: cell for cell in released if cell.grade_id}
    restored: dict[str, NotebookCell] = {}
    for cell in _with_fixed(released, _numbered(masters.keys(), submitted)):
        master = masters.get(cell.grade_id, NotebookCell(cell.code, cell.source, cell.grade_id))
        source = master.source if master.is_fixed else cell.source
        restored.setdefault(cell.grade_id, replace(master, source=source))
    return list(restored.values())


def cells_to_run(released: Sequence[NotebookCell], submitted: Sequence[NotebookCell]) -> list[Cell]:
    """Return the restored code cells of a submission without its checks: those are judged elsewhere, never run."""
    cells = restore(released, submitted)
    return [Cell(cell.grade_id, cell.source) for cell in cells if cell.code and not cell.is_check]


def answered(released: Sequence[NotebookCell], submitted: Sequence[NotebookCell]) -> set[str]:
    """Return the grade_ids of manually graded cells in which the student wrote something."""
    by_hand = {cell.grade_id: cell.source for cell in released if cell.grade and cell.solution}
    first = {cell.grade_id: cell.source for cell in reversed(submitted)}
    return {grade_id for grade_id, source in by_hand.items() if first.get(grade_id, source).strip() != source.strip()}


def _numbered(known: Set[str], submitted: Sequence[NotebookCell]) -> list[NotebookCell]:
    """Name the student's own cells by their place in the notebook."""
    return [
        cell if cell.grade_id in known else replace(cell, grade_id=f"cell {n}") for n, cell in enumerate(submitted, 1)
    ]


def _with_fixed(released: Sequence[NotebookCell], submitted: Sequence[NotebookCell]) -> list[NotebookCell]:
    """Put back fixed cells that were deleted, each after the nearest cell before it in the release."""
    cells = list(submitted)
    place = 0
    for master in released:
        found = (
            next((index for index, cell in enumerate(cells) if cell.grade_id == master.grade_id), None)
            if master.grade_id
            else None
        )
        if found is not None:
            place = found + 1
        elif master.is_fixed:
            cells.insert(place, master)
            place += 1
    return cells


def _read_cell(cell: Any, number: int) -> NotebookCell:
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        raise Unreadable(f"cell {number} is damaged: open the notebook in Jupyter, save it and submit it again")
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise Unreadable(
            f"the text of cell {number} is damaged: open the notebook in Jupyter, save it and submit it again"
        )
    # A lone surrogate cannot be encoded and would break whatever carries the text further.
    source = source.encode("utf-8", "replace").decode()
    return NotebookCell(cell["cell_type"] == "code", source, **_read_metadata(cell.get("metadata")))


def _read_metadata(metadata: Any) -> dict[str, Any]:
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if not isinstance(nbgrader, dict) or not isinstance(nbgrader.get("grade_id"), str):
        return {}
    points = nbgrader.get("points")
    return {
        "grade_id": nbgrader["grade_id"],
        "grade": nbgrader.get("grade") is True,
        "solution": nbgrader.get("solution") is True,
        "locked": nbgrader.get("locked") is True,
        "points": float(points) if isinstance(points, int | float) and abs(points) < 1e6 else 0.0,
    }
