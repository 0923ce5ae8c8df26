"""One submission: each exercise is judged where its check stands, and nothing that is honest costs points."""

import json

import pytest

from autograder.checks import catalogue
from autograder.grading.answers import Record, Replay
from autograder.grading.assignment import load
from autograder.grading.collect import Submission
from autograder.grading.grade import Graded, Task, submission_seed
from autograder.grading.sitting import Sitting
from autograder.grading.warm import work
from autograder.kernels.limits import Limits
from tests.agreement.book import Book
from tests.agreement.stock import FORWARD, MOMENTS, NAIVE
from tests.grading.conftest import ASSIGNMENT, FULL

pytestmark = pytest.mark.xdist_group("grade")


def judged(data: bytes, assignment: str = ASSIGNMENT, **limits: float) -> Graded:
    loaded = load(assignment)
    return work(Task(Submission.of("ann", assignment, data), loaded, loaded.version, 7, Limits(**limits)))


def points(graded: Graded) -> dict[str, float]:
    return {exercise.name: exercise.points for exercise in graded.verdict.exercises}


def messages(graded: Graded, exercise: str) -> set[str]:
    [verdict] = [it for it in graded.verdict.exercises if it.name == exercise]
    return {item.message for item in verdict.requirements}


def told(graded: Graded) -> list[str]:
    return [note.text for note in graded.notes]


LONG = "import time\nend = time.process_time() + 1.8\nwhile time.process_time() < end: pass"
"""Waiting would cost nothing: a second counts as far as a processor was used in it."""


@pytest.mark.parametrize("where", ["imports", "dropout_moments_check", ""])
def test_experiments_take_no_time_from_answers_and_questions(where: str) -> None:
    """Five of them take more than experiments may: the last is left out, wherever they stand."""
    book = Book(ASSIGNMENT)
    for number in range(6):
        book.add(f"{LONG}\ntrained_{number} = 1", after=where)
    graded = judged(book.to_bytes(), cell_seconds=2.0)
    assert graded.verdict.points == FULL
    skipped = [cell for cell in graded.cells if cell.status == "skipped"]
    assert skipped
    assert all("no grade rests on it" in cell.message for cell in skipped)


def test_an_experiment_that_is_stopped_takes_no_time_from_the_others() -> None:
    book = Book(ASSIGNMENT)
    book.add("while True: pass", after="imports")
    book.add("import os\nos._exit(0)", after="imports")
    graded = judged(book.to_bytes(), cell_seconds=4.0)
    assert graded.verdict.points == FULL
    assert [cell.status for cell in graded.cells if cell.status != "ok"] == ["died", "timeout"]


def test_what_answers_rest_on_runs_also_when_experiments_have_used_their_time() -> None:
    book = Book(ASSIGNMENT)
    for _ in range(6):
        book.add(LONG, after="imports")
    book.add("def _one():\n    return ONE[0]", before="dropout_moments")
    book.add("ONE = []", before="dropout_moments")
    book.add("ONE.append(1.0)", before="dropout_moments")
    book.write("dropout_moments", MOMENTS.replace("(1 - rate)", "(_one() - rate)"))
    assert judged(book.to_bytes(), cell_seconds=2.0).verdict.points == FULL


def test_answers_that_hang_take_no_time_from_the_others() -> None:
    book = Book(ASSIGNMENT)
    hanging = ["dropout_forward", "dropout_backward", "classic_dropout", "gaussian_dropout"]
    for name in hanging[:2]:
        book.write(name, f"def {name}(*args, **kwargs):\n    while True: pass\n")
    for name in hanging[2:]:
        book.write(name, "while True: pass\n")
    graded = judged(book.to_bytes(), cell_seconds=2.0)
    lost = {name for name, worth in points(graded).items() if worth == 0}
    assert lost == set(hanging)
    assert graded.verdict.points == sum(exercise.points for exercise in catalogue.exercises(ASSIGNMENT)[4:])


