"""What formgrader shows of a submission: what cells showed, where that comes from, rubrics, and nothing that runs."""

import base64
import json
from dataclasses import replace

import nbformat
import pytest

from autograder.checks.catalogue import ASSIGNMENTS
from autograder.checks.judge import unjudged
from autograder.grading.assignment import Assignment, load
from autograder.grading.autograded import autograded, harmless, tabled
from autograder.grading.grade import Graded
from autograder.grading.rewritten import rewritten, texts
from autograder.grading.rubric import as_html, rubrics
from autograder.grading.shown import NOTHING, OURS, StoredOutput, read_stored, shown
from autograder.grading.verdicts import SubmissionVerdict
from autograder.kernels.notebook import NotebookCell, read_notebook
from autograder.kernels.pictures import Picture
from autograder.kernels.sanitise import restore
from autograder.kernels.session import CellResult
from tests.kernels.test_pictures import SVG, png
from tests.sample.submissions import notebook

NAME = "noise_lab"
DRAWING, SCHEME = Picture("image/png", png()), Picture("image/svg+xml", SVG)
DRAWN = base64.b64encode(png()).decode()
STOPPED = "took longer than 30 seconds and was stopped"


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return load(NAME)


def submission(**cells: dict[str, object]) -> bytes:
    """Return the released notebook with these fields of its cells."""
    content = json.loads(notebook(NAME, {}))
    for cell in content["cells"]:
        cell.update(cells.get(cell["metadata"].get("nbgrader", {}).get("grade_id", ""), {}))
    return json.dumps(content).encode()


def graded(assignment: Assignment, data: bytes, *results: CellResult) -> Graded:
    exercises = tuple(unjudged(exercise, "error", "not written") for exercise in assignment.exercises)
    verdict = SubmissionVerdict("ann", NAME, "sandbox", 0.0, 1, "", "", exercises)
    restored = tuple(restore(assignment.cells, read_notebook(data)))
    return Graded(verdict, assignment.version, cells=results, restored=restored)


def cells(data: bytes) -> dict[str, nbformat.NotebookNode]:
    content = nbformat.reads(data.decode(), as_version=4)
    nbformat.validate(content)
    return {cell.metadata.get("nbgrader", {}).get("grade_id", cell.id): cell for cell in content.cells}


@pytest.mark.parametrize(
    ("outputs", "stored"),
    [
        ([{"output_type": "stream", "name": "stdout", "text": ["a\x1b[31m", "b\n"]}], StoredOutput("ab\n")),
        ([{"output_type": "error", "ename": "E", "evalue": "v", "traceback": []}], StoredOutput("E: v\n")),
        ([{"output_type": "execute_result", "data": {"text/plain": "7", "text/html": "<b>7"}}], StoredOutput("7")),
        (
            [{"output_type": "display_data", "data": {"image/png": DRAWN, "text/plain": "F"}}],
            StoredOutput("", (DRAWING,)),
        ),
        ([{"output_type": "display_data", "data": {"image/svg+xml": SVG.decode()}}], StoredOutput("", (SCHEME,))),
        ([{"output_type": "display_data", "data": {"image/png": "no base64!"}}], StoredOutput()),
        ([{"output_type": "display_data", "data": {"image/png": "bm8gcG5n"}}], StoredOutput()),
        ([{"output_type": "stream", "text": {"a": 1}}, 7, None, {"output_type": []}], StoredOutput()),
        ("none", StoredOutput()),
    ],
)  # fmt: skip
def test_what_a_file_stores_is_read_as_far_as_it_can_be_shown(outputs: object, stored: StoredOutput) -> None:
    data = submission(experiment={"outputs": outputs})
    assert read_stored(data, {"experiment"}) == {"experiment": stored}


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"cells": 1}', b'{"cells": [1, {"metadata": 1}]}', b"[" * 100_000]
)
def test_a_file_that_cannot_be_read_stores_nothing(data: bytes) -> None:
    assert read_stored(data, {"experiment"}) == {}


def test_only_the_cells_that_a_person_grades_are_read() -> None:
    assert read_stored(submission(), ()) == {}
    assert read_stored(submission(), {"design"}).keys() == {"design"}


@pytest.mark.parametrize(
    ("result", "stored", "origin", "text"),
    [
        (CellResult("c", "ok", output="ours"), StoredOutput("theirs"), OURS, "ours"),
        (CellResult("c", "error", "E: v", "ours"), StoredOutput("theirs"), f"{OURS} Then it raised E: v.", "ours"),
        (CellResult("c", "timeout", STOPPED), StoredOutput("theirs"), "took longer", "theirs"),
        (CellResult("c", "ok"), StoredOutput("theirs"), "there, it showed nothing", "theirs"),
        (None, StoredOutput("theirs"), "stored in the file that was handed in", "theirs"),
        (CellResult("c", "error", "E: v"), NOTHING, "in our run, it raised E: v.", ""),
        (CellResult("c", "ok"), NOTHING, "", ""),
    ],
)  # fmt: skip
def test_our_own_run_comes_first_and_it_is_said_which(
    result: CellResult | None, stored: StoredOutput, origin: str, text: str
) -> None:
    seen = shown(result, stored)
    assert seen.text == text
    assert origin in seen.origin


