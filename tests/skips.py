"""What holds for every test: with COURSE_NO_SKIP=1, as in CI, a test that would be skipped fails with its reason,
unless no package could give what it lacks."""

import os
from collections.abc import Generator

import pytest

NO_CGROUP = "no cgroup that bounds memory can be made here: it takes root, or a system that delegates one"
NO_MOUNT = "no file system in a file can be mounted here: it takes root and a loop device"
NO_NETWORKS = "no networks of machines of their own can be made here: it takes root, iproute2 and openssl"
NO_DATA = "COURSE_DATA names no folder of real data, which the project does not carry"
PERMITTED = (NO_CGROUP, NO_MOUNT, NO_NETWORKS, NO_DATA)
NO_SKIP = os.environ.get("COURSE_NO_SKIP") == "1"


def fail_when_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    expected_failure = hasattr(report, "wasxfail")
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if NO_SKIP and report.skipped and not expected_failure and not reason.endswith(PERMITTED):
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: COURSE_NO_SKIP is set, and this would be skipped. {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    fail_when_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    fail_when_skipped(report)
    return report