def test_an_exercise_is_asked_after_a_death_as_if_nothing_had_happened() -> None:
    """The child that follows runs again what had ended, and not the cell over which the first one died."""
    book = Book(ASSIGNMENT)
    book.add("ONE = 1.0\nopen('one.txt', 'w').write('1.0')", before="dropout_moments")
    book.write("dropout_moments", MOMENTS.replace("(1 - rate)", "(float(open('one.txt').read()) * ONE - rate)"))
    book.add("ONE = 2.0\nopen('one.txt', 'w').write('2.0')\nimport os\nos._exit(0)", before="dropout_moments_check")
    book.write("dropout_backward", "import os\ndef dropout_backward(*args): os._exit(0)")
    graded = judged(book.to_bytes())
    assert {name for name, worth in points(graded).items() if worth == 0} == {"dropout_backward"}
    assert graded.verdict.points == FULL - points(judged(Book(ASSIGNMENT).to_bytes()))["dropout_backward"]


@pytest.mark.parametrize(
    ("source", "place", "says"),
    [
        (NAIVE, "dropout_moments", "`dropout_moments` is defined again in cell {}, and the later one was asked."),
        ("_one = lambda: 3", "dropout_moments", "`_one`, which `dropout_moments` uses, is defined again in cell {}"),
    ],
)
def test_feedback_names_the_cell_that_defined_something_again(source: str, place: str, says: str) -> None:
    book = Book(ASSIGNMENT)
    book.write(
        "dropout_moments", "def _one():\n    return 1.0\n\n\n" + MOMENTS.replace("(1 - rate)", "(_one() - rate)")
    )
    book.add(source, after=place)
    graded = judged(book.to_bytes())
    assert 0 < graded.verdict.points < FULL
    assert any(text.startswith(says.format(book.number(place) + 1)) for text in told(graded)), told(graded)


def test_feedback_says_that_a_right_answer_below_its_check_came_too_late() -> None:
    book = Book(ASSIGNMENT)
    book.write("dropout_moments", NAIVE)
    book.add(MOMENTS)
    graded = judged(book.to_bytes())
    assert points(graded)["dropout_moments"] < 5
    last = len(book.cells)
    says = f"`dropout_moments` is defined again in cell {last}, below its check, which could not see that."
    assert told(graded) == [says]


def test_nothing_is_told_of_what_is_right() -> None:
    book = Book(ASSIGNMENT)
    book.add(NAIVE + "np = 5")
    assert told(judged(book.to_bytes())) == []


def test_copies_and_restored_cells_are_told_also_when_all_is_right() -> None:
    book = Book(ASSIGNMENT)
    book.paste("dropout_forward", FORWARD, after="dropout_forward")
    book.cell("imports")["source"] = "import math\n" + "".join(book.cell("imports")["source"])
    graded = judged(book.to_bytes())
    assert graded.verdict.points == FULL
    imports, forward = book.number("imports"), book.number("dropout_forward")
    assert told(graded) == [
        f"Cell {imports} was put back to what was handed out. What you had added ran as a cell of your own.",
        f"Cells {forward} and {forward + 1} are all cells of `dropout_forward`: each of them counts.",
    ]


def test_a_missing_answer_is_explained_by_the_copy_that_failed() -> None:
    book = Book(ASSIGNMENT)
    book.paste("dropout_forward", "import seaborn_of_the_future\n" + FORWARD, after="dropout_forward")
    book.write("dropout_forward", "helper = 1")
    [message] = messages(judged(book.to_bytes()), "dropout_forward")
    assert message == "its cell raised ModuleNotFoundError: No module named 'seaborn_of_the_future'"


def test_a_failing_cell_of_ones_own_explains_what_it_should_have_defined() -> None:
    book = Book(ASSIGNMENT)
    book.blank("dropout_moments")
    book.add("1 / 0\n" + MOMENTS, before="dropout_moments")
    [message] = messages(judged(book.to_bytes()), "dropout_moments")
    assert message == "its cell raised ZeroDivisionError: division by zero"


