"""Graders under test: misconceptions are rejected and named, right variants get full marks, nothing is free."""

import json
from pathlib import Path

import pytest

import autograder.checks
from autograder.checks.ask import LocalTransport
from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.fingerprints import measured
from autograder.checks.implementation import resolve
from autograder.checks.judge import judge
from tests.checks.told import judged, together

EXERCISES = [exercise for assignment in ASSIGNMENTS for exercise in exercises(assignment)]
MISCONCEPTIONS = [
    pytest.param(
        exercise,
        item.name,
        spelling,
        id=f"{exercise.name}-{item.name}" + f"-{number}" * bool(number),
        marks=together(exercise.assignment),
    )
    for exercise in EXERCISES
    for item in exercise.misconceptions
    for number, spelling in enumerate(item.spellings)
]
RIGHT = [
    pytest.param(exercise, variant, marks=together(exercise.assignment))
    for exercise in EXERCISES
    for variant in (exercise.reference, *exercise.variants)
]
SEEDS = range(2)
MANY_SEEDS = range(20)

pytestmark = pytest.mark.filterwarnings("ignore")  # wrong answers divide by zero, and may


def name_of(item):
    return getattr(item, "name", None) or getattr(getattr(item, "factory", item), "__name__", None)


def failures(verdict):
    return {item.name: item.message for item in verdict.requirements if not item.passed}


@pytest.mark.parametrize(("exercise", "name", "spelling"), MISCONCEPTIONS)
def test_misconception_is_rejected_named_and_worth_the_same_for_every_seed(exercise, name, spelling):
    is_worth_the_same(exercise, name, spelling, SEEDS)


@pytest.mark.seeds
@pytest.mark.parametrize(("exercise", "name", "spelling"), MISCONCEPTIONS)
def test_misconception_is_worth_the_same_for_many_seeds(exercise, name, spelling):
    is_worth_the_same(exercise, name, spelling, MANY_SEEDS)


def is_worth_the_same(exercise, name, spelling, seeds):
    verdicts = [judged(exercise, spelling, seed) for seed in seeds]
    assert {verdict.misconceptions for verdict in verdicts} == {(name,)}
    lost = [failures(verdict).keys() for verdict in verdicts]
    assert lost[0]
    assert all(names == lost[0] for names in lost)


@pytest.mark.parametrize(("exercise", "variant"), RIGHT, ids=name_of)
def test_right_variant_gets_full_marks(exercise, variant):
    """A right answer fails one requirement by chance with probability at most 1e-9."""
    gets_full_marks(exercise, variant, SEEDS)


@pytest.mark.seeds
@pytest.mark.parametrize(("exercise", "variant"), RIGHT, ids=name_of)
def test_right_variant_gets_full_marks_for_many_seeds(exercise, variant):
    gets_full_marks(exercise, variant, MANY_SEEDS)


def gets_full_marks(exercise, variant, seeds):
    right = resolve(variant)
    for seed in seeds:
        verdict = judge(exercise, LocalTransport(right), seed)
        assert verdict.passed, failures(verdict)
        assert verdict.status == "graded"


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_exercise_is_fully_declared(exercise):
    assert len(exercise.variants) >= 3
    assert len(exercise.misconceptions) >= 1
    assert len({item.name for item in exercise.misconceptions}) == len(exercise.misconceptions)
    assert all(item.says.endswith((".", ":")) for item in exercise.misconceptions)
    assert len({item.name for item in exercise.requirements}) == len(exercise.requirements)
    assert len({item.key for item in exercise.requirements}) == len(exercise.requirements)
    assert all(item.key.isidentifier() for item in exercise.requirements)
    assert all(item.points > 0 for item in exercise.requirements)


def test_exercises_have_names_of_their_own():
    """A notebook's check finds an exercise by the name of the function alone."""
    assert len({exercise.name for exercise in EXERCISES}) == len(EXERCISES)


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_unwritten_answer_gets_nothing_and_a_friendly_message(exercise):
    def unwritten(*args, **kwargs):
        raise NotImplementedError

    verdict = judge(exercise, LocalTransport(unwritten), 0)
    assert verdict.points == 0
    assert verdict.misconceptions == ()
    assert all("not written yet" in message for message in failures(verdict).values())


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_equal_seeds_give_equal_verdicts(exercise):
    wrong = resolve(exercise.misconceptions[0].wrong)
    assert judge(exercise, LocalTransport(wrong), 5) == judge(exercise, LocalTransport(wrong), 5)


@pytest.mark.parametrize("assignment", [pytest.param(name, marks=together(name)) for name in ASSIGNMENTS])
def test_stored_fingerprints_are_what_is_measured(assignment):
    """`python -m autograder.checks.fingerprints` makes them again."""
    path = Path(autograder.checks.__file__).parent / assignment / "fingerprints.json"
    everything = json.loads(path.read_text())
    assert everything.keys() == {exercise.name for exercise in exercises(assignment)}
    for exercise in exercises(assignment):
        now, stored = numbers_of(measured(exercise)), numbers_of(everything[exercise.name])
        assert now.keys() == stored.keys()
        for name, (behaves, fails) in now.items():
            tolerance = exercise.fingerprint.tolerance
            assert behaves == pytest.approx(stored[name][0], rel=tolerance, abs=tolerance, nan_ok=True), name
            assert fails == stored[name][1], name


def numbers_of(fingerprint):
    """Return the numbers and the failed requirements of the reference and of each spelling of each mistake."""
    spellings = [(name, item) for name, items in fingerprint["mistakes"].items() for item in enumerate(items)]
    return {(name, number): (item["behaves"], item["fails"]) for name, (number, item) in spellings} | {
        "reference": (fingerprint["reference"], [])
    }
