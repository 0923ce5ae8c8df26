"""Inside nbgrader: `nbgrader autograde` with the project's settings gives the same scores as `autograder grade`."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.grading.assignment import load
from autograder.grading.gradebook import scores
from tests.agreement.book import Book, grade_id_of, text_of
from tests.grading.conftest import ASSIGNMENT, FIRST, SECOND, WRONG, answered, grade, hand_in

SETTINGS = Path(__file__).parents[2] / "nbgrader_config.py"

pytestmark = pytest.mark.xdist_group("autograde")


def edited(data: bytes) -> bytes:
    """Return a notebook whose graded cell is gone, whose answer comes twice, and whose points are forged."""
    notebook = json.loads(data)
    cells = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell for cell in notebook["cells"]}
    notebook["cells"].remove(cells[f"{FIRST.name}_check"])
    cells[f"{SECOND.name}_check"]["metadata"]["nbgrader"]["points"] = 1000
    notebook["cells"].append({**cells[FIRST.name], "id": "again", "source": "raise SystemExit"})
    return json.dumps(notebook).encode()


def nbgrader(course: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("nbgrader")
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        [program, *arguments], cwd=course, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a course in which nbgrader has graded a class, and nothing else was done before."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copy(SETTINGS, folder)
    hand_in(folder / "submitted", "ann", answered(0))
    hand_in(folder / "submitted", "bob", answered(1, "import sys\nprint('hm', file=sys.stderr)", **{FIRST.name: WRONG}))
    hand_in(folder / "submitted", "cy", edited(answered(2)))
    run = nbgrader(folder, "autograde", ASSIGNMENT)
    assert run.returncode == 0, run.stderr
    return folder


def test_both_ways_give_the_same_scores(course: Path) -> None:
    full = sum(exercise.points for exercise in load(ASSIGNMENT).exercises)
    expected = {("ann", ASSIGNMENT): full, ("bob", ASSIGNMENT): full - 3.5, ("cy", ASSIGNMENT): full}
    assert scores(f"sqlite:///{course / 'gradebook.db'}") == pytest.approx(expected)
    grade(course / "submitted", course / "graded")
    assert scores(f"sqlite:///{course / 'graded' / 'gradebook.db'}") == pytest.approx(expected)


def test_nothing_waits_for_a_person(course: Path) -> None:
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        assert not any(submission.needs_manual_grade for submission in book.assignment_submissions(ASSIGNMENT))


def without_rubric(source: str) -> str:
    return source.partition('\n\n<div class="rubric"')[0]


def test_whoever_grades_by_hand_sees_every_part_of_a_cell(course: Path) -> None:
    """nbgrader wants each grade_id once: the others are the student's own, in their places."""
    book = Book("noise_lab")
    book.paste("experiment", "print('the conclusion')")
    book.paste("experiment", "print('the figure')", after="experiment")
    book.write("experiment", "print('the runs')")
    book.paste("design", "The limits.", after="design")
    book.write("design", "The noise.")
    book.paste("NoiseLayer_check")
    place = course / "submitted" / "eve" / "noise_lab"
    place.mkdir(parents=True)
    (place / "noise_lab.ipynb").write_bytes(book.to_bytes())
    run = nbgrader(course, "autograde", "noise_lab")
    assert run.returncode == 0, run.stderr
    graded = json.loads((course / "autograded" / "eve" / "noise_lab" / "noise_lab.ipynb").read_text(encoding="utf-8"))
    sources = [without_rubric("".join(cell["source"])) for cell in graded["cells"]]
    parts = ["The noise.", "The limits.", "print('the runs')", "print('the figure')", "print('the conclusion')"]
    assert [source for source in sources if source in parts] == parts
    named = {grade_id_of(cell): without_rubric(text_of(cell)) for cell in graded["cells"] if grade_id_of(cell)}
    assert (named["design"], named["experiment"]) == ("The limits.", "print('the conclusion')")
    assert len(named) == sum(bool(grade_id_of(cell)) for cell in graded["cells"])
    first = book.number("experiment")
    assert f"Cells {first}, {first + 1} and {len(book.cells) - 1} are all cells of `experiment`" in json.dumps(graded)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book_of_grades:
        submission = book_of_grades.find_submission("noise_lab", "eve")
        assert submission.score == 10
        assert submission.needs_manual_grade


def test_nbgraders_feedback_shows_the_requirements(course: Path) -> None:
    run = nbgrader(course, "generate_feedback", ASSIGNMENT)
    assert run.returncode == 0, run.stderr
    page = (course / "feedback" / "bob" / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text(encoding="utf-8")
    assert FIRST.requirements[0].name in page
    assert "This looks like a known mistake: divides by rate." in page


def test_a_graded_cell_without_a_judge_is_a_hard_error(course: Path) -> None:
    hand_in(course / "submitted", "dan", None)
    stranger = course / "submitted" / "dan" / "stranger"
    stranger.mkdir()
    (stranger / "stranger.ipynb").write_bytes(answered(0))
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        book.add_assignment("stranger")
        book.add_notebook("stranger", "stranger")
        book.add_grade_cell(f"{FIRST.name}_check", "stranger", "stranger", max_score=10, cell_type="code")
    run = nbgrader(course, "autograde", "stranger")
    assert run.returncode != 0
    assert "stranger has no judges" in run.stderr
    assert scores(f"sqlite:///{course / 'gradebook.db'}").get(("dan", "stranger"), 0) == 0
