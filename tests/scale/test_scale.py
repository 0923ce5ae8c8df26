"""Large classes: a report small enough to mail and quick to open, a runner in bounded memory, as long for the last as
for the first."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from autograder.checks.catalogue import ASSIGNMENTS
from tests.browser.site import view
from tests.browser.test_report import write

STUDENTS = int(os.environ.get("COURSE_STUDENTS", "2000"))
PAGE_MB = 2.0
RUNNER_MB = 500.0
FLAT = 1.5
"""How much more of a processor a submission may take in one quarter of a class than in another."""
OPENING_SECONDS = 1.0
"""Of a processor: those of the clock depend on what else runs."""

pytestmark = [pytest.mark.scale, pytest.mark.timeout(4 * 3600)]
pytest_plugins = ["tests.browser.conftest"]


def opening(browser: Browser, report: Path) -> float:
    """Return the seconds of a processor that a browser takes until a report can be read and sorted."""
    with view(browser, "light") as context:
        tab = context.new_page()
        devtools = context.new_cdp_session(tab)
        devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        tab.goto(report.as_uri())
        tab.locator("#students thead button").first.wait_for()  # a search by roles would read the whole page
        metrics = {item["name"]: item["value"] for item in devtools.send("Performance.getMetrics")["metrics"]}
        return float(metrics["ThreadTime"] if "ThreadTime" in metrics else metrics["TaskDuration"])


@pytest.mark.parametrize(("students", "assignments"), [(1_000, len(ASSIGNMENTS)), (20_000, 1)])
def test_a_report_is_small_and_quick_to_open(students: int, assignments: int, browser: Browser, tmp_path: Path) -> None:
    report = write(tmp_path, students, assignments)
    megabytes, seconds = report.stat().st_size / 1e6, opening(browser, report)
    print(f"report on {students} students: {megabytes:.2f} MB, {seconds:.2f} s of a processor to open")
    assert megabytes < PAGE_MB
    assert seconds < OPENING_SECONDS


def test_a_large_class_is_graded_in_flat_time_and_bounded_memory(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.scale", str(tmp_path / "course"), str(STUDENTS)]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    print(json.dumps(found))
    assert found["done"] == STUDENTS
    assert found["points"] == (3 + 2 + 0 + 3 + 0) * STUDENTS / 5
    assert found["peak_mb"] < RUNNER_MB
    assert max(found["seconds"]) < FLAT * min(found["seconds"])
    assert (tmp_path / "course/graded/report.html").stat().st_size / 1e6 < PAGE_MB
