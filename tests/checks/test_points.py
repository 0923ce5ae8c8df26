"""Points follow the lesson: what an exercise is set for is worth a third of it, types and refusals at most a tenth.

And one mistake is paid once: no listed one costs more than half of an exercise, but for those below, with a reason.
"""

import re

import pytest

from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.exercise import Exercise
from tests.checks.told import by_assignment, tables

pytestmark = pytest.mark.filterwarnings("ignore")  # wrong answers divide by zero, and may

MANNERS = re.compile(
    r"refuses_\w+|asked_in_every_way|\w*dtype\w*|leaves_\w+_alone|takes_any_integer_labels|gives_float32|returns_int"
)
"""The keys of requirements about types, refusals and arguments that stay as they are."""

APART = re.compile(r"refuses_\w+|asked_in_every_way|\w*dtype\w*")
"""The keys of those that listed mistakes fail on their own account: most of them look at no argument."""

COSTLIER = {
    ("ManualDropout", "learning_phase (Keras 2)"): "Keras 3 has no such function, so that no call comes to an end",
    ("batchnorm_images", "channels first"): "it reads the images in another layout, and refuses nearly all of them",
    ("dense_softmax", "sigmoid"): "no softmax is computed: nothing but the bias is what was asked for",
    ("dense_softmax", "logits"): "no softmax is computed: nothing but the bias is what was asked for",
    ("dropconnect", "drops whole outputs (2)"): "no weight is dropped at all, and the bias is dropped with the output",
    ("ensemble_labels", "mean over the examples"): "no example has a label: there is one for each member",
    ("ensemble_labels", "mean of class indices"): "labels are taken for numbers, and probabilities are not used",
    ("ensemble_labels", "mean of class indices (2)"): "labels are taken for numbers, and probabilities are not used",
    ("expected_calibration_error", "bins on the true class"): "the confidence itself is another number in every bin",
}
"""The mistakes that may cost more than half of an exercise, by exercise and name, and why."""

ALL = [exercise for name in ASSIGNMENTS for exercise in exercises(name)]


@pytest.mark.parametrize("exercise", ALL, ids=lambda exercise: exercise.name)
def test_the_trap_is_worth_a_third_and_manners_at_most_a_tenth(exercise: Exercise) -> None:
    points = {item.key: item.points for item in exercise.requirements}
    manners = {key for key in points if MANNERS.fullmatch(key)} - set(exercise.trap)
    assert exercise.trap
    assert 3 * sum(points[key] for key in exercise.trap) >= exercise.points
    assert 10 * sum(points[key] for key in manners) <= exercise.points


@pytest.mark.parametrize("exercise", by_assignment())
def test_a_mistake_costs_at_most_half_of_an_exercise(exercise: Exercise) -> None:
    costs = {name: lost(verdict.requirements) for name, verdict in tables(exercise)}
    too_much = {(exercise.name, name) for name, cost in costs.items() if 2 * cost > exercise.points}
    assert too_much == {case for case in COSTLIER if case[0] == exercise.name}


def lost(requirements) -> float:
    """Return the points that are lost, but for those that a mistake loses on another account."""
    return sum(item.max_points for item in requirements if not item.passed and not APART.fullmatch(item.key))
