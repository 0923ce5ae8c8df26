"""Released notebooks are exactly what the solutions make, hold no answer, and can be completed."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.release import ReleaseError, read_solution, release

ROOT = Path(__file__).parent.parent
SOLUTIONS, EXERCISES = ROOT / "solutions", ROOT / "exercises"

pytestmark = pytest.mark.timeout(3000)  # the laboratory trains for minutes, for longer where other programs run

LIGHT = {"dropout_numpy", "layernorm", "pooling", "detective"}
"""Assignments whose solutions neither start a framework nor train."""
SOLVED = [pytest.param(name, marks=() if name in LIGHT else pytest.mark.solutions) for name in ASSIGNMENTS]


def released(assignment):
    return nbformat.read(EXERCISES / assignment / f"{assignment}.ipynb", as_version=4)


def answers(assignment):
    """Return the lines that the solution hides, of the length at which a line is an answer rather than syntax."""
    text = (SOLUTIONS / f"{assignment}.py").read_text()
    hidden = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", text, flags=re.DOTALL)
    assert hidden
    return {line.strip() for block in hidden for line in block.splitlines() if len(line.strip()) > 25}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_regenerating_changes_nothing(assignment, tmp_path):
    again = release(assignment, SOLUTIONS, tmp_path)
    committed = EXERCISES / assignment / f"{assignment}.ipynb"
    assert again.read_text() == committed.read_text(), "run `autograder release`"


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_released_notebook_holds_no_answer_and_no_output(assignment):
    notebook = released(assignment)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert "SOLUTION" not in code
    assert not [line for line in answers(assignment) if line in code]
    assert not any(cell.outputs for cell in notebook.cells if cell.cell_type == "code")


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_exercise_has_an_answer_cell_a_check_and_its_points(assignment):
    cells = {cell.id: cell for cell in released(assignment).cells}
    for exercise in exercises(assignment):
        answer, graded = cells[exercise.name], cells[f"{exercise.name}_check"]
        assert answer.metadata.nbgrader.solution
        assert not answer.metadata.nbgrader.locked
        assert "raise NotImplementedError()" in answer.source
        assert graded.source == f"check({exercise.name})"
        assert graded.metadata.nbgrader.points == exercise.points


@pytest.mark.parametrize("assignment", SOLVED)
def test_solution_runs_to_the_end_in_a_real_kernel(assignment, tmp_path):
    """Every cell runs, so every check passes: a check raises when a requirement does not hold."""
    notebook = read_solution(assignment, SOLUTIONS)
    NotebookClient(notebook, timeout=None, resources={"metadata": {"path": str(tmp_path)}}).execute()
    tables = [
        output.data["text/html"]
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.source.startswith("check(")
        for output in cell.outputs
        if output.output_type == "display_data"
    ]
    assert len(tables) == len(exercises(assignment))
    assert all("points" in table for table in tables)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_run_all_goes_to_the_end_and_every_check_fails_with_a_friendly_message(assignment, tmp_path):
    notebook = released(assignment)
    NotebookClient(notebook, timeout=None, resources={"metadata": {"path": str(tmp_path)}}).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.startswith("check("):
            shown = "".join(output.data["text/html"] for output in cell.outputs if output.output_type == "display_data")
            assert "not written yet" in shown
            assert cell.outputs[-1].ename == "NotYet"


def test_points_that_differ_from_the_checks_are_refused(tmp_path):
    text = (SOLUTIONS / "dropout_numpy.py").read_text().replace('"points": 10', '"points": 11')
    (tmp_path / "dropout_numpy.py").write_text(text)
    with pytest.raises(ReleaseError, match=r"dropout_forward_check has 11 points in the notebook, 10.0 in checks"):
        read_solution("dropout_numpy", tmp_path)


def test_missing_solution_is_named(tmp_path):
    with pytest.raises(ReleaseError, match=r"nowhere\.py does not exist"):
        read_solution("nowhere", tmp_path)
