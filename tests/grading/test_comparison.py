"""Two terms side by side: counts with what they are out of, and a mark where chance is a poor explanation."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli import commands
from autograder.grading.assignment import load
from autograder.grading.comparison import Comparison, Share, compare
from autograder.grading.errors import CourseError
from autograder.grading.output import Output
from tests.grading.conftest import ASSIGNMENT, FIRST, judged

SCALES = FIRST.requirements[2].name


def graded(folder: Path, right: int, wrong: int, name: str = ASSIGNMENT) -> Output:
    """Return a class in which so many answers are right, and so many look like a mistake."""
    assignment = load(ASSIGNMENT)
    verdicts = []
    for number in range(right + wrong):
        found = judged(f"s{number}", assignment, float(number < right)).verdict
        mistaken = tuple(replace(item, misconceptions=("divides by rate",)) for item in found.exercises)
        verdicts.append(replace(found, assignment=name, exercises=found.exercises if number < right else mistaken))
    output = Output(folder)
    output.create()
    output.write(verdicts)
    return output


def line(found: list[Comparison], what: str) -> Comparison:
    return next(item for item in found if item.what == what and item.exercise in ("", FIRST.name))


def test_shares_of_two_classes(tmp_path: Path) -> None:
    found = compare(graded(tmp_path / "one", 4, 36), graded(tmp_path / "other", 15, 5))
    assert line(found, "handed in").after == Share(20, 20)
    assert line(found, "full marks, of those").before == Share(4, 40)
    met = line(found, SCALES)
    assert (met.before, met.after, met.is_clear) == (Share(4, 40), Share(15, 20), True)
    made = line(found, "mistake: divides by rate")
    assert (made.before, made.after) == (Share(36, 40), Share(5, 20))


def test_a_mistake_that_nobody_makes_any_more_is_none_of_those_who_were_asked(tmp_path: Path) -> None:
    found = compare(graded(tmp_path / "one", 1, 1), graded(tmp_path / "other", 2, 0))
    assert line(found, "mistake: divides by rate").after == Share(0, 2)


@pytest.mark.parametrize(
    ("before", "after", "clear"),
    [
        (Share(5, 10), Share(6, 10), False),
        (Share(50, 100), Share(70, 100), True),
        (Share(0, 10), Share(0, 10), False),
        (Share(3, 3), Share(0, 0), False),
    ],
)
def test_only_what_is_more_than_chance_is_called_clear(before: Share, after: Share, clear: bool) -> None:
    assert Comparison("a", "e", "r", before, after).is_clear == clear


def test_the_command_says_both_counts(tmp_path: Path) -> None:
    graded(tmp_path / "one", 3, 1)
    graded(tmp_path / "other", 1, 3)
    run = CliRunner().invoke(commands, ["compare", str(tmp_path / "one"), str(tmp_path / "other")])
    assert run.exit_code == 0
    assert "3 of 4 (75%)" in run.output
    assert "1 of 4 (25%)" in run.output


def test_classes_without_an_assignment_in_common_are_refused(tmp_path: Path) -> None:
    one, other = graded(tmp_path / "one", 1, 0), graded(tmp_path / "other", 1, 0, "pooling")
    with pytest.raises(CourseError, match="have no assignment in common"):
        compare(one, other)