def test_a_person_sees_text_pictures_rubric_and_table(assignment: Assignment) -> None:
    data = submission(design={"source": "My $x$."}, experiment={"source": "plot()"})
    result = CellResult("experiment", "ok", output="No difference.\n", pictures=(DRAWING, SCHEME))
    stored = {"design": StoredOutput(attachments={"photo.png": DRAWING})}
    found = cells(autograded(assignment, graded(assignment, data, result), stored))
    origin, text, drawing, scheme, rubric = found["experiment"].outputs
    assert OURS in origin.data["text/html"]
    assert text.text == "No difference.\n"
    assert DRAWN in drawing.data["text/html"]
    assert '<img alt="shown by the cell"' in scheme.data["text/html"]
    assert "<svg" not in scheme.data["text/html"]
    assert "Repetition" in rubric.data["text/html"]
    assert found["design"].source.startswith("My $x$.")
    assert 'data-name="The mean"' in found["design"].source
    assert found["design"].attachments == {"photo.png": {"image/png": DRAWN}}
    assert "not written" in found["NoiseLayer_check"].outputs[0].data["text/html"]
    assert found["experiment"].metadata.nbgrader.points == 15


def test_what_the_student_did_elsewhere_is_there_to_be_read(assignment: Assignment) -> None:
    content = json.loads(submission())
    own = {"cell_type": "markdown", "id": "x", "metadata": {}, "source": "Why not <b>this</b>?"}
    content["cells"].insert(3, own)
    data = json.dumps(content).encode()
    failed = CellResult("lab", "error", "NameError: x")
    found = cells(autograded(assignment, graded(assignment, data, failed), {}))
    assert any(cell.source == "Why not < b>this< /b>?" for cell in found.values())
    assert found["lab"].outputs[0].text == "In our run, this cell raised NameError: x"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("<script>alert(1)</script>", "< script>alert(1)< /script>"),
        ("$a<b$ and 1 < 2", "$a< b$ and 1 < 2"),
        ("<!-- x --><?php", "< !-- x -->< ?php"),
        ("![x](http://evil/x.png)", "[x](http://evil/x.png)"),
        ("![x][ref]", "[x][ref]"),
        ("![photo](attachment:p.png)", "![photo](attachment:p.png)"),
        ("plain *text*", "plain *text*"),
    ],
)
def test_markdown_of_a_student_runs_nothing_and_fetches_nothing(text: str, safe: str) -> None:
    assert harmless(text) == safe


def test_a_new_verdict_changes_the_tables_and_nothing_else(assignment: Assignment) -> None:
    first = graded(assignment, submission(experiment={"source": "1"}), CellResult("experiment", "ok", output="seen"))
    before = autograded(assignment, first, {})
    exercises = tuple(unjudged(exercise, "error", "something else") for exercise in assignment.exercises)
    after = tabled(before, replace(first, verdict=replace(first.verdict, exercises=exercises), restored=(), cells=()))
    old, new = cells(before), cells(after)
    assert "something else" in new["NoiseLayer_check"].outputs[0].data["text/html"]
    assert {name for name in old if old[name] != new[name]} == {"NoiseLayer_check"}


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_every_cell_that_a_person_grades_has_a_rubric_of_its_points(name: str) -> None:
    by_hand = {cell.grade_id: cell.points for cell in load(name).cells if cell.grade and cell.solution}
    found = rubrics(load(name).cells)
    assert {grade_id: sum(item.points for item in items) for grade_id, items in found.items()} == by_hand
    for grade_id, items in found.items():
        assert len({item.name for item in items}) == len(items)
        assert not any(";" in item.name for item in items)
        assert "\n\n" not in as_html(grade_id, items), "a blank line ends HTML in Markdown"


def test_an_answer_that_was_written_anew_is_known_by_its_text(assignment: Assignment) -> None:
    def answer(text: str, **fields: object) -> NotebookCell:
        return NotebookCell(True, text, "x", solution=True, **fields)

    once, again = texts([answer("a")]), texts([answer("b")])
    assert rewritten(once, {"texts": once}) == frozenset()
    assert rewritten(again, {"texts": once}) == {"x", "x_check"}
    assert rewritten(once, None) == {"x", "x_check"}
    copy = NotebookCell(True, "c", "cell 9", copy_of="x")
    assert texts([answer("a"), copy]) != once
    assert texts([NotebookCell(True, "fixed", "y", locked=True)]) == {}
