"""Rubrics: the table above a cell that a person grades, item by item beside the cell in formgrader."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from markupsafe import Markup

from autograder.kernels.notebook import NotebookCell

ROW = re.compile(r"^\|\s*(?P<points>\d+(?:\.\d+)?)\s*\|\s*(?P<text>.+?)\s*\|\s*$", re.MULTILINE)
HEAD = re.compile(r"^\*\*(?P<name>.+?)\.?\*\*\s*")


@dataclass(frozen=True)
class Item:
    """An item of a rubric: what it is called, what earns it, and its points."""

    name: str
    text: str
    points: float


def rubrics(released: Sequence[NotebookCell]) -> dict[str, list[Item]]:
    """Return the rubric of each cell that a person grades: the last table of points above it in the release."""
    found: dict[str, list[Item]] = {}
    table: list[Item] = []
    for cell in released:
        if cell.grade and cell.solution:
            found[cell.grade_id] = table
            table = []
        elif not cell.code and "| points |" in cell.source:
            table = [_item(row["points"], row["text"]) for row in ROW.finditer(cell.source)]
    return {grade_id: items for grade_id, items in found.items() if items}


def as_html(grade_id: str, items: Sequence[Item]) -> str:
    """Return the rubric of a cell as HTML, whose fields fill in points and comment of the cell in formgrader."""
    rows = Markup("").join(
        Markup('<label title="{text}"><input type="number" min="0" max="{points:g}" step="0.5" data-name="{name}"'
               ' style="width:4em"> / {points:g} {name}</label><br>').format(
            text=item.text, points=item.points, name=item.name
        )
        for item in items
    )  # fmt: skip
    script = Markup(resources.files("autograder.grading.templates").joinpath("rubric.js").read_text())  # noqa: S704
    return str(
        Markup('<div class="rubric" data-cell="{cell}"><b>Rubric</b><br>{rows}</div><script>{script}</script>').format(
            cell=grade_id, rows=rows, script=script
        )
    )


def _item(points: str, text: str) -> Item:
    head = HEAD.match(text)
    name = head["name"] if head else " ".join(text.split()[:4])
    return Item(name, HEAD.sub("", text), float(points))
