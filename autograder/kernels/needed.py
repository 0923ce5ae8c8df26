"""Which cells of a submission have to run: no example on which nothing rests, and no gap that was filled elsewhere."""

import math
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace

from autograder.kernels.names import Names, names_of
from autograder.kernels.notebook import NotebookCell
from autograder.kernels.session import EXPERIMENT, Cell

REFLECTION = {
    *("__builtins__", "__import__", "builtins", "dir", "eval", "exec", "get_ipython", "globals", "importlib"),
    *("inspect", "locals", "sys", "vars", "_", "__", "___", "In", "Out"),
}
"""Names with which code can reach a global, or what another cell returned, without naming it."""

MAX_SOURCE = 40_000
"""Characters of a cell that is looked at. The time grows with their square, so that squares are summed over cells."""


@dataclass(frozen=True)
class Step:
    """A cell with its names; a check looks up its exercise, and an example is what was handed out and is no answer."""

    cell: Cell
    names: Names
    is_example: bool


def needed(cells: Sequence[Cell], released: Sequence[NotebookCell]) -> list[Cell]:
    """Leave out the examples that define nothing that a cell which runs speaks of, and gaps that were filled before.

    Examples show a student what an answer does. They take most of the time of a notebook and decide no grade, unless an
    answer counts its calls. A gap, an answer that is as it was released, would undo what the student defined under its
    name in a cell above it.

    Args:
        cells: the code cells and the checks of a submission, in order.
        released: the released notebook; what stands there as it was released, and is no answer, is an example.

    Returns:
        The cells to run and the checks, in order, each with the part of the notebook that it belongs to; none is left
        out where that cannot be told from its text.
    """
    exercises = {cell.part for cell in cells if cell.is_check}
    if not is_readable(cells):
        return [_as_part(cell, exercises, not cell.id.startswith("cell ")) for cell in cells]
    given = {cell.source for cell in released if not cell.solution}
    steps = _without_filled_gaps([_step(cell, exercises, given) for cell in cells], released)
    graded = _resting(steps, lambda step: step.cell.part in exercises, _touched(steps))
    kept = _resting(steps, lambda step: not step.is_example, lambda step: step.names.bound)
    names = [step.names for step in steps]
    forgets = not _remembers([names[place] for place in graded], steps, exercises)
    if not (forgets and _is_told([names[place] for place in kept])):
        kept = set(range(len(steps)))
    return [_as_part(steps[place].cell, exercises, place in graded) for place in sorted(kept)]


def is_readable(cells: Sequence[Cell]) -> bool:
    """Tell whether it takes little time to read the names of all cells."""
    return math.hypot(*(len(cell.source) for cell in cells)) <= MAX_SOURCE


def _step(cell: Cell, exercises: Set[str], given: Set[str]) -> Step:
    if cell.is_check:
        return Step(cell, Names(at_once=frozenset({cell.part}), is_all=True), False)
    names = names_of(cell.source)
    return Step(replace(cell, part=_exercise(cell, names, exercises)), names, cell.source in given and not cell.part)


def _exercise(cell: Cell, names: Names, exercises: Set[str]) -> str:
    """Return the exercise that a cell answers, by its grade_id or its text; a copy may have become something else."""
    is_scratch = cell.id != cell.part and names != Names() and cell.part not in names.bound
    defined = sorted(exercises & names.bound)
    return cell.part if cell.part in exercises and not is_scratch else defined[0] if defined else ""


def _without_filled_gaps(steps: Sequence[Step], released: Sequence[NotebookCell]) -> list[Step]:
    gaps = {cell.source: cell.grade_id for cell in released if cell.solution}
    kept: list[Step] = []
    written = set[str]()
    for step in steps:
        if gaps.get(step.cell.source) not in written:
            kept.append(step)
        if step.cell.source not in gaps and not step.is_example:
            written |= step.names.bound
    return kept


def _touched(steps: Sequence[Step]) -> Callable[[Step], Set[str]]:
    """Tell what a cell may change: what it defines, and what is in the variables that it speaks of."""
    variables = frozenset[str]().union(*(step.names.variables for step in steps))
    return lambda step: step.names.bound | (step.names.at_once & variables)


def _resting(steps: Sequence[Step], chosen: Callable[[Step], bool], gives: Callable[[Step], Set[str]]) -> set[int]:
    """Return the places of chosen cells and of all that give what these speak of, at once or later."""
    places = {place for place, step in enumerate(steps) if chosen(step)}
    known = -1
    while known < len(places):
        known = len(places)
        asked = set[str]().union(*(steps[place].names.later for place in places))
        for place in reversed(range(len(steps))):
            if place not in places and not asked.isdisjoint(gives(steps[place])):
                places.add(place)
            if place in places:
                asked |= steps[place].names.at_once | steps[place].names.later
    return places


def _is_told(running: Sequence[Names]) -> bool:
    """Tell whether cells use nothing but what they name."""
    asked = frozenset[str]().union(*(names.at_once | names.later for names in running))
    return asked.isdisjoint(REFLECTION) and all(names.is_all for names in running)


def _remembers(answers: Sequence[Names], steps: Sequence[Step], exercises: Set[str]) -> bool:
    """Tell whether an answer may have a memory of its calls, in a variable of the student's."""
    variables = frozenset[str]().union(*(step.names.variables for step in steps if not step.is_example))
    return any(not names.later.isdisjoint(variables - exercises) for names in answers)


def _as_part(cell: Cell, exercises: Set[str], is_graded: bool) -> Cell:
    if cell.part in exercises:
        return cell
    return replace(cell, part="" if is_graded else EXPERIMENT)
