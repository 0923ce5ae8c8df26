"""Every column of `python -m tests.coverage` is covered for every exercise, or has a reason, and no reason is stale."""

import numpy as np
import pytest

from autograder.checks.ask import Question, Tensor
from autograder.checks.batchnorm.batches import batch
from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.exercise import Exercise
from autograder.checks.inference_by_hand.chains import EVERY, GROUPS, lively, predict
from tests.coverage import Seen, Watched, covered, reasons

EXERCISES = [exercise for name in ASSIGNMENTS for exercise in exercises(name)]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_every_column_is_covered_or_has_a_reason(exercise: Exercise):
    why = reasons()
    fields = covered(exercise)
    unexplained = [name for name, (_, full) in fields.items() if full == (exercise.name in why.get(name, {}))]
    assert not unexplained, "without a reason, or with one that is not needed"


def test_reasons_are_of_columns_and_exercises_that_there_are():
    names = {exercise.name for exercise in EXERCISES}
    for column, entries in reasons().items():
        assert column in Seen().fields()
        assert entries.keys() <= names
        assert all(reason and not reason.endswith(".") for reason in entries.values())


def test_an_exercise_that_is_asked_one_matrix_covers_next_to_nothing():
    transport = Watched(lambda x: x)
    transport.ask(Question("f", (np.ones((2, 3)),)))
    assert not any(full for _, full in transport.seen.fields().values())


def test_what_is_refused_covers_nothing():
    def refuses(x):
        raise ValueError(x)

    transport = Watched(refuses)
    transport.ask(Question("f", (np.zeros((3, 3)),)))
    assert transport.seen == Seen()


def test_columns_tell_what_was_asked():
    transport = Watched(lambda *x, training=True: 0)
    for shape in ((1,), (3, 3), (1, 2, 3), (200, 1, 1, 1)):
        x = np.ones(shape)
        x.flat[0] = 0
        transport.ask(Question("f", (x,), {"training": True}, ways=("float32", "view", "frozen")))
        transport.ask(Question("f", (x, Tensor(x)), {"training": False}, ways=("graphless",)))
        transport.ask(Question("f", (x, Tensor(x)), {"training": False}, ways=("graphless",)))
    assert all(full for _, full in transport.seen.fields().values())


def test_a_tensor_lies_in_memory_as_it_comes():
    seen = Seen()
    seen.look(Question("f", (Tensor(np.ones((2, 3))),), ways=("float32", "view", "frozen")), 1)
    assert (seen.layouts, seen.dtypes) == (set(), {"float32"})


@pytest.mark.parametrize("seed", range(10))
def test_every_activation_in_place_of_another_is_seen_in_a_chain(seed):
    """By more than 30 times the tolerance of 1e-5; rounding to single precision shows by less than a third of it."""
    draw = np.random.default_rng(seed)
    for specs in GROUPS:
        x = batch(draw, (12, 5)).astype("float32")
        weights = lively(draw, specs, x)
        right = predict(specs, weights, x)
        scale = max(1.0, np.abs(right).max())
        for place, (name, options) in enumerate(specs):
            own = options.get("activation", name.lower())
            for other in EVERY.keys() - {own, None}:
                wrong = [*specs]
                kind = name if "activation" in options else "Activation"
                wrong[place] = (kind, {**options, "activation": other})
                assert np.abs(predict(wrong, weights, x) - right).max() > 3e-4 * scale, (own, other)
