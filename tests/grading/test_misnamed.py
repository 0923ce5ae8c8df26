"""Work under another name counts where there is no doubt, and is named where there is."""

import zipfile
from pathlib import Path

import pytest

from autograder.grading.collect import Submission, collect, students
from autograder.grading.course import Course
from autograder.grading.intake.recognize import releases
from autograder.grading.misnamed import look_again
from autograder.kernels.notebook import lean
from tests.grading.conftest import ASSIGNMENT, answered
from tests.sample.submissions import notebook, right_cells

RIGHT, SECOND, BLANK = map(lean, (answered(0), answered(1), notebook(ASSIGNMENT, {})))
OTHER = "pooling"
KNOWN = releases(Course(Path("/nowhere")))


def handed_in(folder: Path, files: dict[str, bytes]) -> Submission:
    """Return what is graded when a student hands in these files."""
    for name, data in files.items():
        (folder / "ann" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "ann" / name).write_bytes(data)
    (found,) = collect(folder, students(folder), [ASSIGNMENT])
    return look_again(found, folder / "ann", KNOWN)


@pytest.mark.parametrize(
    "name",
    [
        f"{ASSIGNMENT}/{ASSIGNMENT} (1).ipynb",
        f"{ASSIGNMENT}/{ASSIGNMENT}-ann.ipynb",
        f"{ASSIGNMENT}/Dropout_NumPy.ipynb",
        f"{ASSIGNMENT}/{ASSIGNMENT}.ipynb.txt",
        f"{ASSIGNMENT}/Untitled.ipynb",
        f"Dropout-Numpy/{ASSIGNMENT}.ipynb",
        f"{ASSIGNMENT}/work/{ASSIGNMENT}.ipynb",
        f"{ASSIGNMENT}.ipynb",
    ],
)
def test_the_one_notebook_that_can_be_meant_is_the_submission(tmp_path: Path, name: str) -> None:
    found = handed_in(tmp_path, {name: RIGHT})
    assert (found.status, found.notebook) == ("graded", RIGHT)
    assert found.remarks == (f"its file has another name, {name}: it was taken for the submission",)


def test_a_zip_is_looked_into(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    with zipfile.ZipFile(tmp_path / "ann" / "hw.zip", "w") as archive:
        archive.writestr("work/hw.ipynb", RIGHT)
    assert handed_in(tmp_path, {}).notebook == RIGHT


def test_the_work_beside_the_untouched_release_counts(tmp_path: Path) -> None:
    files = {f"{ASSIGNMENT}/{ASSIGNMENT}.ipynb": BLANK, f"{ASSIGNMENT}/{ASSIGNMENT}-Copy1.ipynb": RIGHT}
    assert handed_in(tmp_path, files).notebook == RIGHT


def test_work_under_the_released_name_is_never_passed_over(tmp_path: Path) -> None:
    files = {f"{ASSIGNMENT}/{ASSIGNMENT}.ipynb": SECOND, f"{ASSIGNMENT}/{ASSIGNMENT}-Copy1.ipynb": RIGHT}
    found = handed_in(tmp_path, files)
    assert (found.notebook, found.remarks) == (SECOND, ())


def test_between_several_a_person_chooses(tmp_path: Path) -> None:
    found = handed_in(tmp_path, {f"{ASSIGNMENT}/a.ipynb": RIGHT, f"{ASSIGNMENT}/b.ipynb": SECOND})
    assert found.status == "missing"
    assert found.cause.endswith(f"was handed in; the folder holds {ASSIGNMENT}/a.ipynb, {ASSIGNMENT}/b.ipynb")
    assert found.remarks


def test_what_else_was_handed_in_is_named(tmp_path: Path) -> None:
    found = handed_in(tmp_path, {f"{ASSIGNMENT}/report.pdf": b"%PDF"})
    assert (found.status, found.remarks) == ("missing", (f"the folder holds {ASSIGNMENT}/report.pdf",))
    untouched = {f"{ASSIGNMENT}/{ASSIGNMENT}.ipynb": BLANK}
    assert handed_in(tmp_path, untouched).remarks[0].startswith("nothing is written in it, and the folder holds")


def test_another_assignment_is_not_taken_for_this_one(tmp_path: Path) -> None:
    other = notebook(OTHER, right_cells(OTHER, 0))
    assert handed_in(tmp_path, {f"{OTHER}/{OTHER}.ipynb": other}).remarks == ()
    found = handed_in(tmp_path, {f"{ASSIGNMENT}/{OTHER}.ipynb": other})
    assert found.status == "missing"


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.ipynb").write_bytes(RIGHT)
    (tmp_path / "class" / "ann" / ASSIGNMENT).mkdir(parents=True)
    (tmp_path / "class" / "ann" / ASSIGNMENT / "x.ipynb").symlink_to(tmp_path / "secret.ipynb")
    assert handed_in(tmp_path / "class", {}).status == "missing"
