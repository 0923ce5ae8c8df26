"""`course.toml`: found from anywhere inside a course, read as it is meant, and refused in one clear line."""

from datetime import datetime
from pathlib import Path

import pytest

from autograder.checks.catalogue import ASSIGNMENTS
from autograder.grading.course import Course, LateRules, Planned
from autograder.grading.errors import CourseError

SETTINGS = """
id = "dropout"
book = "https://example.org/course"
timezone = "Europe/Berlin"
attempts = "best"
missing = "zero"

[late]
percent_per_day = 10
closed_after_days = 7

[[assignment]]
name = "pooling"
due = 2027-02-01T23:59:00
points = 20
column = "Pooling (4711)"

[[assignment]]
name = "batchnorm"
due = 2027-07-01

[[assignment]]
name = "ps1"
due = 2027-02-01T23:59:00-05:00
"""


def test_what_a_course_says(tmp_path: Path) -> None:
    (tmp_path / "course.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "inner" / "folder").mkdir(parents=True)
    course = Course.here(tmp_path / "inner" / "folder")
    assert course.root == tmp_path
    assert course.exists
    assert (course.id, course.book, course.attempts, course.missing) == (
        *("dropout", "https://example.org/course", "best", "zero"),
    )
    assert course.late == LateRules(percent_per_day=10, closed_after_days=7)
    assert course.planned == (
        Planned("pooling", datetime(2027, 2, 1, 22, 59), 20, "Pooling (4711)"),
        Planned("batchnorm", datetime(2027, 7, 1, 21, 59, 59)),
        Planned("ps1", datetime(2027, 2, 2, 4, 59)),
    )
    assert sorted(["zz", "batchnorm", "aa", "pooling"], key=course.place) == ["pooling", "batchnorm", "aa", "zz"]
    assert course.plan("nosuch") == Planned("nosuch")


def test_a_folder_without_settings_settles_nothing(tmp_path: Path) -> None:
    course = Course.here(tmp_path)
    assert course == Course(tmp_path)
    assert not course.exists
    assert course.names == ASSIGNMENTS


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id = ", "Invalid value"),
        ("due = 1", "'due' was unexpected"),
        ("id = 7", "id: 7 is not of type 'string'"),
        ("attempts = 'first'", "'first' is not one of"),
        ("timezone = 'Mars'", "Mars"),
        ("assignment = 1", "is not of type 'array'"),
        ("[[assignment]]", "'name' is a required property"),
        ("[[assignment]]\nname = 'a'\ndew = 1", "assignment/0: .*'dew' was unexpected"),
        ("[[assignment]]\nname = 'a'\n[[assignment]]\nname = 'a'", "a is planned twice"),
        ("[[assignment]]\nname = 'a'\ndue = '2027-01-01'", "write it without quotes"),
        ("[[assignment]]\nname = 'a'\npoints = -1", "less than the minimum"),
        ("[late]\npercent_per_day = 200", "late/percent_per_day"),
        ("[late]\ngrace = 1", "'grace' was unexpected"),
        ("late = 3", "not of type 'object'"),
        ("root = 'x'", "'root' was unexpected"),
        ("[[assignment]]\nname = '../x'", "does not match"),
    ],
)
def test_what_cannot_be_meant_is_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "course.toml").write_text(text)
    with pytest.raises(CourseError, match=says) as error:
        Course.here(tmp_path)
    assert "\n" not in str(error.value)


def test_settings_that_are_no_text_are_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "course.toml").write_bytes(b"\xff")
    with pytest.raises(CourseError, match=r"course\.toml cannot be used"):
        Course.here(tmp_path)
