"""What the README shows has come out, and its figures follow from each other.

The table of a graded class stands with the class, in tests/sample; that of the mutants with `python -m tests.mutants`.
"""

import contextlib
import io
import re
from pathlib import Path

import pytest

from autograder.checks.ask import LocalTransport
from autograder.checks.catalogue import exercises
from autograder.checks.implementation import resolve
from autograder.checks.judge import judge
from autograder.checks.notebook import NotYet

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TIMES = re.compile(r"\| ([\d.]+) s \| ([\d.]+) s \(([\d.]+)x\) \| ([\d.]+) s \(([\d.]+)x\) \|")


@pytest.fixture(scope="module")
def said() -> str:
    """Return what the check of the README prints."""
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(NotYet):
        exec(code, {"__name__": "__main__"})
    return printed.getvalue()


@pytest.mark.parametrize("page", ["README.md", "book/guides/students.md"])
def test_check_says_what_is_shown(said: str, page: str) -> None:
    """Both show the same check; three dots stand for lines that are left out."""
    (shown,) = re.findall(r"```\w*\n(dropout_moments:.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.rstrip() for line in said.splitlines()]
    assert [line for line in shown.splitlines() if line.strip() != "..." and line.rstrip() not in lines] == [], said


@pytest.mark.parametrize("row", TIMES.findall(README))
def test_ratios_are_those_of_the_seconds(row: tuple[str, ...]) -> None:
    stock, *ways = map(float, row)
    for seconds, ratio in zip(ways[::2], ways[1::2], strict=True):
        # Both were rounded: seconds to a thousandth, those of nbgrader to a hundredth.
        assert (stock - 0.005) / (seconds + 0.0005) - 0.05 <= ratio <= (stock + 0.005) / (seconds - 0.0005) + 0.05


def test_both_classes_are_there() -> None:
    assert len(TIMES.findall(README)) == 2


def test_a_submission_answers_as_many_questions() -> None:
    asked = 0

    class Counts(LocalTransport):
        def ask(self, question):  # type: ignore[no-untyped-def]
            nonlocal asked
            asked += 1
            return super().ask(question)

    for exercise in exercises("dropout_numpy"):
        judge(exercise, Counts(resolve(exercise.reference)), seed=1)
    said = re.search(r"the (\d+) questions that a submission answers", README)
    assert said
    assert int(said[1]) == asked
