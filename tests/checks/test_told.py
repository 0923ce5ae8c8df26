"""What is said about wrong answers is written down, read by a person, and does not contradict itself."""

from collections import defaultdict

import pytest

from autograder.checks.catalogue import ASSIGNMENTS, exercises
from tests.checks.told import FOLDER, by_assignment, tables, together, told, without_numbers

pytestmark = pytest.mark.filterwarnings("ignore")  # wrong answers divide by zero, and may

EXERCISES = [exercise for assignment in ASSIGNMENTS for exercise in exercises(assignment)]


@pytest.mark.parametrize("assignment", [pytest.param(name, marks=together(name)) for name in ASSIGNMENTS])
def test_mistakes_are_told_what_is_written_down(assignment):
    """`python -m tests.checks.told` writes it down anew, after a change that is meant."""
    assert told(assignment) == (FOLDER / f"{assignment}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("exercise", by_assignment())
def test_no_line_of_a_table_says_what_another_line_denies(exercise):
    """What a requirement says when it fails is not said under another one while it holds."""
    verdicts = [verdict for _, verdict in tables(exercise)]
    says = defaultdict(set)
    for verdict in verdicts:
        for item in verdict.requirements:
            if item.message and item.judged and not item.message.startswith("your code raised"):
                says[without_numbers(item.message)].add(item.key)
    for verdict in verdicts:
        holds = {item.key for item in verdict.requirements if item.passed}
        for item in verdict.requirements:
            assert not says[without_numbers(item.message)] & holds, (item.key, item.message)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_requirements_wait_for_earlier_ones(exercise):
    keys = [requirement.key for requirement in exercise.requirements]
    for place, requirement in enumerate(exercise.requirements):
        assert set(requirement.after.split()) <= set(keys[:place])
