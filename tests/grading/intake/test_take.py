"""From a download to `submitted/`: nothing is lost or taken for somebody else's, and a list says what became of it."""

import json
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from autograder.grading.course import Course
from autograder.grading.errors import CourseError
from autograder.grading.intake.ledger import origins
from autograder.grading.intake.take import Intake, take
from autograder.grading.intake.times import read_times
from tests.grading.conftest import ASSIGNMENT, answered
from tests.grading.intake.test_archives import zipped
from tests.sample.submissions import notebook, right_cells
from tests.test_cli import autograder

OTHER = "pooling"
RIGHT, SECOND, BLANK = answered(0), answered(1), notebook(ASSIGNMENT, {})
STRANGE = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}).encode()


def archive(path: Path, files: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as stream:
        for name, data in files.items():
            stream.writestr(name, data)
    return path


def folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def collected(course: Path, download: Path, **options: object) -> Intake:
    return take(download, course / "submitted", Course.here(course), **options)


def there(course: Path) -> dict[str, bytes]:
    """Return the notebooks that are to be graded, by student and assignment."""
    return {
        f"{path.parts[-3]}/{path.parts[-2]}": path.read_bytes()
        for path in sorted((course / "submitted").glob("*/*/*.ipynb"))
        if path.stem == path.parts[-2]
    }


@pytest.fixture
def course(tmp_path: Path) -> Path:
    (tmp_path / "course").mkdir()
    return tmp_path / "course"


@pytest.fixture
def roster(course: Path) -> Path:
    (course / "course.toml").write_text('timezone = "Europe/Berlin"\n')
    lines = ["login,name,section,platform_id", 'ann,"Doe, Jane",A,12345', "bob,Bob Roe,B,12346", "cy,Li Wei,A,12347"]
    (course / "roster.csv").write_text("\n".join(lines))
    return course


def test_canvas(roster: Path, tmp_path: Path) -> None:
    files = {
        f"doejane_LATE_12345_987654_{ASSIGNMENT}-1.ipynb": RIGHT,
        f"whoever_12346_987655_{ASSIGNMENT} (1).ipynb": SECOND,
        "liwei_12347_987656_report.pdf": b"%PDF",
    }
    intake = collected(roster, archive(tmp_path / "submissions.zip", files))
    assert there(roster) == {f"ann/{ASSIGNMENT}": RIGHT, f"bob/{ASSIGNMENT}": SECOND}
    assert [(item.student, item.renamed, item.owner.late) for item in intake.taken] == [
        ("ann", False, True),
        ("bob", True, False),
    ]
    assert intake.left_out == [("liwei_12347_987656_report.pdf", "it is no notebook")]
    assert intake.missing == {ASSIGNMENT: ["cy"]}
    assert not list((roster / "submitted").rglob("timestamp.txt"))
    origin = origins(roster / "submitted")["ann", ASSIGNMENT]
    assert (origin.platform, str(origin.path)) == ("canvas", f"doejane_LATE_12345_987654_{ASSIGNMENT}-1.ipynb")


def test_moodle_with_its_worksheet_of_times(roster: Path, tmp_path: Path) -> None:
    files = {
        f"Jane Doe_301_assignsubmission_file_/{ASSIGNMENT}.ipynb": RIGHT,
        "Bob Roe_302_assignsubmission_file_/work.zip": archive(
            tmp_path / "x.zip", {"a/b/hw.ipynb": SECOND}
        ).read_bytes(),
        f"Eve Fox_303_assignsubmission_file_/{ASSIGNMENT}.ipynb": BLANK,
    }
    worksheet = tmp_path / "worksheet.csv"
    worksheet.write_text(
        "Identifier,Full name,Last modified (submission)\n"
        'Participant 301,Jane Doe,"Monday, 1 February 2027, 11:59 PM"\nParticipant 302,Bob Roe,-\n',
        encoding="utf-8-sig",
    )
    times = read_times(worksheet, Course.here(roster).zone)
    intake = collected(roster, archive(tmp_path / "m.zip", files), times=times)
    assert there(roster) == {
        f"ann/{ASSIGNMENT}": RIGHT, f"bob/{ASSIGNMENT}": SECOND, f"Eve Fox/{ASSIGNMENT}": BLANK,
    }  # fmt: skip
    assert (roster / "submitted" / "ann" / ASSIGNMENT / "timestamp.txt").read_text() == "2027-02-01 22:59:00 UTC"
    assert intake.strangers == ["Eve Fox"]


def test_what_one_of_a_group_hands_in_is_that_of_all(roster: Path, tmp_path: Path) -> None:
    """Moodle and GitHub Classroom name the group, Canvas one of its members."""
    lines = ["login,name,group,platform_id", "ann,Jane Doe,Red Team,12345", "bob,Bob Roe,Red Team,12346", "cy,Li,,7"]
    (roster / "roster.csv").write_text("\n".join(lines))
    names = (
        f"roebob_12346_987655_{ASSIGNMENT}.ipynb",
        f"Red Team_301_assignsubmission_file_/{ASSIGNMENT}.ipynb",
        f"dropout-numpy-submissions/dropout-numpy-red-team/{ASSIGNMENT}.ipynb",
    )
    for number, name in enumerate(names):
        written = SECOND if number % 2 else RIGHT
        intake = collected(roster, archive(tmp_path / f"{number}.zip", {name: written}))
        assert there(roster) == {f"ann/{ASSIGNMENT}": written, f"bob/{ASSIGNMENT}": written}, name
        assert intake.missing == {ASSIGNMENT: ["cy"]}
        assert intake.strangers == []
    known = origins(roster / "submitted")
    assert sorted(origin.platform for origin in known.values()) == ["", "folder"]


def test_two_people_of_one_name_stay_two(course: Path, tmp_path: Path) -> None:
    files = {
        f"Jane Doe_{n}_assignsubmission_file_/{ASSIGNMENT}.ipynb": data for n, data in ((301, RIGHT), (302, SECOND))
    }
    collected(course, archive(tmp_path / "m.zip", files))
    assert there(course) == {f"Jane Doe-301/{ASSIGNMENT}": RIGHT, f"Jane Doe-302/{ASSIGNMENT}": SECOND}


def test_github_classroom(roster: Path, tmp_path: Path) -> None:
    files = {
        f"hw-1-ann/{ASSIGNMENT}.ipynb": RIGHT, "hw-1-ann/README.md": b"", "hw-1-ann/.git/config": b"",
        f"hw-1-ann/.ipynb_checkpoints/{ASSIGNMENT}-checkpoint.ipynb": BLANK, f"hw-1-bob/src/{ASSIGNMENT}.ipynb": SECOND,
    }  # fmt: skip
    intake = collected(roster, folder(tmp_path / "hw-1-submissions", files))
    assert there(roster) == {f"ann/{ASSIGNMENT}": RIGHT, f"bob/{ASSIGNMENT}": SECOND}
    assert intake.left_out == []


def test_a_zip_for_each_student_and_a_flat_folder(course: Path, tmp_path: Path) -> None:
    files = {
        "ann.zip": zipped({f"{ASSIGNMENT}.ipynb": RIGHT}),
        f"bob/{ASSIGNMENT}.ipynb": SECOND,
        f"cy_{ASSIGNMENT}.ipynb": RIGHT,
    }
    collected(course, folder(tmp_path / "flat", files))
    assert there(course) == dict.fromkeys((f"ann/{ASSIGNMENT}", f"cy/{ASSIGNMENT}"), RIGHT) | {
        f"bob/{ASSIGNMENT}": SECOND
    }


def test_nbgraders_exchange_keeps_every_attempt_with_its_time(course: Path, tmp_path: Path) -> None:
    early, late = "2027-02-01 10:00:00.5 UTC", "2027-02-02 10:00:00.5 UTC"
    inbound = {
        f"ann+{ASSIGNMENT}+{late}/{ASSIGNMENT}.ipynb": SECOND,
        f"ann+{ASSIGNMENT}+{late}/timestamp.txt": late.encode(),
        f"ann+{ASSIGNMENT}+{late}/submission_secret.txt": b"s3cret",
        f"ann+{ASSIGNMENT}+{early}/{ASSIGNMENT}.ipynb": RIGHT,
    }
    intake = collected(course, folder(tmp_path / "inbound", inbound))
    place = course / "submitted" / "ann" / ASSIGNMENT
    assert there(course) == {f"ann/{ASSIGNMENT}": SECOND}
    assert (place / "timestamp.txt").read_text() == "2027-02-02 10:00:00.500000 UTC"
    assert (place / "submission_secret.txt").read_text() == "s3cret"
    assert [attempt.time for attempt in intake.earlier] == [datetime(2027, 2, 1, 10, 0, 0, 500_000)]
    (kept,) = (course / "attempts" / "ann" / ASSIGNMENT).iterdir()
    assert (kept / f"{ASSIGNMENT}.ipynb").read_bytes() == RIGHT
    assert (kept / "timestamp.txt").read_text() == "2027-02-01 10:00:00.500000 UTC"


def test_a_time_that_a_student_may_have_written_is_not_believed(course: Path, tmp_path: Path) -> None:
    files = {f"{ASSIGNMENT}/{ASSIGNMENT}.ipynb": RIGHT, f"{ASSIGNMENT}/timestamp.txt": b"2020-01-01"}
    archive(tmp_path / "flat" / "ann.zip", files)
    folder(tmp_path / "flat", {f"bob/{ASSIGNMENT}.ipynb": SECOND, "bob/timestamp.txt": b"2020-01-01"})
    collected(course, tmp_path / "flat")
    assert len(there(course)) == 2
    assert not list(course.rglob("timestamp.txt"))


def test_taking_the_same_again_changes_nothing(course: Path, tmp_path: Path) -> None:
    download = folder(tmp_path / "in", {f"ann/{ASSIGNMENT}/{ASSIGNMENT}.ipynb": RIGHT})
    collected(course, download)
    again = collected(course, download)
    assert (len(again.taken), len(again.unchanged)) == (0, 1)
    assert there(course) == {f"ann/{ASSIGNMENT}": RIGHT}
    assert not (course / "attempts").exists()


def test_what_comes_later_counts_and_what_was_there_is_kept(course: Path, tmp_path: Path) -> None:
    collected(course, folder(tmp_path / "one", {f"ann/{ASSIGNMENT}/{ASSIGNMENT}.ipynb": RIGHT}))
    collected(course, folder(tmp_path / "two", {f"ann/{ASSIGNMENT}/{ASSIGNMENT}.ipynb": SECOND}))
    assert there(course) == {f"ann/{ASSIGNMENT}": SECOND}
    (kept,) = (course / "attempts").rglob("*.ipynb")
    assert kept.read_bytes() == RIGHT


def test_a_blank_copy_replaces_nothing(course: Path, tmp_path: Path) -> None:
    both = {f"ann/{ASSIGNMENT}.ipynb": BLANK, f"ann/{ASSIGNMENT}-Copy1.ipynb": RIGHT}
    intake = collected(course, folder(tmp_path / "one", both))
    assert there(course) == {f"ann/{ASSIGNMENT}": RIGHT}
    assert [item.path.name for item in intake.earlier] == [f"{ASSIGNMENT}.ipynb"]
    intake = collected(course, folder(tmp_path / "two", {f"ann/{ASSIGNMENT}.ipynb": BLANK}))
    assert there(course) == {f"ann/{ASSIGNMENT}": RIGHT}
    assert (len(intake.taken), len(intake.earlier)) == (0, 1)


def test_an_assignment_under_the_name_of_another_is_known_by_its_cells(course: Path, tmp_path: Path) -> None:
    other = notebook(OTHER, right_cells(OTHER, 0))
    collected(course, folder(tmp_path / "in", {f"ann/{ASSIGNMENT}/{ASSIGNMENT}.ipynb": other}))
    assert there(course) == {f"ann/{OTHER}": other}


def test_what_cannot_be_told_is_left_out_with_a_reason(course: Path, tmp_path: Path) -> None:
    files = {
        f"{ASSIGNMENT}.ipynb": RIGHT,
        "ann/poem.ipynb": STRANGE,
        "bob/novel.ipynb": b"Call me",
        f"cy/{ASSIGNMENT}.ipynb": b"{",
        "dan/essay.docx": b"PK",
    }
    intake = collected(course, folder(tmp_path / "in", files))
    assert dict(intake.left_out) == {
        f"{ASSIGNMENT}.ipynb": "whose it is cannot be told from its path",
        "ann/poem.ipynb": "no cell of it is one of this course",
        "bob/novel.ipynb": "it is no notebook that can be read",
        "dan/essay.docx": "it is no notebook",
    }
    assert there(course) == {f"cy/{ASSIGNMENT}": b"{"}, "the grader tells its author what is wrong with it"


@pytest.mark.parametrize("name", ["a\x07b", "x" * 200])
def test_names_that_can_be_nobodys_are_left_out(course: Path, tmp_path: Path, name: str) -> None:
    download = archive(tmp_path / "m.zip", {f"{name}_301_assignsubmission_file_/{ASSIGNMENT}.ipynb": RIGHT})
    (why,) = [why for _, why in collected(course, download).left_out]
    assert "can be nobody's name" in why or "leads out" in why
    assert there(course) == {}


def test_names_that_differ_by_case_only_are_said(course: Path, tmp_path: Path) -> None:
    files = {f"{name}/{ASSIGNMENT}.ipynb": RIGHT for name in ("Ann", "ann", "bob")}
    assert collected(course, folder(tmp_path / "in", files)).alike == [("Ann", "ann")]


def test_nothing_is_written_through_a_link(course: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (course / "submitted").mkdir()
    (course / "submitted" / "ann").symlink_to(tmp_path / "elsewhere")
    intake = collected(course, folder(tmp_path / "in", {f"ann/{ASSIGNMENT}.ipynb": RIGHT}))
    assert intake.left_out == [(f"ann/{ASSIGNMENT}.ipynb", "the folder of ann is a link")]
    assert not list((tmp_path / "elsewhere").iterdir())


def test_an_assignment_of_the_courses_own_is_taken_as_well(course: Path, tmp_path: Path) -> None:
    cell = {"cell_type": "code", "metadata": {"nbgrader": {"grade_id": "q1", "solution": True, "grade": False}}}
    text = {"source": "# answer", "outputs": [], "execution_count": None, "id": "q1"}
    released = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell | text]}
    folder(course / "release", {"ps1/problem1.ipynb": json.dumps(released).encode()})
    done = json.dumps(released | {"cells": [cell | text | {"source": "print(1)"}]}).encode()
    collected(course, folder(tmp_path / "in", {"ann/mine.ipynb": done}))
    assert (course / "submitted" / "ann" / "ps1" / "problem1.ipynb").read_bytes() == done


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n1,2\n", "says nobody's time"),
        ("login,submitted\nann,soon\n", "'soon' is no time"),
        ("x\ny\n", "says nobody's time"),
    ],
)
def test_a_table_without_times_is_one_clear_line(tmp_path: Path, course: Path, text: str, says: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(CourseError, match=says):
        read_times(tmp_path / "t.csv", Course.here(course).zone)


def test_a_table_that_is_not_there_is_called_so(course: Path, tmp_path: Path) -> None:
    run = autograder("collect", tmp_path, "--times", "nowhere.csv", cwd=course)
    assert run.returncode == 2
    said = "nowhere.csv cannot be used (No such file or directory): mend that, or name another place"
    assert run.stderr == f"autograder: {said}\n"


def test_a_download_is_left_as_it_was(course: Path, tmp_path: Path) -> None:
    download = folder(tmp_path / "in", {f"ann/{ASSIGNMENT} (1).ipynb": RIGHT})
    collected(course, download)
    assert [path.relative_to(download) for path in sorted(download.rglob("*"))] == [
        Path("ann"),
        Path(f"ann/{ASSIGNMENT} (1).ipynb"),
    ]
    assert (download / "ann" / f"{ASSIGNMENT} (1).ipynb").read_bytes() == RIGHT
