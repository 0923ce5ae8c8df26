"""What lies in the submitted folder is read without trusting any of it."""

import os
from pathlib import Path

import pytest

from autograder.grading.collect import Submission, collect, present, read_file, student_id, students
from autograder.grading.errors import CourseError
from autograder.grading.output import Output
from autograder.grading.verdicts import SubmissionVerdict
from autograder.kernels.notebook import MAX_BYTES
from tests.grading.conftest import ASSIGNMENT, hand_in


def read(folder: Path) -> dict[str, Submission]:
    return {submission.student: submission for submission in collect(folder, students(folder), [ASSIGNMENT])}


def test_real_folders_are_students(tmp_path: Path) -> None:
    hand_in(tmp_path, "ann", b"{}")
    hand_in(tmp_path, "Bob Ó", b"[]")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    found = read(tmp_path)
    assert list(found) == ["Bob Ó", "ann"]
    assert (found["ann"].notebook, found["ann"].status) == (b"{}", "graded")


def test_what_systems_and_earlier_runs_leave_is_no_student(tmp_path: Path) -> None:
    for name in ("ann", ".git", ".venv", "__MACOSX", "lost+found", ".hidden", "graded"):
        (tmp_path / name).mkdir()
    (tmp_path / "graded" / "verdicts.jsonl").write_text("")
    (tmp_path / ".link").symlink_to("ann")
    assert [folder.student for folder in students(tmp_path)] == ["ann"]


def test_a_linked_student_is_invalid(tmp_path: Path) -> None:
    hand_in(tmp_path / "class", "ann", b"{}")
    (tmp_path / "class" / "bob").symlink_to("ann")
    (tmp_path / "class" / "cy").symlink_to("nowhere")
    found = read(tmp_path / "class")
    assert [found[name].status for name in ("ann", "bob", "cy")] == ["graded", "invalid", "invalid"]
    assert found["bob"].notebook == b""


def test_links_pipes_and_folders_in_place_of_a_notebook_are_invalid(tmp_path: Path) -> None:
    target = hand_in(tmp_path, "ann", b"{}")
    name = f"{ASSIGNMENT}.ipynb"
    for student in ("file-link", "pipe", "folder", "dangling"):
        hand_in(tmp_path, student, None)
    (tmp_path / "file-link" / ASSIGNMENT / name).symlink_to(target)
    (tmp_path / "dangling" / ASSIGNMENT / name).symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe" / ASSIGNMENT / name)
    (tmp_path / "folder" / ASSIGNMENT / name).mkdir()
    (tmp_path / "folder-link").mkdir()
    (tmp_path / "folder-link" / ASSIGNMENT).symlink_to(target.parent)
    (tmp_path / "file").mkdir()
    (tmp_path / "file" / ASSIGNMENT).write_text("")
    found = read(tmp_path)
    assert found.pop("ann").status == "graded"
    assert {submission.status for submission in found.values()} == {"invalid"}
    assert all(submission.cause for submission in found.values())


def test_a_link_that_somebody_names_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "link.ipynb").symlink_to(hand_in(tmp_path, "ann", b"{}"))
    assert read_file(tmp_path / "link.ipynb", "you", ASSIGNMENT).cause == (
        "link.ipynb is a link, or in no real folder: hand in the notebook itself"
    )


def test_sizes_are_checked_before_reading(tmp_path: Path) -> None:
    path = hand_in(tmp_path, "ann", b"")
    with path.open("wb") as file:
        file.truncate(10 * 2**40)
    assert path.stat().st_size > MAX_BYTES
    assert read(tmp_path)["ann"].status == "invalid"
    assert "larger than" in read(tmp_path)["ann"].cause


def test_descriptors_are_closed(tmp_path: Path) -> None:
    hand_in(tmp_path, "ann", b"{}")
    hand_in(tmp_path, "bob", None)
    (tmp_path / "bob" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").mkdir()
    before = len(list(Path("/proc/self/fd").iterdir()))
    read(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_missing_folder_and_missing_notebook_are_missing(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    hand_in(tmp_path, "bob", None)
    assert {submission.status for submission in read(tmp_path).values()} == {"missing"}


def test_assignments_that_somebody_handed_in_are_found(tmp_path: Path) -> None:
    hand_in(tmp_path, "ann", b"{}")
    assert present(tmp_path, students(tmp_path), ["other", ASSIGNMENT]) == [ASSIGNMENT]


@pytest.mark.parametrize("make", ["nothing", "file"])
def test_a_folder_that_cannot_be_read_is_one_clear_line(tmp_path: Path, make: str) -> None:
    folder = tmp_path / "class"
    if make == "file":
        folder.write_text("")
    with pytest.raises(CourseError, match=str(folder)):
        students(folder)


@pytest.mark.parametrize("name", ["ann", "Zoë", "a b", "=cmd", "..a", "x" * 128, "line\nbreak", "<b>"])
def test_ordinary_names_stay(name: str) -> None:
    assert student_id(name) == name


def test_names_that_no_gradebook_could_hold_are_told_apart() -> None:
    names = ["x" * 129, "x" * 130, os.fsdecode(b"a\xff"), os.fsdecode(b"a\xfe")]
    ids = [student_id(name) for name in names]
    assert len(set(ids)) == len(ids)
    for name in ids:
        assert len(name) <= 128
        assert name.encode()


def test_feedback_stays_in_its_folder(tmp_path: Path) -> None:
    for name in ("..a", "a\\b", "x" * 200):
        (tmp_path / name).mkdir()
    for folder in students(tmp_path):
        verdict = SubmissionVerdict(folder.student, "a", "", 0.0, 0, "", f"feedback/{folder.student}/a.html", ())
        path = Output(tmp_path / "out").feedback(verdict)
        assert path.resolve().is_relative_to((tmp_path / "out" / "feedback").resolve())
        path.parent.mkdir(parents=True)
