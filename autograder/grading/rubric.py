"""Rubrics: the table above a cell that a person grades, item by item beside the cell in formgrader."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

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
    """Return the rubric of a cell as HTML, in which formgrader's page puts fields that fill in points and comment."""
    rows = Markup("").join(
        Markup('<span title="{text}" data-name="{name}" data-points="{points:g}">{name}: {points:g}</span><br>').format(
            text=item.text, points=item.points, name=item.name
        )
        for item in items
    )
    return str(Markup('<div class="rubric" data-cell="{}"><b>Rubric</b><br>{}</div>').format(grade_id, rows))


def _item(points: str, text: str) -> Item:
    head = HEAD.match(text)
    name = head["name"] if head else " ".join(text.split()[:4])
    return Item(name, HEAD.sub("", text), float(points))
