"""Which cells of a submission have to run: no example on which nothing rests, and no gap that was filled elsewhere."""

import math
import symtable
from collections.abc import Sequence

from autograder.kernels.sanitise import NotebookCell
from autograder.kernels.session import Cell

REFLECTION = {
    *("__builtins__", "__import__", "builtins", "dir", "eval", "exec", "get_ipython", "globals", "importlib"),
    *("inspect", "locals", "sys", "vars"),
}
"""Names with which code can reach a global without naming it."""

MAX_SOURCE = 40_000
"""Characters of a cell that is looked at. The time grows with their square, so that squares are summed over cells."""


def needed(cells: Sequence[Cell], released: Sequence[NotebookCell]) -> list[Cell]:
    """Leave out the examples that define nothing that a cell which runs speaks of, and gaps that were filled elsewhere.

    Examples show a student what an answer does. They take most of the time of a notebook and decide no grade. A gap, an
    answer that is as it was released, would undo what the student defined under its name in a cell before it.

    Args:
        cells: the code cells of a submission, in order.
        released: the released notebook; what stands there as it was released, and is no answer, is an example.

    Returns:
        The cells to run, in order; all of them where that cannot be told from their text.
    """
    examples = {cell.source for cell in released if not cell.solution}
    answers = {cell.grade_id for cell in released if cell.solution}
    if math.hypot(*(len(cell.source) for cell in cells)) > MAX_SOURCE:
        return list(cells)
    try:
        names = [Names(cell.source) for cell in cells]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return list(cells)
    cells, names = _without_filled_gaps(cells, names, released)
    runs = {place for place, cell in enumerate(cells) if cell.id in answers or cell.source not in examples}
    known = -1
    while known < len(runs):
        known = len(runs)
        asked = set[str]().union(*(names[place].later for place in runs))
        for place in reversed(range(len(cells))):
            if place not in runs and not asked.isdisjoint(names[place].bound):
                runs.add(place)
            if place in runs:
                asked |= names[place].at_once | names[place].later
        if asked & REFLECTION:
            return list(cells)
    return [cells[place] for place in sorted(runs)]


def _without_filled_gaps(
    cells: Sequence[Cell], names: Sequence["Names"], released: Sequence[NotebookCell]
) -> tuple[list[Cell], list["Names"]]:
    gaps = {(cell.grade_id, cell.source) for cell in released if cell.solution}
    given = {cell.source for cell in released}
    own = set[str]().union(*(names[place].bound for place, cell in enumerate(cells) if cell.source not in given))
    kept = [place for place, cell in enumerate(cells) if cell.id not in own or (cell.id, cell.source) not in gaps]
    return [cells[place] for place in kept], [names[place] for place in kept]


class Names:
    """The global names that a cell defines and looks up: at once, or when its functions are called."""

    def __init__(self, source: str) -> None:
        lines = ["" if line.strip() == "%matplotlib inline" else line for line in source.splitlines()]
        table = symtable.symtable("\n".join(lines), "cell", "exec")
        inner = _inner(table)
        self.at_once = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
        self.later = {symbol.get_name() for symbol in inner if symbol.is_referenced() and symbol.is_global()}
        self.bound = {symbol.get_name() for symbol in table.get_symbols() if _binds(symbol)}
        self.bound |= {symbol.get_name() for symbol in inner if _binds(symbol) and symbol.is_declared_global()}


def _inner(table: symtable.SymbolTable) -> list[symtable.Symbol]:
    """Return the symbols of everything inside a scope."""
    found = []
    for child in table.get_children():
        found += [*child.get_symbols(), *_inner(child)]
    return found


def _binds(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
