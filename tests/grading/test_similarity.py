"""Answers that are alike are found whatever their names and layout are; an answer of one's own is not."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli import commands
from autograder.grading.course import Course
from autograder.grading.errors import CourseError
from autograder.grading.likeness import between_groups, look_for_likeness, public_answers
from autograder.grading.output import Output
from autograder.grading.roster import Person, Roster
from autograder.grading.similarity import AnswerText, find_alike, fragments
from tests.grading.conftest import ASSIGNMENT, FIRST, SECOND, Class

OWN = '''
def dropout_forward(x, rate, rng, training=True):
    """Drop."""
    if not 0 <= rate <= 1:
        raise ValueError("no rate")
    if not training or rate == 0:
        return np.array(x), np.ones(np.shape(x), dtype=bool)
    noise = rng.uniform(size=np.shape(x))
    stays = np.greater_equal(noise, rate)
    scaled = np.divide(x, 1 - rate) if rate < 1 else np.zeros_like(x)
    return np.where(stays, scaled, 0).astype(x.dtype), stays
'''
COPIED = """
def dropout_forward(data, p: float, gen, training: bool = True) -> tuple:
    # my own work
    if not 0 <= p <= 1: raise ValueError("bad")
    if (not training) or (p == 0):
        return (np.array(data),
                np.ones(np.shape(data), dtype=bool))
    u = gen.uniform(size=np.shape(data))
    m = np.greater_equal(u, p)
    s = np.divide(data, 1 - p) if p < 1 else np.zeros_like(data)
    return np.where(m, s, 0).astype(data.dtype), m
"""
OTHER = """
def dropout_forward(x, rate, rng, training=True):
    if rate < 0 or rate > 1:
        raise ValueError
    mask = np.ones(x.shape, bool)
    y = x.copy()
    if training:
        for index in np.ndindex(*x.shape):
            mask[index] = rng.random() >= rate
            y[index] = x[index] / (1 - rate) if mask[index] else 0
    return y, mask
"""


def text(owner: str, source: str, exercise: str = "dropout_forward", public: bool = False) -> AnswerText:
    return AnswerText(owner, exercise, source, public)


def test_other_names_another_layout_and_comments_hide_nothing() -> None:
    assert fragments(OWN) == fragments(COPIED)
    (pair,) = find_alike([text("ann", OWN), text("bob", COPIED), text("cy", OTHER)], 0.8)
    assert (pair.one.owner, pair.other.owner, pair.share) == ("ann", "bob", 1.0)


def test_a_line_more_is_still_alike_and_another_exercise_is_not() -> None:
    longer = COPIED.replace("    m =", "    print('here')\n    m =")
    (pair,) = find_alike([text("ann", OWN), text("bob", longer)], 0.8)
    assert 0.8 < pair.share < 1
    assert not find_alike([text("ann", OWN), text("bob", COPIED, "other")], 0.5)
    assert not find_alike([text("ann", OWN), text("ann", COPIED)], 0.5)


def test_what_is_public_explains_a_likeness_between_two() -> None:
    texts = [text("ann", OWN), text("bob", COPIED), text("the solution", OWN, public=True)]
    found = {(pair.one.owner, pair.other.owner) for pair in find_alike(texts, 0.9)}
    assert found == {("ann", "the solution"), ("bob", "the solution")}


def test_a_group_has_handed_in_together() -> None:
    people = {login: Person(login, group=group) for login, group in (("ann", "red"), ("bob", "red"), ("cy", ""))}
    found = find_alike([text("ann", OWN), text("bob", COPIED), text("cy", COPIED)], 0.9)
    assert len(found) == 3
    left = [{pair.one.owner, pair.other.owner} for pair in between_groups(found, Roster(people))]
    assert len(left) == 2
    assert {"ann", "bob"} not in left


@pytest.mark.parametrize("source", ["", "x = 1", "def f(:", "\x00", "(" * 10_000, "def f(x):\n    return x + 1\n"])
def test_what_says_too_little_is_like_nothing(source: str) -> None:
    assert not find_alike([text("ann", source), text("bob", source)], 0.5)


def test_shipped_answers_of_a_class_are_found_and_shown(graded: Class, tmp_path: Path) -> None:
    output = Output(shutil.copytree(graded.plan.out, tmp_path / "out"))
    found = look_for_likeness(output, Course(Path("/nowhere")), [], 0.9)
    like = {(pair.one.owner, pair.one.exercise) for pair in found if pair.other.public}
    assert {("ann", FIRST.name), ("bob", SECOND.name)} <= like
    assert not {pair.one.owner for pair in found} & {"eve", "fay", "gus"}, "who has answered nothing copied nothing"
    page = output.alike.read_text(encoding="utf-8")
    assert "This is a hint and no finding" in page
    assert "cy &lt;b&gt;" in page
    assert "cy <b>" not in page
    run = CliRunner().invoke(commands, ["similar", str(output.folder)])
    assert "a hint and no finding" in run.output
    with pytest.raises(CourseError, match="no verdict on 'pooling'"):
        look_for_likeness(output, Course(Path("/nowhere")), ["pooling"], 0.9)


def test_an_answer_of_ones_own_is_like_no_public_one() -> None:
    public = list(public_answers(ASSIGNMENT))
    assert any(item.exercise == FIRST.name for item in public)
    assert not find_alike([*public, text("ann", OWN), text("bob", OTHER)], 0.9)
