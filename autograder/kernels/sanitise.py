"""From a submitted notebook to the cells that are run: the release says what is fixed, the student what is answered."""

import ast
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from autograder.kernels.notebook import NotebookCell
from autograder.kernels.session import Cell

CHECK = "_check"
"""How the grade_id of the check of an exercise ends; it begins with the name of the exercise."""


MAX_FIXED = 40_000
"""Characters of a fixed cell that are looked at statement by statement."""


@dataclass(frozen=True)
class Note:
    """A sentence for whoever reads the feedback, about a cell of the release by its grade_id."""

    about: str
    text: str


def restore(released: Sequence[NotebookCell], submitted: Sequence[NotebookCell]) -> list[NotebookCell]:
    """Return a submission's cells in the student's order, everything fixed as it was released.

    Only a cell's grade_id is believed, and only to find its counterpart in the release; where the metadata are lost,
    its text finds it. What the release does not know is the student's own, and gets the grade_id "cell 3", by its place
    in the notebook. Of several cells with one grade_id all stay:

    - of answers, the last in which something was written is *the* answer, the others are the student's own;
    - of fixed cells, the first is restored, and what the student added to it stands beside it as a cell of the
      student's own; so do the others;
    - all checks are restored. One that was deleted comes back before the next cell of the release that is there, any
      other fixed cell after the one before it.
    """
    cells = _named(released, submitted)
    masters = {cell.grade_id: cell for cell in released if cell.grade_id}
    answers = {cell.grade_id: place for place, cell in enumerate(cells) if _is_written(cell, masters)}
    first = {cell.grade_id: place for place, cell in reversed([*enumerate(cells)])}
    restored: list[NotebookCell] = []
    for place, cell in enumerate(cells):
        own = NotebookCell(cell.code, cell.source, f"cell {place + 1}")
        master = masters.get(cell.grade_id, own)
        if master.is_fixed and (master.is_check or place == first[cell.grade_id]):
            above, below = _additions(master, cell)
            restored += [*_added(own, above), master, *_added(own, below)]
        elif master.solution and place == answers.get(cell.grade_id, first[cell.grade_id]):
            restored.append(replace(master, source=cell.source))
        else:
            restored.append(replace(own, code=master.code, copy_of=cell.grade_id if master.solution else ""))
    return _with_fixed(released, restored)


def steps(released: Sequence[NotebookCell], submitted: Sequence[NotebookCell]) -> list[Cell]:
    """Return the restored code cells of a submission in order, each check as the place where it asks."""
    return [
        Cell(cell.grade_id, cell.source, _exercise(cell), cell.is_check, cell.grade and cell.solution)
        for cell in restore(released, submitted)
        if cell.code
    ]


def notes(released: Sequence[NotebookCell], submitted: Sequence[NotebookCell]) -> list[Note]:
    """Return what a student should know of how the cells were taken: which are one answer, and which were restored."""
    masters = {cell.grade_id: cell for cell in released if cell.grade_id}
    places = defaultdict[str, list[int]](list)
    found = []
    for place, cell in enumerate(_named(released, submitted), 1):
        places[cell.grade_id].append(place)
        master = masters.get(cell.grade_id)
        fixed = master is not None and master.is_fixed and (master.is_check or len(places[cell.grade_id]) == 1)
        if master is not None and fixed and _changed(master, cell):
            kept = " What you had added ran as a cell of your own." if any(_additions(master, cell)) else ""
            found.append(Note(cell.grade_id, f"Cell {place} was put back to what was handed out.{kept}"))
    return found + [
        Note(grade_id, f"Cells {_listing(places[grade_id])} are all cells of `{grade_id}`: each of them counts.")
        for grade_id, master in masters.items()
        if master.solution and len(places[grade_id]) > 1
    ]


def _listing(places: Sequence[int]) -> str:
    *others, last = map(str, places)
    return f"{', '.join(others)} and {last}"


def answered(released: Sequence[NotebookCell], submitted: Sequence[NotebookCell]) -> set[str]:
    """Return the grade_ids of manually graded cells in which the student wrote something."""
    by_hand = {cell.grade_id: cell for cell in released if cell.grade and cell.solution}
    return {cell.grade_id for cell in submitted if _is_written(cell, by_hand)}


