"""In CI nothing is skipped but what no package can give: with COURSE_NO_SKIP=1, the rest fails and says why."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.skips import PERMITTED

TESTS = f"""
import pytest

def test_that_passes(): pass

@pytest.mark.skip(reason="a mark")
def test_marked(): pass

@pytest.mark.parametrize("_", [pytest.param(reason, marks=pytest.mark.skip(reason=reason)) for reason in {PERMITTED}])
def test_permitted(_): pass

def test_inside(): pytest.skip("apt-get install something")

@pytest.fixture
def something(): pytest.skip("a fixture")

def test_with_fixture(something): pass

@pytest.mark.xfail(strict=True)
def test_expected_to_fail(): raise AssertionError
"""


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize(("value", "failed", "skipped"), [("", 0, 3 + len(PERMITTED)), ("1", 3, len(PERMITTED))])
def test_skip_is_a_failure_when_asked_for(tmp_path: Path, workers: str, value: str, failed: int, skipped: int) -> None:
    shutil.copy(Path(__file__).with_name("skips.py"), tmp_path / "conftest.py")
    (tmp_path / "test_some.py").write_text(TESTS, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", workers, "-p", "no:cacheprovider", str(tmp_path)],
        env=os.environ | {"COURSE_NO_SKIP": value},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    counts = {
        what: int(number) for number, what in re.findall(r"(\d+) (failed|error|skipped|passed|xfailed)", run.stdout)
    }
    assert counts.get("failed", 0) + counts.get("error", 0) == failed
    assert counts.get("skipped", 0) == skipped
    assert (counts["passed"], counts["xfailed"]) == (1, 1)
    assert bool(run.returncode) == bool(failed)
    if failed:
        assert "apt-get install something" in run.stdout


def test_module_that_would_be_skipped_fails_to_be_collected(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).with_name("skips.py"), tmp_path / "conftest.py")
    (tmp_path / "test_some.py").write_text('import pytest\n\npytest.importorskip("no_such_module")\n', encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        env=os.environ | {"COURSE_NO_SKIP": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert "no_such_module" in run.stdout
