"""What an export holds is what the gradebook says: points of judges and people, penalties, blanks, and who is who."""

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.grading.assignment import load
from autograder.grading.errors import CourseError
from autograder.grading.exports import FORMATS, Canvas, Export, Moodle, Spreadsheet
from autograder.grading.gradebook import ClassGradebook, opened
from tests.grading.conftest import judged
from tests.grading.test_autograde import nbgrader

HAND, AUTO = "noise_lab", "dropout_numpy"
FULL = 53.0
LAYER = "NoiseLayer_check"

pytestmark = pytest.mark.xdist_group("exports")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a gradebook: two assignments, four people, and everything that a person can do to a grade."""
    url = f"sqlite:///{tmp_path_factory.mktemp('exports') / 'gradebook.db'}"
    hand, auto = load(HAND), load(AUTO)
    with ClassGradebook(url, [hand, auto]) as book:
        book.record(
            [
                judged("+49123", auto, 1.0),
                judged("+49123", hand, 1.0, "design", "experiment"),
                judged("bob", auto, 0.5),
                judged("bob", hand, 0.5, "design"),
                judged("=cy", auto, 0.0),
                judged("dan", auto, None),
                judged("dan", hand, None),
            ]
        )
    with Gradebook(url) as book:
        for name, score in (("design", 8.0), ("experiment", 12.0)):
            grade = book.find_grade(name, HAND, HAND, "+49123")
            grade.manual_score, grade.needs_manual_grade = score, False
        book.find_comment("design", HAND, HAND, "+49123").manual_comment = "Well argued,\nwith one gap."
        first = book.find_grade("dropout_forward_check", AUTO, AUTO, "bob")
        first.manual_score, first.extra_credit, first.needs_manual_grade = 9.0, 0.5, False
        book.find_submission_notebook(AUTO, AUTO, "bob").late_submission_penalty = 4.0
        book.update_or_create_student("+49123", first_name="Ann", last_name="Ó Brien", lms_user_id="4711")
        book.db.commit()
    return url


BOB = 0.5 * (FULL - 10) + 9 + 0.5 - 4


@pytest.fixture
def book(url: str) -> Iterator[Gradebook]:
    with opened(url) as book:
        yield book


def rows(exporter: Export, book: Gradebook) -> list[list[str]]:
    data, _ = exporter.render(book)
    return list(csv.reader(io.StringIO(data.decode(exporter.encoding), newline="")))


def test_canvas_finds_people_by_login_and_gets_every_kind_of_point(book: Gradebook) -> None:
    assert rows(Canvas(allow_ungraded=True), book) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", AUTO, HAND],
        ["    Points Possible", "", "", "", "", "53", "35"],
        ["Ó Brien, Ann", "4711", "", "+49123", "", "53", "30"],
        ["'=cy", "", "", "'=cy", "", "0", ""],
        ["bob", "", "", "bob", "", f"{BOB:g}", "5"],
        ["dan", "", "", "dan", "", "", ""],
    ]


def test_moodle_gets_only_columns_in_which_something_stands(book: Gradebook) -> None:
    assert rows(Moodle(allow_ungraded=True), book) == [
        ["username", "ID number", "First name", "Last name", AUTO, HAND],
        ["+49123", "4711", "Ann", "Ó Brien", "53", "30"],
        ["'=cy", "", "", "", "0", ""],
        ["bob", "", "", "", f"{BOB:g}", "5"],
        ["dan", "", "", "", "", ""],
    ]


def test_a_spreadsheet_says_what_a_grade_is_made_of(book: Gradebook) -> None:
    header, *lines = rows(Spreadsheet(allow_ungraded=True), book)
    lines_by_title = [dict(zip(header, line, strict=True)) for line in lines]
    found = {(line["student"], line["assignment"]): line for line in lines_by_title}
    assert len(found) == 8
    parts = ("automatic", "manual", "extra_credit", "penalty", "points", "max_points", "waiting")
    assert [found["bob", AUTO][part] for part in parts] == ["21.5", "9", "0.5", "4", f"{BOB:g}", "53", ""]
    assert [found["bob", HAND][part] for part in parts] == ["5", "0", "0", "0", "5", "35", "design"]
    assert [found["'+49123", HAND][part] for part in parts] == ["10", "20", "0", "0", "30", "35", ""]
    assert [found["dan", HAND][part] for part in parts] == ["", "", "", "", "", "35", ""]


@pytest.mark.parametrize("per_exercise", [False, True])
def test_no_spreadsheet_runs_what_people_write_and_it_counts_with_numbers(
    url: str, per_exercise: bool, tmp_path: Path
) -> None:
    shutil.copy(url.removeprefix("sqlite:///"), tmp_path)
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        names = {"first_name": "=cmd|'/c calc'!A0", "last_name": "@Roe", "email": "+x@example.org"}
        book.update_or_create_student("bob", **names)
        book.find_comment("design", HAND, HAND, "bob").manual_comment = "-1+1 is no answer"
        book.find_grade("dropout_forward_check", AUTO, AUTO, "bob").extra_credit = -0.5
        exporter = Spreadsheet(allow_ungraded=True, per_exercise=per_exercise, student=["bob"])
        header, *lines = rows(exporter, book)
    found = [dict(zip(header, line, strict=True)) for line in lines]
    assert {(line["first_name"], line["last_name"], line["email"]) for line in found} == {
        ("'=cmd|'/c calc'!A0", "'@Roe", "'+x@example.org")
    }
    assert "-0.5" in {line["extra_credit"] for line in found}
    assert not per_exercise or "'-1+1 is no answer" in {line["comment"] for line in found}


def test_excel_needs_a_byte_order_mark_and_the_platforms_none(book: Gradebook) -> None:
    for name, exporter in FORMATS.items():
        data, _ = exporter(allow_ungraded=True).render(book)
        assert data.startswith(b"\xef\xbb\xbf") == (name == "csv")
        assert "Ó Brien" in data.decode("utf-8-sig")


@pytest.mark.parametrize("exporter", FORMATS.values())
def test_what_waits_for_a_person_is_refused_by_name(exporter: type[Export], book: Gradebook) -> None:
    with pytest.raises(CourseError, match=rf"1 submission waits for a person \({HAND} of bob\)"):
        exporter().render(book)
    _, waiting = exporter(allow_ungraded=True).render(book)
    assert [score.student for score in waiting] == ["bob"]
    assert exporter(assignment=[AUTO]).render(book)[1] == []


def test_one_assignment_and_one_student_alone(book: Gradebook) -> None:
    assert rows(Moodle(assignment=[AUTO], student=["bob"]), book) == [["username", AUTO], ["bob", f"{BOB:g}"]]


def test_what_was_not_handed_in_is_zero_for_those_who_want_it(book: Gradebook) -> None:
    *_, dan = rows(Moodle(allow_ungraded=True, missing="zero"), book)
    assert dan == ["dan", "", "", "", "0", "0"]


def test_points_of_every_exercise_beside_their_sum(book: Gradebook) -> None:
    header, ann, _, bob, dan = rows(Moodle(assignment=[HAND], per_exercise=True, allow_ungraded=True), book)
    assert header[-4:] == [HAND, f"{HAND}: NoiseLayer", f"{HAND}: design", f"{HAND}: experiment"]
    assert ann[-4:] == ["30", "10", "8", "12"]
    assert bob[-4:] == ["5", "5", "0", "0"]
    assert dan[-4:] == [""] * 4
    header, *lines = rows(Spreadsheet(assignment=[HAND], per_exercise=True, allow_ungraded=True), book)
    (design,) = [line for line in lines if line[0] == "'+49123" and line[header.index("exercise")] == "design"]
    assert design[header.index("comment")] == "Well argued, with one gap."
    assert len(lines) == 4 * 3


@pytest.mark.parametrize("exporter", FORMATS.values())
def test_an_anonymous_file_names_nobody_and_loses_nothing(exporter: type[Export], book: Gradebook) -> None:
    named, hidden = (
        exporter(allow_ungraded=True, per_exercise=True, anonymous=anonymous).render(book)[0].decode()
        for anonymous in (False, True)
    )
    for text in ("bob", "cy", "dan", "49123", "4711", "Ann", "Brien", "argued"):
        assert text not in hidden
    assert "bob" in named
    points = [sorted(line.rsplit(",", 1)[1] for line in text.splitlines()) for text in (named, hidden)]
    assert len(points[0]) == len(points[1])
    if exporter is not Spreadsheet:
        assert points[0] == points[1]


@pytest.mark.parametrize(("option", "name"), [("assignment", "nosuch"), ("student", "nobody")])
def test_a_name_that_the_gradebook_does_not_know_is_one_clear_line(option: str, name: str, book: Gradebook) -> None:
    with pytest.raises(CourseError, match=f"the gradebook knows no {option} '{name}'"):
        Canvas(**{option: [name]}).render(book)


def test_nbgrader_runs_the_same_exports(url: str, book: Gradebook, tmp_path: Path) -> None:
    options = ("--db", url, "--to", "out.csv", "--exporter=autograder.grading.exports.Canvas")
    run = nbgrader(tmp_path, "export", *options)
    assert run.returncode != 0
    assert "1 submission waits for a person" in run.stderr
    assert "Traceback" not in run.stderr
    run = nbgrader(tmp_path, "export", *options, "--Canvas.allow_ungraded=True")
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "out.csv").read_bytes() == Canvas(allow_ungraded=True).render(book)[0]
    run = nbgrader(tmp_path, "export", *options, f"--assignment=['{AUTO}']")
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "out.csv").read_bytes() == Canvas(assignment=[AUTO]).render(book)[0]
