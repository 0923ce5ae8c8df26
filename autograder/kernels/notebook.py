"""Reading a notebook that nobody vouches for: its cells, without what was saved beside them."""

import json
import re
from dataclasses import dataclass
from typing import Any

MAX_BYTES = 64 * 2**20
MAX_LEAN_BYTES = 16 * 2**20
"""Bytes of a file, and of what is left of it without outputs."""
MAX_DEPTH = 200
"""Lists and objects within one another: far more than Jupyter writes, and fewer than Python reads."""
MAX_CELLS = 2_000
MAX_SOURCE = 2 * 2**20
"""Characters of all cells of a notebook together."""

STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
"""A string of JSON, also one without an end. The repetitions never give back what they took: what no match can end
would be tried again from every quote."""
PLAIN = rb'[^\[\]{}"]'
FLAT = rb"[\[{](?:" + PLAIN + rb"++|" + STRING + rb")*+[\]}]"
"""A list or an object in which there is no other."""
TOKEN = re.compile(STRING + rb"|[\[\]{}]", re.DOTALL)
INSIDE = re.compile(rb"(?:(?:" + STRING + rb"|" + FLAT + rb")" + PLAIN + rb"*+)++|[\[{]++|[\]}]++", re.DOTALL)

IN_NOTEBOOK, IN_CELL = 1, 3
DROPPED = {IN_NOTEBOOK: {b'"metadata"'}, IN_CELL: {b'"outputs"', b'"attachments"'}}
"""Lists and objects that are not read, by how deep in the file they stand: they hold most of it, pictures above all."""

ENCODINGS = {
    "UTF-32": (b"\xff\xfe\0\0", b"\0\0\xfe\xff", b"{\0\0\0", b"\0\0\0{"),
    "UTF-16": (b"\xff\xfe", b"\xfe\xff", b"{\0", b"\0{"),
}
"""How a notebook begins in an encoding that Jupyter does not read; what fits both is the first."""

AGAIN = "open it in Jupyter, save it and submit it again"


class Unreadable(Exception):
    """A file is no notebook that can be graded; the message is one sentence for its author."""


@dataclass(frozen=True)
class NotebookCell:
    """A cell as it stands in a notebook, with the part of nbgrader's metadata that means something in a release.

    Beside a release, a cell of the student's own has the grade_id "cell 3", by its place in the notebook, and `copy_of`
    names the answer of which it is a copy.
    """

    code: bool
    source: str
    grade_id: str = ""
    grade: bool = False
    solution: bool = False
    locked: bool = False
    points: float = 0.0
    copy_of: str = ""

    @property
    def is_check(self) -> bool:
        return self.grade and not self.solution

    @property
    def is_fixed(self) -> bool:
        return self.locked and not self.solution


def read_notebook(data: bytes) -> list[NotebookCell]:
    """Return the cells of a notebook in format 4; raise Unreadable, and nothing else, whatever the bytes are."""
    notebook = _parse(lean(data))
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise Unreadable(f"the file has no list of cells: {AGAIN}")
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


def lean(data: bytes) -> bytes:
    """Return a notebook without outputs, pictures and the state of widgets, in memory for what is left of it.

    Of what is too large or too deep all the same a part is returned, which cannot be read. No JSON library does both
    that is needed: build nothing of what is dropped, and read the NaN that notebooks hold.
    """
    kept: list[bytes] = []
    depth = done = at = dropped = 0
    name = b""
    while (token := TOKEN.search(data, at)) and depth <= MAX_DEPTH and at - dropped <= MAX_LEAN_BYTES:
        start, at = token.span()
        if data[start] in b"]}":
            depth -= 1
        elif data[start] in b"[{" and name in DROPPED.get(depth, ()):
            kept.append(data[done:start] + b"null")
            at = done = _end(data, at)
            dropped += at - start
        elif data[start] in b"[{":
            depth += 1
        name = token[0] if depth in DROPPED else b""
    return b"".join([*kept, data[done : done + MAX_LEAN_BYTES + 1]])[: MAX_LEAN_BYTES + 1]


def _end(data: bytes, at: int) -> int:
    """Return where a list or object ends whose bracket ends at a place; the end of the data when it does not."""
    depth = 1
    for token in INSIDE.finditer(data, at):
        start, end = token.span()
        if data[start] in b"]}":
            depth -= end - start
        elif data[end - 1] in b"[{":
            depth += end - start
        if depth <= 0:
            return end + depth
        if depth > MAX_DEPTH:
            break
    return len(data)


def _parse(data: bytes) -> Any:
    """Return what JSON says; raise Unreadable with what is wrong with the file."""
    if len(data) > MAX_LEAN_BYTES:
        raise Unreadable(
            f"the notebook holds more than {MAX_LEAN_BYTES >> 20} MB beside its outputs: take out what is no text"
        )
    for encoding, beginnings in ENCODINGS.items():
        if data.startswith(beginnings):
            raise Unreadable(f"the file is saved as {encoding}: save it as UTF-8, as Jupyter does, and submit it again")
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        if _is_json(data.decode("latin-1")):
            raise Unreadable(
                "the file is saved as Latin-1 or the like: save it as UTF-8, as Jupyter does, and submit it again"
            ) from None
    except (ValueError, RecursionError, MemoryError):
        pass
    raise Unreadable(f"the file is not a notebook: {AGAIN}")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError, MemoryError):
        return False
    return True


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
