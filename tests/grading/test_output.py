"""Files that others read: no formula, no control character, nothing half written."""

import csv
import io
from pathlib import Path

import pytest

from autograder.checks.verdict import ExerciseVerdict, RequirementVerdict
from autograder.grading import durable
from autograder.grading.errors import CourseError
from autograder.grading.output import Identifier, Output, counted, number, to_csv
from autograder.grading.verdicts import SubmissionVerdict, read_verdicts, write_verdicts
from tests.grading.conftest import Class


def verdict(student: str = "ann", points: float = 1.5, assignment: str = "hw") -> SubmissionVerdict:
    parts = (RequirementVerdict("r", "is right", points, 2.0, points == 2.0, ""),)
    return SubmissionVerdict(student, assignment, "process", 0.5, 1, "d", "f", (ExerciseVerdict("e", "graded", parts),))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", *"\uff1d\uff0b\uff0d\uff20"])
def test_no_cell_is_a_formula(start: str) -> None:
    (row,) = csv.reader(io.StringIO(to_csv([f"{start}cmd|'/c calc'!A0"], []), newline=""))
    assert row[0].startswith("'")


@pytest.mark.parametrize("value", [-3.0, -0.5, -1e-06, 0.0])
def test_a_number_below_zero_stays_a_number(value: float) -> None:
    assert to_csv([number(value)], []) == f"{number(value)}\r\n"


@pytest.mark.parametrize("text", ["-3x", "--3", "-3-3", "-", "-3 ", "-A1"])
def test_what_only_begins_like_one_is_guarded(text: str) -> None:
    assert to_csv([text], []) == f"'{text}\r\n"


@pytest.mark.parametrize(("amount", "text"), [(1, "1 page"), (0, "0 pages"), (1.5, "1.5 pages"), (2, "2 pages")])
def test_amounts_agree_with_their_nouns(amount: float, text: str) -> None:
    assert counted(amount, "page") == text


@pytest.mark.parametrize("login", ["+491234", "-x", "@ann", "-a.b+c@example.org", "@"])
def test_what_finds_a_person_stays_where_that_does_no_harm(login: str) -> None:
    assert to_csv([Identifier(login)], []) == f"{login}\r\n"
    assert to_csv([login], []) == f"'{login}\r\n"


@pytest.mark.parametrize("login", ["=ann", "+A1|x", "-1+cmd()", "@SUM(A1)", "\tann", "+a b", "+a,b", "-a!b"])
def test_what_a_spreadsheet_might_run_is_no_identifier(login: str) -> None:
    (row,) = csv.reader(io.StringIO(to_csv([Identifier(login)], []), newline=""))
    assert row[0].startswith("'")


def test_control_characters_are_replaced() -> None:
    text = to_csv(["a\x00b\x1b[31m\nc\x7f\u2028"], [])
    assert text == "a\ufffdb\ufffd[31m\ufffdc\ufffd\ufffd\r\n"


def test_quotes_and_commas_come_back() -> None:
    header = ['say "hi", twice', "é"]
    assert next(csv.reader(io.StringIO(to_csv(header, []), newline=""))) == header


@pytest.mark.parametrize(("value", "text"), [(53.0, "53"), (0.1 + 0.2, "0.3"), (1 / 3, "0.333333"), (0.0, "0")])
def test_points_are_written_as_people_write_them(value: float, text: str) -> None:
    assert number(value) == text


def test_grades_of_the_class(graded: Class) -> None:
    with (graded.plan.out / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        *("student", "assignment", "points", "max_points", "status"),
        *("automatic", "manual", "extra_credit", "penalty", "hours_late", "waiting"),
    ]
    assert {row["student"]: (float(row["points"]), row["status"]) for row in rows} == {
        student: (pytest.approx(verdict.points), verdict.status) for student, verdict in graded.verdicts.items()
    }


def test_verdicts_come_back(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    verdicts = [verdict("zoe"), verdict("ann", 2.0)]
    write_verdicts(path, verdicts)
    assert list(read_verdicts(path).values()) == [verdicts[1], verdicts[0]]


def test_a_line_that_was_cut_short_counts_for_nothing_and_the_next_one_does(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    lines = verdict("ann").to_line() + verdict("bob").to_line()
    path.write_text(lines[:-10])
    assert list(read_verdicts(path)) == [("ann", "hw")]
    durable.append(path, [verdict("cy").to_line()])
    assert list(read_verdicts(path)) == [("ann", "hw"), ("cy", "hw")]
    path.write_text(lines + verdict("ann", 2.0).to_line())
    assert read_verdicts(path)["ann", "hw"].points == 2.0


def test_a_damaged_line_of_the_audit_log_counts_for_nothing(tmp_path: Path) -> None:
    output = Output(tmp_path)
    output.audit.write_bytes(b'\xff\n[]\n{"student": "ann"}\n{"student": "ann", "assignment": "hw", "seed": 1}\n{"stu')
    assert output.audited() == {("ann", "hw"): {"student": "ann", "assignment": "hw", "seed": 1}}


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CourseError, match="choose another folder"):
        Output(tmp_path / "file" / "out").create()
