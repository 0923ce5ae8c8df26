"""The four ways to check a notebook, each for real; what they find, requirement by requirement."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from typer.testing import CliRunner

from autograder.cli import commands
from autograder.grading.run import ClassRun, Plan
from autograder.grading.verdicts import read_verdicts
from tests.agreement.notebooks import Notebook

Found = dict[str, dict[str, bool]]
"""Whether each requirement holds, by exercise."""

SETTINGS = Path(__file__).parents[2] / "nbgrader_config.py"
HEAD = re.compile(r"^(\w+): [\d.]+ of [\d.]+ points$", re.MULTILINE)
ROW = re.compile(r"^  (yes|NO | – )\s+[\d.]+ / [\d.]+\s+(.*)$", re.MULTILINE)
NOTHING_TO_ASK = ("NameError", "not written yet")


def tables(text: str) -> Found:
    """Read the tables that a check prints."""
    _, *parts = HEAD.split(text)
    found = {
        name: {row[2]: row[1] == "yes" for row in ROW.finditer(table)}
        for name, table in zip(parts[::2], parts[1::2], strict=True)
    }
    return {name: table for name, table in found.items() if table}  # the last line of all is about a whole notebook


def in_a_kernel(notebook: Notebook, folder: Path) -> Found:
    """Restart, run all cells, and read what the student's own checks show.

    Of several checks of one exercise the best counts. A check that found nothing to ask is run once more at the end, as
    a student does who has written the answer below it.
    """
    book = nbformat.reads(notebook.to_bytes().decode(), as_version=4)
    client = NotebookClient(book, timeout=600, allow_errors=True, resources={"metadata": {"path": str(folder)}})
    with client.setup_kernel():
        for place, cell in enumerate(book.cells):
            client.execute_cell(cell, place)
        for name in notebook.exercises:
            if not any(_shows(cell, name) for cell in book.cells):
                book.cells.append(new_code_cell(f"check({name})"))
                client.execute_cell(book.cells[-1], len(book.cells) - 1)
    found: Found = {}
    for cell in book.cells:
        for name, table in tables(_text(cell)).items():
            if sum(table.values()) >= sum(found.get(name, {}).values()):
                found[name] = table
    return found


def _shows(cell: NotebookNode, exercise: str) -> bool:
    text = _text(cell)
    return exercise in tables(text) and not any(words in text for words in NOTHING_TO_ASK)


def _text(cell: NotebookNode) -> str:
    outputs = cell.get("outputs", [])
    return "\n".join(item.get("data", {}).get("text/plain", "") or item.get("text", "") for item in outputs)


def by_check(notebook: Notebook, folder: Path) -> Found:
    """Run `autograder check` on a file."""
    path = folder / f"{notebook.assignment}.ipynb"
    path.write_bytes(notebook.to_bytes())
    run = CliRunner().invoke(commands, ["check", str(path)])
    assert run.exit_code in (0, 1), run.output
    return tables(run.output)


def by_grade(notebooks: Iterable[Notebook], folder: Path) -> dict[str, Found]:
    """Grade a class in which each student hands in one notebook, as `autograder grade` does."""
    notebooks = [*notebooks]
    hand_in(notebooks, folder / "submitted")
    ClassRun(Plan(folder / "submitted", folder / "out", workers=1)).run()
    verdicts = read_verdicts(folder / "out" / "verdicts.jsonl")
    return {
        notebook.name: {
            exercise.name: {item.name: item.passed for item in exercise.requirements}
            for exercise in verdicts[notebook.name, notebook.assignment].exercises
        }
        for notebook in notebooks
    }


def by_nbgrader(notebooks: Iterable[Notebook], folder: Path) -> dict[str, Found]:
    """Run `nbgrader autograde` on the same class, and read the tables that it leaves for feedback."""
    notebooks = [*notebooks]
    hand_in(notebooks, folder / "submitted")
    shutil.copy(SETTINGS, folder)
    for assignment in {notebook.assignment for notebook in notebooks}:
        program = Path(sys.executable).with_name("nbgrader")
        environment = os.environ | {"PYTHONWARNINGS": "ignore"}
        subprocess.run([program, "autograde", assignment], cwd=folder, env=environment, check=True)
    found = {}
    for notebook in notebooks:
        path = folder / "autograded" / notebook.name / notebook.assignment / f"{notebook.assignment}.ipynb"
        cells: list[Any] = nbformat.read(path, as_version=4).cells
        found[notebook.name] = tables("\n".join(map(_text, cells)))
    return found


def hand_in(notebooks: Iterable[Notebook], submitted: Path) -> None:
    """Write a class: every notebook is a student's."""
    for notebook in notebooks:
        place = submitted / notebook.name / notebook.assignment
        place.mkdir(parents=True)
        (place / f"{notebook.assignment}.ipynb").write_bytes(notebook.to_bytes())
