"""What the README shows has come out, and its figures follow from each other.

The table of a graded class stands with the class, in tests/sample; that of the mutants with `python -m tests.mutants`.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.checks.ask import LocalTransport
from autograder.checks.catalogue import exercises
from autograder.checks.implementation import resolve
from autograder.checks.judge import judge

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TIMES = re.compile(r"\| ([\d.]+) s \| ([\d.]+) s \(([\d.]+)x\) \| ([\d.]+) s \(([\d.]+)x\) \|")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what the check of the README prints when it is run as a program."""
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    program = tmp_path_factory.mktemp("readme") / "answer.py"
    program.write_text(code, encoding="utf-8")
    run = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False, cwd=program.parent)
    return run.stdout


@pytest.mark.parametrize("page", ["README.md", "book/guides/students.md"])
def test_check_says_what_is_shown(said: str, page: str) -> None:
    """Both show the same check, but for the numbers of examples, which are drawn anew, and lines left out with dots."""
    (shown,) = re.findall(r"```\w*\n(dropout_moments:.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    parts = [re.escape(without_numbers(part)) for part in shown.split("  ...\n")]
    assert re.match(".*".join(parts), without_numbers(said), re.DOTALL), said


def without_numbers(text: str) -> str:
    return re.sub(r"^( +(?:try|gives|right is)) .*", r"\1", text, flags=re.MULTILINE)


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
