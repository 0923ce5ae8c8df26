"""Dates: where they come from, what lateness costs, and that everything follows when one of them moves."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from traitlets.config import Config
from typer.testing import CliRunner

from autograder.cli import commands
from autograder.grading.assignment import load
from autograder.grading.collect import Submission, collect, students
from autograder.grading.course import Course, LateRules, Planned
from autograder.grading.errors import CourseError
from autograder.grading.exports import Spreadsheet
from autograder.grading.gradebook import ClassGradebook, course_url, opened
from autograder.grading.late import LatePolicy, Penalties, configure
from autograder.grading.scores import Score
from tests.grading.conftest import ASSIGNMENT, hand_in, judged
from tests.grading.test_exports import FULL

DUE = datetime(2027, 2, 1, 23, 59)
ZERO = 'c = get_config()\nc.LateSubmissionPlugin.penalty_method = "zero"\n'
KEY = ("ann", ASSIGNMENT)


def settings(root: Path, **late: float) -> Course:
    return Course(root, late=LateRules(**late) if late else None, planned=(Planned(ASSIGNMENT, due=DUE),))


def record(course: Course, after: timedelta, share: float = 1.0) -> str:
    """Record a submission so long after the due date, and return the URL of its gradebook."""
    url = f"sqlite:///{course.root / 'gradebook.db'}"
    receipts = {KEY: Submission(*KEY, submitted=DUE + after)}
    with ClassGradebook(url, [load(ASSIGNMENT)], course) as book:
        book.record([judged("ann", load(ASSIGNMENT), share)], receipts)
    return url


def score(url: str, course: Course) -> Score:
    with ClassGradebook(url, [], course) as book:
        return book.scores()[KEY]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2027-02-01 23:59:53.000000 UTC", datetime(2027, 2, 1, 23, 59, 53)),
        ("2027-02-02T00:59:53+01:00", datetime(2027, 2, 1, 23, 59, 53)),
        ("2027-02-01 23:59:53\n", datetime(2027, 2, 1, 23, 59, 53)),
    ],
)
def test_the_time_beside_a_notebook_is_read(tmp_path: Path, text: str, time: datetime) -> None:
    (hand_in(tmp_path, "ann", b"{}").parent / "timestamp.txt").write_text(text)
    (found,) = collect(tmp_path, students(tmp_path), [ASSIGNMENT])
    assert (found.submitted, found.remarks) == (time, ())


@pytest.mark.parametrize("text", [b"yesterday", b"\xff\xfe", b"", b"9" * 400, b"99999999999-01-01", b"1e999", b"\0"])
def test_a_time_that_cannot_be_read_stops_nothing_and_is_said(tmp_path: Path, text: bytes) -> None:
    (hand_in(tmp_path, "ann", b"{}").parent / "timestamp.txt").write_bytes(text)
    (found,) = collect(tmp_path, students(tmp_path), [ASSIGNMENT])
    assert (found.status, found.submitted) == ("graded", None)
    assert "cannot be read" in found.remarks[0]


def test_a_linked_time_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("2027-02-01")
    (hand_in(tmp_path / "class", "ann", b"{}").parent / "timestamp.txt").symlink_to(tmp_path / "elsewhere")
    (found,) = collect(tmp_path / "class", students(tmp_path / "class"), [ASSIGNMENT])
    assert found.submitted is None
    assert found.remarks


@pytest.mark.parametrize(
    ("late", "seconds", "penalty"),
    [
        ({"percent_per_day": 10}, 1, 10),
        ({"percent_per_day": 10}, 86_400, 10),
        ({"percent_per_day": 10}, 86_401, 20),
        ({"percent_per_day": 10, "grace_minutes": 15}, 900, None),
        ({"percent_per_day": 10, "grace_minutes": 15}, 901, 10),
        ({"percent_per_day": 30, "at_most_percent": 50}, 2 * 86_400, 50),
        ({"percent_per_day": 1, "closed_after_days": 2}, 2 * 86_400 + 1, 100),
        ({}, 1, 0),
    ],
)
def test_the_policy_of_a_course(late: dict[str, float], seconds: float, penalty: float | None) -> None:
    assert LatePolicy(**late).late_submission_penalty("ann", 100.0, seconds) == penalty


def test_nbgrader_gets_the_same_policy(tmp_path: Path) -> None:
    config = Config()
    configure(config, settings(tmp_path, percent_per_day=10))
    assert config.AssignLatePenalties.plugin_class is LatePolicy
    assert config.LatePolicy == {"percent_per_day": 10, "at_most_percent": 100.0, "grace_minutes": 0.0}
    configure(untouched := Config(), settings(tmp_path))
    assert untouched == Config()


@pytest.mark.parametrize(("seconds", "penalty"), [(-1, 0.0), (53, FULL)])
def test_the_plugin_of_nbgraders_settings_decides(tmp_path: Path, seconds: int, penalty: float) -> None:
    (tmp_path / "nbgrader_config.py").write_text(ZERO)
    course = settings(tmp_path)
    found = score(record(course, timedelta(seconds=seconds)), course)
    assert (found.penalty, found.points) == (penalty, FULL - penalty)
    assert found.late == timedelta(seconds=max(0, seconds))


def test_a_penalty_follows_points_dates_and_extensions(tmp_path: Path) -> None:
    course = settings(tmp_path, percent_per_day=10)
    url = record(course, timedelta(hours=30))
    assert score(url, course).penalty == pytest.approx(0.2 * FULL)
    record(course, timedelta(hours=30), 0.5)
    assert score(url, course).penalty == pytest.approx(0.2 * FULL / 2)
    moved = replace(course, planned=(Planned(ASSIGNMENT, due=DUE + timedelta(hours=10)),))
    assert score(url, moved).penalty == pytest.approx(0.1 * FULL / 2)
    with ClassGradebook(url, [], moved) as book:
        before, after = book.extend("ann", ASSIGNMENT, timedelta(days=1))
        assert (before.penalty, after.penalty) == (pytest.approx(0.1 * FULL / 2), 0.0)
        assert after.due == DUE + timedelta(hours=34)
        *_, taken_back = book.extend("ann", ASSIGNMENT, timedelta())
        assert taken_back == before


def test_points_that_a_person_gives_are_late_as_well(tmp_path: Path) -> None:
    course = settings(tmp_path, percent_per_day=50)
    url = record(course, timedelta(hours=1), 0.0)
    with Gradebook(url) as book:
        grade = book.find_grade("dropout_forward_check", ASSIGNMENT, ASSIGNMENT, "ann")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 8.0, 1.0, False
        book.db.commit()
    assert score(url, course).points == 4.5
    with opened(url) as book:
        data, _ = Spreadsheet(course=course).render(book)
    header, line = (line.split(",") for line in data.decode("utf-8-sig").splitlines())
    found = dict(zip(header, line, strict=True))
    assert (found["manual"], found["penalty"], found["points"], found["hours_late"]) == ("8", "4.5", "4.5", "1")
    assert found["submitted"] == "2027-02-02 00:59:00 UTC"


def test_a_date_that_the_course_does_not_state_stays(tmp_path: Path) -> None:
    course = Course(tmp_path, late=LateRules(percent_per_day=10))
    url = record(course, timedelta(hours=1))
    with Gradebook(url) as book:
        book.find_assignment(ASSIGNMENT).duedate = DUE
        book.db.commit()
    assert score(url, course).penalty == pytest.approx(0.1 * FULL)
    record_again = judged("ann", load(ASSIGNMENT), 1.0)
    with ClassGradebook(url, [load(ASSIGNMENT)], course) as book:
        book.record([record_again])
        assert book.scores()[KEY].submitted == DUE + timedelta(hours=1)


def test_time_can_be_given_to_somebody_who_has_not_handed_in(tmp_path: Path) -> None:
    course = settings(tmp_path, percent_per_day=10)
    url = record(course, timedelta())
    with ClassGradebook(url, [], course) as book:
        book.extend("bob", ASSIGNMENT, timedelta(days=2))
        found = book.scores()["bob", ASSIGNMENT]
        assert not found.handed_in
        assert not found.waiting
        late = Submission("bob", ASSIGNMENT, submitted=DUE + timedelta(days=1))
        book.record([judged("bob", load(ASSIGNMENT), 1.0)], {("bob", ASSIGNMENT): late})
        assert book.scores()["bob", ASSIGNMENT].penalty == 0
        with pytest.raises(CourseError, match="holds no assignment 'nosuch'"):
            book.extend("bob", "nosuch", timedelta())


def test_time_can_be_given_before_anything_is_graded_to_people_who_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "course.toml").write_text(
        f'[late]\npercent_per_day = 10\n[[assignment]]\nname = "{ASSIGNMENT}"\ndue = 2027-02-01T23:59:00\n'
    )
    (tmp_path / "roster.csv").write_text("login\nann\n")
    monkeypatch.chdir(tmp_path)
    given = CliRunner().invoke(commands, ["extend", "ann", ASSIGNMENT, "--days", "2"])
    assert given.stdout == f"ann: {ASSIGNMENT} is due 2027-02-03 23:59:00 UTC\n"
    mistyped = CliRunner().invoke(commands, ["extend", "amn", ASSIGNMENT, "--days", "2"])
    assert str(mistyped.exception) == ("the roster has no student 'amn': give a login of roster.csv")
    url = course_url(Course.here())
    with ClassGradebook(url, [load(ASSIGNMENT)]) as book:
        late = Submission(*KEY, submitted=DUE + timedelta(days=1))
        book.record([judged("ann", load(ASSIGNMENT), 1.0)], {KEY: late})
        assert {key: found.penalty for key, found in book.scores().items()} == {KEY: 0}
    with opened(url) as book:
        assert [student.id for student in book.students] == ["ann"]


@pytest.mark.parametrize(
    ("text", "says"),
    [("1 / 0", "cannot be run"), ("c = get_config()\nc.AssignLatePenalties.plugin_class = 'x.Y'", "late policy")],
)
def test_settings_that_cannot_be_used_are_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "nbgrader_config.py").write_text(text)
    with pytest.raises(CourseError, match=says):
        Penalties(Course(tmp_path))