def is_blank(released: Sequence[NotebookCell], submitted: Sequence[NotebookCell]) -> bool:
    """Tell whether there is no text in a notebook but what was handed out."""
    given = {cell.source.strip() for cell in released}
    return all(cell.source.strip() in given or not cell.source.strip() for cell in submitted)


def _is_written(cell: NotebookCell, masters: dict[str, NotebookCell]) -> bool:
    master = masters.get(cell.grade_id)
    return master is not None and master.solution and cell.source.strip() != master.source.strip()


def _named(released: Sequence[NotebookCell], submitted: Sequence[NotebookCell]) -> list[NotebookCell]:
    """Give fixed cells that lost their metadata their grade_id back; another one is no grade_id of the release."""
    known = {cell.grade_id for cell in released if cell.grade_id}
    present = {cell.grade_id for cell in submitted}
    lost = {cell.source: cell.grade_id for cell in released if cell.is_fixed and cell.grade_id not in present}
    return [cell if cell.grade_id in known else replace(cell, grade_id=lost.get(cell.source, "")) for cell in submitted]


def _exercise(cell: NotebookCell) -> str:
    """Return the exercise that a cell checks or answers."""
    if cell.is_check:
        return cell.grade_id.removesuffix(CHECK)
    return cell.copy_of or (cell.grade_id if cell.solution else "")


def _added(own: NotebookCell, source: str) -> list[NotebookCell]:
    return [replace(own, source=source)] if source else []


def _with_fixed(released: Sequence[NotebookCell], restored: Sequence[NotebookCell]) -> list[NotebookCell]:
    """Put back fixed cells that were deleted."""
    cells = list(restored)
    for number, master in enumerate(released):
        if master.is_fixed and all(cell.grade_id != master.grade_id for cell in cells):
            before, after = _neighbors(released, number, cells)
            cells.insert(after if master.is_check else before, master)
    return cells


def _neighbors(released: Sequence[NotebookCell], number: int, cells: Sequence[NotebookCell]) -> tuple[int, int]:
    """Return the place behind the nearest released cell before one of this number, and that of the nearest after it.

    No cell is put behind a check for which it may have been meant.
    """
    places = {key: place for place, cell in enumerate(cells) for key in (cell.grade_id, cell.source)}

    def found(cell: NotebookCell) -> int | None:
        return places.get(cell.grade_id or cell.source)

    before = next(
        (place for cell in reversed(released[:number]) if not cell.is_check and (place := found(cell)) is not None), -1
    )
    after = next((place for cell in released[number + 1 :] if (place := found(cell)) is not None), len(cells))
    return before + 1, after


def _changed(master: NotebookCell, cell: NotebookCell) -> bool:
    return cell.source.split() != master.source.split()


def _additions(master: NotebookCell, cell: NotebookCell) -> tuple[str, str]:
    """Return what a student added to a fixed code cell: above what was released, and below.

    That is every statement, and every line of magic, that the released cell does not hold; what was changed counts as
    added. Of a cell that is no Python, such as one that is all magic, that is the whole.
    """
    if not (master.code and cell.code and _changed(master, cell)):
        return "", ""
    released, found = set(_statements(master.source)), _statements(cell.source)
    start = next((place for place, statement in enumerate(found) if statement in released), len(found))
    above, below = ([item for item in part if item not in released] for part in (found[:start], found[start:]))
    return "\n".join(above), "\n".join(below)


def _statements(source: str) -> list[str]:
    """Return the statements of a cell in order, written in one and the same style, and its lines of magic."""
    lines = source.splitlines()
    magics = {number: line.strip() for number, line in enumerate(lines, 1) if line.lstrip().startswith(("%", "!"))}
    plain = "\n".join("" if number in magics else line for number, line in enumerate(lines, 1))
    try:
        tree = ast.parse(plain if len(plain) <= MAX_FIXED and not source.startswith("%%") else "%%")
        statements = [(node.lineno, ast.unparse(node)) for node in tree.body]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [source]
    return [text for _, text in sorted([*statements, *magics.items()], key=lambda item: item[0])]
