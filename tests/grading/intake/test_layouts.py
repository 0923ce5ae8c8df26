"""Whose a file is, as each platform names it, and which copy."""

from pathlib import PurePosixPath

import pytest

from autograder.grading.intake.layouts import Found, copy_number, find_owner, given_name, says, wrappers
from autograder.grading.roster import Person, Roster

A = "dropout_numpy"
NOBODY = Roster({})
CLASS = Roster({"ann-lee": Person("ann-lee"), "bob": Person("bob", "Roe", "Bob", "bob@example.org", "", "12346")})
TIME = "2027-02-01 22:59:53.123456 UTC"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (f"ann+{A}+{TIME}/{A}.ipynb", Found("exchange", "ann", time=TIME)),
        (f"inbound/ann+{A}+{TIME}+Zk3/{A}.ipynb", Found("exchange", "ann", time=f"{TIME}")),
        (f"doejane_12345_987654_{A}.ipynb", Found("canvas", "", "doejane", "12345")),
        (f"doejane_LATE_12345_987654_{A}-2.ipynb", Found("canvas", "", "doejane", "12345", late=True)),
        (f"submissions/doejane_12345_987654_hw.zip/in/{A}.ipynb", Found("canvas", "", "doejane", "12345")),
        (f"Jane Doe_301_assignsubmission_file_/{A}.ipynb", Found("moodle", "", "Jane Doe", "301")),
        (f"Jane Doe_301_assignsubmission_file_{A}.ipynb", Found("moodle", "", "Jane Doe", "301")),
        (f"all/Zoë Ó Brien_7_assignsubmission_file_/hw.zip/{A}.ipynb", Found("moodle", "", "Zoë Ó Brien", "7")),
        (f"ann/{A}/{A}.ipynb", Found("nbgrader", "ann")),
        (f"submitted/ann/{A}/{A}.ipynb", Found("nbgrader", "ann")),
        (f"ann/Dropout-Numpy/work/{A}.ipynb", Found("nbgrader", "ann")),
        (f"ann/{A}.ipynb", Found("folder", "ann")),
        (f"submissions/ann/{A}.ipynb", Found("folder", "ann")),
        (f"ann.zip/{A}.ipynb", Found("folder", "ann")),
        (f"ann.zip/{A}/{A}.ipynb", Found("nbgrader", "ann")),
        (f"dropout-numpy-ann-lee/{A}.ipynb", Found("folder", "ann-lee")),
        (f"student-01/{A}.ipynb", Found("folder", "student-01")),
        ("ann.ipynb", Found("file", "ann")),
        (f"ann_{A}.ipynb", Found("file", "ann")),
        ("Dropout NumPy - ann (1).ipynb", Found("file", "ann")),
        ("student-01.ipynb", Found("file", "student-01")),
        (f"{A}.ipynb", Found("file", "")),
    ],
)
def test_a_path_says_whose_a_notebook_is(path: str, found: Found) -> None:
    assert find_owner(PurePosixPath(path), A, 0, NOBODY) == found


@pytest.mark.parametrize(
    ("path", "login"),
    [
        (f"hw1-ann-lee/{A}.ipynb", "ann-lee"),
        (f"class/of/BOB/work/{A}.ipynb", "bob"),
        (f"Roe, Bob/{A}.ipynb", "bob"),
        (f"bob@example.org/{A}.ipynb", "bob"),
        (f"stranger/{A}.ipynb", "stranger"),
    ],
)
def test_the_roster_says_which_folder_is_somebodys(path: str, login: str) -> None:
    assert find_owner(PurePosixPath(path), A, 0, CLASS).login == login


def test_folders_that_all_share_are_nobodys() -> None:
    paths = [PurePosixPath(f"term/hw1/{name}/x.ipynb") for name in ("ann", "bob")]
    assert wrappers(paths) == 2
    assert [find_owner(path, A, 2, NOBODY).login for path in paths] == ["ann", "bob"]
    assert wrappers(paths[:1]) == 0


@pytest.mark.parametrize(
    ("name", "copy"),
    [
        (f"{A}.ipynb", 0), (f"{A} (1).ipynb", 1), (f"{A}-Copy2.ipynb", 2), (f"{A} copy.ipynb", 1), (f"{A}-3.ipynb", 3),
        ("Dropout_NumPy.ipynb.txt", 0), ("dropout-numpy.IPYNB", 0), (f"{A} (2)(1).ipynb", 2),
    ],
)  # fmt: skip
def test_copies_are_known_by_their_names(name: str, copy: int) -> None:
    assert copy_number(name) == copy
    assert says(name, A)


def test_other_names_are_not_the_assignments() -> None:
    assert not says("dropout_keras.ipynb", A)
    assert not says("my_dropout_numpy.ipynb", A)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        (f"doejane_LATE_12345_987654_{A}-2.ipynb", f"{A}.ipynb"),
        (f"doejane_12345_987654_{A} (1).ipynb", f"{A} (1).ipynb"),
        (f"Jane Doe_301_assignsubmission_file_{A}.ipynb", f"{A}.ipynb"),
        (f"{A}-2.ipynb", f"{A}-2.ipynb"),
        (f"ann_{A}.ipynb", f"ann_{A}.ipynb"),
    ],
)
def test_what_a_platform_adds_is_no_other_name(name: str, given: str) -> None:
    assert given_name(name) == given