def test_a_verdict_is_repeated_from_its_record_with_the_cells_in_their_places() -> None:
    """Here a check asks twice, one finds nothing at first, and a cell fails only after its exercise was judged."""
    book = Book(ASSIGNMENT)
    book.write("dropout_moments", NAIVE)
    book.paste("dropout_moments_check")
    book.blank("dropout_forward")
    book.add(FORWARD)
    book.add("raise KeyError('late')\n" + MOMENTS)
    book.cut("dropout_ridge")
    graded = judged(book.to_bytes())
    record = Record.from_bytes(graded.record)
    assert record.cells == list(graded.cells)
    assert record.notes == list(graded.notes)
    sitting = Sitting(catalogue.exercises(ASSIGNMENT), Replay(record), submission_seed(7, ASSIGNMENT))
    sitting.repeat(record.course)
    assert sitting.verdicts == graded.verdict.exercises


def test_another_assignment_is_called_by_its_name() -> None:
    for bare in (False, True):
        book = Book("layernorm")
        for cell in book.cells:
            cell["metadata"] = {} if bare else cell["metadata"]
        graded = judged(book.to_bytes())
        assert graded.verdict.status == "invalid"
        assert messages(graded, "dropout_forward") == {
            "this is the notebook of `layernorm`: hand in `dropout_numpy` here, and this one there"
        }


@pytest.mark.parametrize(
    "cells", [[], [{"cell_type": "code", "metadata": {}, "source": "import numpy as np\n" + FORWARD}]]
)
def test_a_notebook_of_ones_own_is_no_other_assignment(cells: list[dict[str, object]]) -> None:
    data = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()
    graded = judged(data)
    assert graded.verdict.status == "error"
    assert points(graded)["dropout_forward"] == (10 if cells else 0)


TEXT = "A" * 4_000_000
ODD = "\x1b[31m\u202eEVIL\u200b\x00\ud800"
NAME = ODD.replace("\x00", "").replace("\ud800", "")
REPLIES = {
    "a long text": f"return 'A' * {len(TEXT)}",
    "many texts": "return ['A' * 4000] * 900",
    "an array of text": "return np.array(['A' * 100_000] * 15)",
    "an odd text": f"return {ODD!a}",
    "an odd type": f"return type({NAME!a}, (), {{}})()",
    "odd keys": f"return {{{ODD!a}: 1, 'B' * 3_000_000: 2}}",
    "an odd exception": f"raise type({NAME!a}, (Exception,), {{}})({ODD!a} * 1000)",
}


@pytest.mark.parametrize("name", REPLIES)
def test_text_of_an_answer_is_clean_and_short_wherever_it_is_quoted(name: str, tmp_path) -> None:
    book = Book("detective")
    for exercise in catalogue.exercises("detective"):
        book.write(exercise.name, f"import numpy as np\ndef {exercise.name}(*args, **kwargs):\n    {REPLIES[name]}")
    graded = judged(book.to_bytes(), "detective")
    requirements = [item for it in graded.verdict.exercises for item in it.requirements]
    assert len(graded.verdict.to_line()) < 1_500 * len(requirements)
    said = "".join(item.message for item in requirements)
    assert not {*"\x1b\u202e\u200b\x00\ud800"} & {*said}
    said.encode()


def test_what_is_printed_while_questions_are_asked_is_nobodys_to_read() -> None:
    book = Book(ASSIGNMENT)
    flood = "    for _ in range(2000): print(mean, 'x' * 1000)\n    if"
    book.write("dropout_moments", MOMENTS.replace("    if", flood, 1))
    graded = judged(book.to_bytes())
    assert graded.verdict.points == FULL
    assert b"xxx" not in graded.record


def test_blank_notebooks_are_known_as_such() -> None:
    book = Book(ASSIGNMENT)
    assert not judged(book.to_bytes()).is_blank
    for name in book.answers:
        book.blank(name)
    assert judged(book.to_bytes()).is_blank
