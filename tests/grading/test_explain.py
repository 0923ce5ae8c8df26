"""Why points were lost: the question that settled it, what came back, and what the reference says to it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autograder.checks import catalogue
from autograder.checks.ask import Opaque, Rng, Tensor
from autograder.grading.appeal import reasons
from autograder.grading.course import Course
from autograder.grading.errors import CourseError
from autograder.grading.explain import SILENCE, represent
from autograder.grading.output import Output
from tests.grading.conftest import ASSIGNMENT, FIRST, SECOND, SEED, THIRD, WRONG, Class, answered, grade, hand_in
from tests.test_cli import autograder

pytestmark = pytest.mark.xdist_group("explain")


def explained(graded: Class, student: str, exercise: str | None = None) -> dict[str, list]:
    found = reasons(Output(graded.plan.out), Course(Path("/nowhere")), (student, ASSIGNMENT), exercise, None)
    assert found.seed == SEED
    return {name: list(why) for name, why in found.reasons.items() if why}


def test_a_failed_requirement_has_its_question_its_answer_and_the_references(graded: Class) -> None:
    (found,) = explained(graded, "bob").values()
    failed = [item for item in graded.verdicts["bob"].exercises[0].requirements if not item.passed]
    assert [reason.requirement for reason in found] == failed
    scaled = found[0]
    assert scaled.asked.startswith("(array(")
    assert "training=True" in scaled.asked
    assert scaled.answer != scaled.reference
    assert "shape" in scaled.answer


def test_every_lost_point_of_the_class_is_explained(graded: Class) -> None:
    for student, verdict in graded.verdicts.items():
        found = explained(graded, student) if verdict.status not in {"missing", "invalid"} else {}
        for exercise in verdict.exercises if found else ():
            lost = [item for item in exercise.requirements if not item.passed]
            assert [reason.requirement for reason in found.get(exercise.name, [])] == lost


def test_what_was_never_asked_is_explained_by_its_cause_alone(graded: Class) -> None:
    found = explained(graded, "dan")
    assert {reason.answer for reason in found[SECOND.name]} == {SILENCE}
    assert all(reason.question is None for reason in found[THIRD.name])
    raised = explained(graded, "cy <b>")
    assert raised[SECOND.name][0].question is None


def test_what_was_not_handed_in_says_why(graded: Class) -> None:
    found = reasons(Output(graded.plan.out), Course(Path("/nowhere")), ("gus", ASSIGNMENT), FIRST.name, None)
    assert "was handed in" in found.exercises[FIRST.name]
    assert found.reasons == {}


def test_an_answer_to_a_later_check_is_explained_by_that(tmp_path: Path) -> None:
    """Here the check stands above the answer as well, so that it was put twice."""
    notebook = json.loads(answered(0, **{FIRST.name: WRONG}))
    checks = [cell for cell in notebook["cells"] if "".join(cell["source"]) == f"check({FIRST.name})"]
    wrong = next(cell for cell in notebook["cells"] if cell["source"] == WRONG)
    notebook["cells"].insert(notebook["cells"].index(wrong), {**checks[0], "id": "early"})
    notebook["cells"].insert(
        notebook["cells"].index(wrong),
        {"cell_type": "code", "id": "own", "metadata": {}, "outputs": [], "execution_count": None, "source": WRONG},
    )
    hand_in(tmp_path / "submitted", "ann", json.dumps(notebook).encode())
    graded = grade(tmp_path / "submitted", tmp_path / "out")
    (found,) = explained(graded, "ann").values()
    assert all(reason.question is not None for reason in found)


@pytest.mark.parametrize(
    ("key", "exercise", "says"),
    [
        (("nobody", ASSIGNMENT), None, "holds no verdict on dropout_numpy of nobody"),
        (("bob", "nosuch"), None, "holds no verdict on nosuch of bob"),
        (("bob", ASSIGNMENT), "nosuch", "has no exercise 'nosuch': choose from"),
    ],
)
def test_what_is_not_there_is_one_clear_line(
    graded: Class, key: tuple[str, str], exercise: str | None, says: str
) -> None:
    with pytest.raises(CourseError, match=says):
        reasons(Output(graded.plan.out), Course(Path("/nowhere")), key, exercise, None)


def test_answers_that_are_gone_or_asked_otherwise_lead_to_fresh_ones(
    graded: Class, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = shutil.copytree(graded.plan.out, tmp_path / "out")
    (out / "answers" / "bob" / f"{ASSIGNMENT}.answers").unlink()
    with pytest.raises(CourseError, match="not stored any more: add --fresh"):
        reasons(Output(out), Course(tmp_path), ("bob", ASSIGNMENT), None, None)
    others = tuple(replace(item, check=THIRD.requirements[0].check) for item in FIRST.requirements)
    swapped = replace(FIRST, requirements=others)
    monkeypatch.setattr(catalogue, "exercises", lambda _: (swapped,))
    with pytest.raises(CourseError, match="have changed since: add --fresh"):
        reasons(Output(graded.plan.out), Course(tmp_path), ("bob", ASSIGNMENT), None, None)


def test_fresh_inputs_are_others_and_fail_the_same_requirements(graded: Class) -> None:
    stored = explained(graded, "bob")[FIRST.name]
    output, course = Output(graded.plan.out), Course(Path("/nowhere"))
    found = reasons(output, course, ("bob", ASSIGNMENT), FIRST.name, graded.plan.submitted)
    fresh = found.reasons[FIRST.name]
    assert found.seed != SEED
    assert [reason.requirement for reason in fresh] == [reason.requirement for reason in stored]
    assert fresh[0].asked != stored[0].asked


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float64(0.5), "0.5"),
        (np.arange(3), "array([0, 1, 2], int64, shape (3,))"),
        ((1, [None, "a"]), "(1, [None, 'a'])"),
        (Tensor(np.zeros(1)), "tensor of array([0.], float64, shape (1,))"),
        (Opaque("Model"), "<Model>"),
        ({"a": True}, "{'a': True}"),
        (Rng(3), "Rng(seed=3)"),
    ],
)
def test_values_are_shown_as_they_are(value: object, text: str) -> None:
    assert represent(value) == text


def test_the_command_shows_lines_and_no_control_character(graded: Class, tmp_path: Path) -> None:
    run = autograder("explain", "bob", ASSIGNMENT, "--out", graded.plan.out, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert f"bob, {ASSIGNMENT}: seed {SEED}" in run.stdout
    for word in ("NO  0 / ", "asked", "answered", "reference", "divides by rate", "every requirement holds"):
        assert word in run.stdout
    run = autograder("explain", "cy <b>", ASSIGNMENT, SECOND.name, "--out", graded.plan.out, cwd=tmp_path)
    assert "\x1b" not in run.stdout
