"""Feedback goes back as each platform takes it: to its author, and to nobody else."""

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.checks.judge import unjudged
from autograder.cli.handing import SENDERS
from autograder.grading.assignment import load
from autograder.grading.course import Course
from autograder.grading.feedback import write_feedback
from autograder.grading.gradebook import ClassGradebook, default_url
from autograder.grading.intake.take import take
from autograder.grading.output import Output
from autograder.grading.packing import Packed, pack_folders, pack_zips
from autograder.grading.scores import Score
from autograder.grading.verdicts import SubmissionVerdict
from tests.grading.conftest import ASSIGNMENT, answered
from tests.grading.intake.test_archives import zipped
from tests.grading.intake.test_take import folder
from tests.test_cli import here

RIGHT, SECOND = answered(0), answered(1)


def graded(root: Path, *students: str) -> Output:
    """Write a page that names its author for each of these students."""
    output = Output(root / "graded")
    exercises = tuple(unjudged(exercise, "error", "x") for exercise in load(ASSIGNMENT).exercises)
    verdicts = [
        SubmissionVerdict(student, ASSIGNMENT, "", 0.0, 1, "", f"feedback/{student}/{ASSIGNMENT}.html", exercises)
        for student in students
    ]
    output.create()
    output.write(verdicts)
    for verdict in verdicts:
        write_feedback(output, verdict, Score(verdict.student, ASSIGNMENT, ()), ())
    return output


def packed(root: Path, platform: str, files: dict[str, bytes], *students: str) -> tuple[dict[str, str], Packed]:
    """Return the pages that go back when these files came from a platform."""
    (root / "download.zip").write_bytes(zipped(files))
    take(root / "download.zip", root / "submitted", Course(root))
    outcome = pack_zips(graded(root, *students), root / "submitted", platform, root / "feedback")
    (file,) = outcome.files
    with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}, outcome


def test_canvas_gets_every_page_under_the_numbers_that_it_gave(tmp_path: Path) -> None:
    files = {
        f"doejane_LATE_12345_987654_{ASSIGNMENT}-1.ipynb": RIGHT,
        "roebob_12346_987655_hw.zip": zipped({f"{ASSIGNMENT}.ipynb": SECOND}),
    }
    pages, outcome = packed(tmp_path, "canvas", files, "doejane", "roebob", "eve")
    assert list(pages) == [f"doejane_LATE_12345_987654_{ASSIGNMENT}-1.html", "roebob_12346_987655_hw.html"]
    assert all(name.partition("_")[0] in page for name, page in pages.items())
    assert outcome.left_out == [f"eve/{ASSIGNMENT}"]


def test_moodle_gets_every_page_in_the_folder_that_it_gave(tmp_path: Path) -> None:
    files = {
        f"Jane Doe_301_assignsubmission_file_/work/{ASSIGNMENT}.ipynb": RIGHT,
        f"Bob Roe_302_assignsubmission_file_{ASSIGNMENT}.ipynb": SECOND,
    }
    pages, _ = packed(tmp_path, "moodle", files, "Jane Doe", "Bob Roe")
    assert {name: "Jane Doe" in page for name, page in pages.items()} == {
        f"Jane Doe_301_assignsubmission_file_/{ASSIGNMENT}.html": True,
        f"Bob Roe_302_assignsubmission_file_{ASSIGNMENT}.html": False,
    }


def run(course: Path, program: str, *arguments: str, **environment: str) -> str:
    command = [Path(sys.executable).with_name(program), *arguments]
    run = subprocess.run(command, cwd=course, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stderr


@pytest.mark.parametrize("platform", ["canvas", "moodle", "nbgrader"])
def test_nothing_to_return_says_what_to_do(platform: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    graded(tmp_path, "ann")
    with ClassGradebook(default_url(tmp_path / "graded"), []):
        pass
    done = here(capfd, "feedback", tmp_path / "graded", "--format", platform, "--to", tmp_path / "feedback")
    assert done.returncode == 1
    assert f"1 did not come from {SENDERS[platform]} (ann/{ASSIGNMENT})" in done.stderr
    assert "name what the work came from with --format" in done.stderr
    assert str(tmp_path / "graded" / "feedback") in done.stderr


@pytest.mark.xdist_group("exchange")
def test_nbgraders_exchange_returns_the_pages(tmp_path: Path) -> None:
    time = "2027-02-01 10:00:00.5 UTC"
    inbound = {
        f"ann+{ASSIGNMENT}+{time}/{ASSIGNMENT}.ipynb": RIGHT,
        f"ann+{ASSIGNMENT}+{time}/timestamp.txt": time.encode(),
        f"ann+{ASSIGNMENT}+{time}/submission_secret.txt": b"s3cret",
        f"bob/{ASSIGNMENT}.ipynb": SECOND,
    }
    course = tmp_path / "course"
    take(folder(tmp_path / "inbound", inbound), course / "submitted", Course(course))
    outcome = pack_folders(graded(course, "ann", "bob"), course / "submitted", course / "feedback")
    assert outcome.left_out == [f"bob/{ASSIGNMENT}"]
    exchange = tmp_path / "exchange"
    exchange.mkdir(mode=0o777)
    exchange.chmod(0o777)
    run(course, "nbgrader", "release_feedback", ASSIGNMENT, "--course", "c1", f"--Exchange.root={exchange}")
    (page,) = (exchange / "c1" / "feedback").glob("*.html")
    assert ">ann<" in page.read_text()
