"""What the README shows of a check has come out, and its ratios follow from the seconds beside them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
TIMES = re.compile(r"\| ([\d.]+) s \| ([\d.]+) s \(([\d.]+)x\) \| ([\d.]+) s \(([\d.]+)x\) \|")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what the check of the README prints when it is run as a program."""
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    program = tmp_path_factory.mktemp("readme") / "answer.py"
    program.write_text(code, encoding="utf-8")
    run = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False, cwd=program.parent)
    return run.stdout


def test_check_says_what_is_shown(said: str) -> None:
    """Three dots stand for lines that are left out."""
    (shown,) = re.findall(r"```\n(dropout_moments:.*?)```", README, re.DOTALL)
    assert re.match(".*".join(map(re.escape, shown.split("  ...\n"))), said, re.DOTALL), said


@pytest.mark.parametrize("row", TIMES.findall(README))
def test_ratios_are_those_of_the_seconds(row: tuple[str, ...]) -> None:
    stock, *ways = map(float, row)
    for seconds, ratio in zip(ways[::2], ways[1::2], strict=True):
        # Both were rounded: seconds to a thousandth, those of nbgrader to a hundredth.
        assert (stock - 0.005) / (seconds + 0.0005) - 0.05 <= ratio <= (stock + 0.005) / (seconds - 0.0005) + 0.05


def test_both_classes_are_there() -> None:
    assert len(TIMES.findall(README)) == 2
