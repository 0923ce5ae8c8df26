"""An exercise is declared where its checks and answers stand; a mistake may be the reference with one edit."""

import importlib
import pkgutil
import re
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.checks.ask import LocalTransport
from autograder.checks.catalogue import ASSIGNMENTS, exercises, find
from autograder.checks.exercise import Exercise
from autograder.checks.expect import expect
from autograder.checks.implementation import Built, resolve
from autograder.checks.judge import judge
from autograder.reference.dropout import dropout_moments
from tests.checks.catalogue import WRITTEN, catalogue


def half(x: float, checked: bool = True) -> float:
    """Return x / 2, which is half of it."""
    if checked and x < 0:
        raise ValueError("x is negative")
    return x / 2


@Built
def thrice():
    def thrice(x):
        if x < 0:
            raise ValueError("x is negative")
        return 3 * x

    return thrice


def declared(reference=half):
    return Exercise(reference, page="a/page")


def test_name_assignment_and_page_are_stated_once():
    exercise = declared()
    assert (exercise.name, exercise.assignment) == ("half", __package__.rpartition(".")[2])
    assert declared(thrice).name == "thrice"

    @exercise.mistake("a quarter")
    def quarter(x):
        """It is halved
        twice."""
        return x / 4

    @exercise.mistake("nothing", page="another/page")
    def nothing(x):
        """It is gone."""
        return 0

    first, second = exercise.misconceptions
    assert (first.name, first.says, first.page, first.wrong) == ("a quarter", "It is halved twice.", "a/page", quarter)
    assert second.page == "another/page"


def test_what_stands_below_is_declared_in_order():
    exercise = declared()

    @exercise.requires("halves", 2)
    def halves(ask, draw):
        x = draw.uniform(1, 2)
        expect(ask(x) == x / 2, "not half")

    exercise.requires("halves again", 0.5, key="again")(halves)

    @exercise.right
    def other(x):
        return 0.5 * x

    @exercise.measures(tolerance=0.1)
    def measure(ask):
        return [ask(4.0)]

    assert [(item.name, item.points, item.key) for item in exercise.requirements] == [
        ("halves", 2, "halves"),
        ("halves again", 0.5, "again"),
    ]
    assert exercise.points == 2.5
    assert exercise.variants == (other,)
    assert (exercise.fingerprint.measure, exercise.fingerprint.tolerance) == (measure, 0.1)
    assert judge(exercise, LocalTransport(other), 0).passed


def mistaken(reference, **edit):
    exercise = declared(reference)

    @exercise.mistake("edited", **edit)
    def edited():
        """It is edited."""

    return exercise.misconceptions[0].wrong


def test_an_edit_is_the_reference_with_another_text():
    assert resolve(mistaken(half, edit=("x / 2", "x / 3")))(6) == 2
    assert resolve(mistaken(thrice, edit=("3 * x", "4 * x")))(6) == 24
    assert half(6) == 3


def test_a_statement_is_dropped_to_its_end():
    assert resolve(mistaken(half, drop="if checked and"))(-2) == -1
    assert resolve(mistaken(thrice, drop="if x < 0:"))(-2) == -6


@pytest.mark.parametrize(
    "edit",
    [
        {"edit": ("checked", "y")},
        {"edit": ("absent", "y")},
        {"drop": "return x * 2"},
        {"drop": "x / 2"},  # an expression is no statement
    ],
    ids=str,
)
def test_an_edit_has_exactly_one_place(edit):
    with pytest.raises(ValueError, match="does not stand once in half"):
        resolve(mistaken(half, **edit))


def test_what_a_reference_says_of_itself_is_not_edited():
    assert "x / 2" in half.__doc__
    assert resolve(mistaken(half, edit=("x / 2", "x")))(6) == 6


def test_example_for_contributors_is_an_exercise():
    text = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    scope = {"__package__": "checks.dropout_numpy"}
    exec(f"from {Exercise.__module__} import Exercise\nfrom {expect.__module__} import close, expect", scope)
    exec(f"from {dropout_moments.__module__} import dropout_moments\n{example}", scope)
    exercise = scope["exercise"]
    assert (exercise.name, exercise.assignment, exercise.points) == ("dropout_moments", "dropout_numpy", 2)
    assert all(judge(exercise, LocalTransport(right), 0).passed for right in (exercise.reference, *exercise.variants))
    failed = {
        item.name: [
            it.key for it in judge(exercise, LocalTransport(resolve(item.wrong)), 0).requirements if not it.passed
        ]
        for item in exercise.misconceptions
    }
    assert failed == {"forgets mu^2": ["adds_spread_of_mean"], "variance shrinks by q": ["scales_variance"]}


def test_titles_decide_nothing():
    """With a title corrected or translated, the same questions are asked and judged alike."""
    exercise = find("dropout_moments")
    renamed = replace(exercise, requirements=tuple(replace(item, name=item.key) for item in exercise.requirements))
    wrong = resolve(exercise.misconception("forgets mu^2").wrong)
    asked = []

    def remembered(*args):
        asked.append(args)
        return wrong(*args)

    verdicts = [judge(it, LocalTransport(remembered), 3) for it in (exercise, renamed)]
    assert asked[: len(asked) // 2] == asked[len(asked) // 2 :]
    assert [(item.key, item.passed) for item in verdicts[0].requirements] == [
        (item.key, item.passed) for item in verdicts[1].requirements
    ]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_module_that_declares_an_exercise_is_listed_once(assignment):
    package = importlib.import_module(f"autograder.checks.{assignment}")
    modules = [
        importlib.import_module(f"{package.__name__}.{item.name}") for item in pkgutil.iter_modules(package.__path__)
    ]
    declaring = [module.__name__.rpartition(".")[2] for module in modules if hasattr(module, "exercise")]
    assert sorted(package.EXERCISES) == sorted(declaring)
    assert {exercise.assignment for exercise in exercises(assignment)} == {assignment}


def test_catalogue_is_as_written_down():
    """Keys stay, because verdicts are stored by them; `python -m tests.checks.catalogue` writes down what is meant."""
    assert catalogue().splitlines() == WRITTEN.read_text(encoding="utf-8").splitlines()
