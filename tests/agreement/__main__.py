"""Check ordinary notebooks in all four ways: `python -m tests.agreement [NAME]...`, by default the whole stock.

A table says how many requirements hold each way; the exit code is 1 when two ways do not agree.
"""

import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.agreement.notebooks import STOCK, Notebook
from tests.agreement.ways import Found, by_check, by_grade, by_nbgrader, in_a_kernel


def main(names: list[str]) -> int:
    """Print the table; return how many notebooks the ways do not agree on."""
    notebooks = [STOCK[name] for name in names]
    with tempfile.TemporaryDirectory() as folder:
        graded = by_grade(notebooks, Path(folder, "grade"))
        autograded = by_nbgrader(notebooks, Path(folder, "nbgrader"))
    table = Table("notebook", "its own checks", "autograder check", "autograder grade", "nbgrader autograde", "agree")
    differing = 0
    for notebook in notebooks:
        with tempfile.TemporaryDirectory() as own, tempfile.TemporaryDirectory() as folder:
            ways = [in_a_kernel(notebook, Path(own)), by_check(notebook, Path(folder))]
        ways += [graded[notebook.name], autograded[notebook.name]]
        agree = all(_seen(notebook, way) == _seen(notebook, ways[2]) for way in ways) and ways[1] == ways[2] == ways[3]
        differing += not agree
        table.add_row(notebook.name, *map(_held, ways), "yes" if agree else "NO")
    Console(width=120).print(table)
    return differing


def _seen(notebook: Notebook, found: Found) -> set[tuple[str, str]]:
    """Return the requirements that hold, of the exercises in which a notebook's own check finds something to ask."""
    return {
        (exercise, name)
        for exercise, requirements in found.items()
        for name, holds in requirements.items()
        if holds and exercise not in notebook.unseen
    }


def _held(found: Found) -> str:
    return str(sum(sum(requirements.values()) for requirements in found.values()))


if __name__ == "__main__":
    if not set(sys.argv[1:]) <= set(STOCK):
        sys.exit(__doc__)
    sys.exit(1 if main(sys.argv[1:] or list(STOCK)) else 0)
