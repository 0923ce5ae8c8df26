"""The cells of the sample class define what they are made from.

Grading the sample class judges every right cell and the wrong ones that it hands in; here the other wrong ones are.
"""

import numpy as np
import pytest

from autograder.checks.ask import LocalTransport
from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.exercise import Exercise
from autograder.checks.judge import judge
from tests.sample import answers
from tests.sample.deserved import POINTS
from tests.sample.submissions import STYLES

EXERCISES = [exercise for assignment in ASSIGNMENTS for exercise in exercises(assignment)]

pytestmark = pytest.mark.filterwarnings("ignore")  # wrong answers divide by zero, and may


def defined(exercise: Exercise, cell: str) -> object:
    namespace: dict[str, object] = {"np": np}
    exec(cell, namespace)
    return namespace[exercise.name]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
@pytest.mark.parametrize("style", range(STYLES))
def test_cell_with_a_right_variant_defines_it(exercise: Exercise, style: int) -> None:
    assert callable(defined(exercise, answers.right(exercise, style)))


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_cell_with_a_misconception_is_recognized(exercise: Exercise) -> None:
    for misconception in exercise.misconceptions:
        answer = defined(exercise, answers.wrong(exercise, misconception.name))
        if misconception.name not in POINTS[exercise.name]:
            assert judge(exercise, LocalTransport(answer), 0).misconceptions == (misconception.name,)
