"""What holds in all exercises of an assignment, said once in its notebook: `python -m autograder.checks.rules`.

Which sentences a notebook has follows from what its exercises declare.
"""

import inspect
import sys
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path

from autograder.checks.again import in_every_way
from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.exercise import Exercise
from autograder.checks.implementation import resolve

SOLUTIONS = Path("solutions")
TITLE = "**Rules of all checks.**"
START = '# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "start"'
"""How the cell begins that follows the rules."""
WIDTH = 116


def _takes(*names: str) -> Callable[[Exercise], bool]:
    return lambda exercise: any(name in inspect.signature(resolve(exercise.reference)).parameters for name in names)


def _asks_again(exercise: Exercise) -> bool:
    return any(requirement.key == in_every_way().__name__ for requirement in exercise.requirements)


def _refuses(exercise: Exercise) -> bool:
    return any(requirement.name.startswith("refuses") for requirement in exercise.requirements)


def _says_graph(exercise: Exercise) -> bool:
    return any("works without a graph" in requirement.name for requirement in exercise.requirements)


def _always(_: Exercise) -> bool:
    return True


RULES: tuple[tuple[Callable[[Exercise], bool], str], ...] = (
    (
        _asks_again,
        "An array that is returned has the dtype of the first array argument, and no argument is modified. Arrays may "
        "hold zeros, may have any size, may lie in memory in any order and may be read-only.",
    ),
    (
        _refuses,
        "What the line of an argument refuses raises `ValueError` with a message that names the argument or has the "
        "word *shape* in it.",
    ),
    (_takes("rate", "p_keep"), "A rate outside $[0, 1]$ is refused in training and at test time."),
    (
        _takes("rng", "generator"),
        "All randomness comes from the generator that is passed in. How you draw from it is up to you.",
    ),
    (
        _says_graph,
        "Whether gradients are recorded changes no result: the mode is `training` or `self.training`.",
    ),
    (_always, "A result depends on nothing that was called before, unless the exercise says so."),
)
"""Of which exercises a notebook says what."""


def rules(asked: Iterable[Exercise]) -> str:
    """Return the paragraph of rules of some exercises."""
    asked = tuple(asked)
    return " ".join([TITLE, *(sentence for holds, sentence in RULES if any(map(holds, asked)))])


def written(solution: str, paragraph: str) -> str:
    """Return a solution, a jupytext file, with this paragraph of rules before its first cell of code.

    Raises ValueError when there is no such cell.
    """
    before, found, after = solution.partition(START)
    if not found:
        raise ValueError("the solution has no cell with the grade_id start")
    introduction = before.partition(f"#\n# {TITLE}")[0].rstrip("\n")
    lines = textwrap.wrap(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join([introduction, "#", *(f"# {line}" for line in lines), "", f"{found}{after}"])


def main() -> None:
    for name in sys.argv[1:] or ASSIGNMENTS:
        path = SOLUTIONS / f"{name}.py"
        path.write_text(written(path.read_text(encoding="utf-8"), rules(exercises(name))), encoding="utf-8")


if __name__ == "__main__":
    main()
