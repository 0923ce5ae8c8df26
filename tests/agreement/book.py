"""A notebook with right answers, and what people do to it."""

import copy
import json
from typing import Any

from tests.sample.submissions import notebook, right_cells

Cell = dict[str, Any]


class Book:
    """The released notebook of an assignment with right answers, ready to be edited."""

    def __init__(self, assignment: str) -> None:
        self.assignment = assignment
        self.answers = right_cells(assignment, 0)
        self.tree: dict[str, Any] = json.loads(notebook(assignment, self.answers))

    @property
    def cells(self) -> list[Cell]:
        cells: list[Cell] = self.tree["cells"]
        return cells

    def place(self, grade_id: str) -> int:
        """Return where the first cell with a grade_id stands."""
        return next(place for place, cell in enumerate(self.cells) if grade_id_of(cell) == grade_id)

    def number(self, grade_id: str) -> int:
        """Return the number by which people are told of that cell: they count from one."""
        return self.place(grade_id) + 1

    def cell(self, grade_id: str) -> Cell:
        return self.cells[self.place(grade_id)]

    def write(self, grade_id: str, source: str) -> None:
        """Give a cell another text."""
        self.cell(grade_id)["source"] = source

    def blank(self, grade_id: str) -> None:
        """Take an answer back to the gap that was released."""
        self.write(grade_id, text_of(self.released(grade_id)))

    def released(self, grade_id: str) -> Cell:
        cells = json.loads(notebook(self.assignment, {}))["cells"]
        found: Cell = next(cell for cell in cells if grade_id_of(cell) == grade_id)
        return found

    def add(self, source: str, after: str = "", before: str = "", kind: str = "code") -> None:
        """Put a cell of the student's own after or before another, by default at the end."""
        place = self.place(after) + 1 if after else self.place(before) if before else len(self.cells)
        cell: Cell = {"cell_type": kind, "id": f"own-{len(self.cells)}", "metadata": {}, "source": source}
        self.cells.insert(place, cell | ({"outputs": [], "execution_count": None} if kind == "code" else {}))

    def paste(self, grade_id: str, source: str | None = None, after: str = "") -> None:
        """Paste a copy of a cell, by default at the end; as in Jupyter it keeps the metadata."""
        pasted = copy.deepcopy(self.cell(grade_id)) | {"id": f"copy-{len(self.cells)}"}
        place = self.place(after) + 1 if after else len(self.cells)
        self.cells.insert(place, pasted if source is None else pasted | {"source": source})

    def cut(self, grade_id: str) -> Cell:
        return self.cells.pop(self.place(grade_id))

    def move(self, grade_id: str, after: str) -> None:
        moved = self.cut(grade_id)
        self.cells.insert(self.place(after) + 1, moved)

    def to_markdown(self, grade_id: str) -> None:
        """Turn a cell into text, as the key m does."""
        cell = self.cell(grade_id)
        cell["cell_type"] = "markdown"
        del cell["outputs"], cell["execution_count"]

    def to_bytes(self) -> bytes:
        return json.dumps(self.tree, indent=1).encode()


def grade_id_of(cell: Cell) -> str:
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


def text_of(cell: Cell) -> str:
    return "".join(cell["source"])
