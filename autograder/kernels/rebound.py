"""What a later cell puts in the place of an answer, or of something that it uses: a reason why the answer may fail."""

from collections.abc import Sequence

from autograder.checks.clean import MAX_NAME, clean
from autograder.kernels.names import names_of
from autograder.kernels.needed import is_readable
from autograder.kernels.sanitise import Note
from autograder.kernels.session import Cell

MOST = 3
"""Sentences about one exercise."""


def rebound(cells: Sequence[Cell], exercise: str, at_end: bool) -> list[Note]:
    """Return which cells define an exercise again, and which one defines again what its answer uses.

    Args:
        cells: those that ran and the checks, in order.
        exercise: one whose answer has failed.
        at_end: whether it was asked when all cells had run, because its check had found no answer.
    """
    if not is_readable(cells):
        return []
    names = [names_of("" if cell.is_check else cell.source) for cell in cells]
    answers = [place for place, it in enumerate(names) if exercise in it.bound]
    checks = [place for place, cell in enumerate(cells) if cell.is_check and cell.part == exercise]
    asked = len(cells) if at_end else checks[-1]
    told = [_again(f"`{exercise}`", cells[place], place < asked) for place in answers[1:]]
    uses = frozenset[str]().union(*(names[place].later for place in answers if place < asked)) - {exercise}
    for place in range(min(answers, default=asked), asked):
        again = {name for name in names[place].bound & uses if any(name in it.bound for it in names[:place])}
        told += [
            _again(f"`{clean(name, MAX_NAME)}`, which `{exercise}` uses,", cells[place], True) for name in sorted(again)
        ]
    return [Note(exercise, text) for text in told[:MOST]]


def _again(what: str, cell: Cell, is_asked: bool) -> str:
    where = cell.id if cell.id.startswith("cell ") else f"the cell `{cell.id}`"
    outcome = "and the later one was asked" if is_asked else "below its check, which could not see that"
    return f"{what} is defined again in {where}, {outcome}."
