"""R7: `nbgrader autograde` opens a submission as `autograder grade` does, whatever it is made of."""

import json
import logging
import os
import re
import shutil
from pathlib import Path

import pytest

from autograder.grading.gradebook import scores
from autograder.grading.opening import CarefulCourse, irregular
from autograder.grading.rubric import Item, as_html
from autograder.grading.safe_html import clean_html, markdown2html
from tests.grading.conftest import ASSIGNMENT, FULL, answered, grade, hand_in
from tests.grading.test_autograde import SETTINGS, nbgrader

SECRET = "the s0lution of somebody else"
SCRIPTS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "[press](javascript:alert(3))",
    '<a href="javascript:alert(4)">press</a>',
    "<svg onload=alert(5)>",
    "$\\href{javascript:alert(6)}{press}$",
    '<iframe src="https://example.org"></iframe>',
    '<div style="background:url(https://example.org/seen)">x</div>',
)

pytestmark = pytest.mark.xdist_group("opening")


def with_text(*texts: str) -> bytes:
    notebook = json.loads(answered(0))
    notebook["cells"] += [
        {"cell_type": "markdown", "id": f"t{number}", "metadata": {}, "source": text}
        for number, text in enumerate(texts)
    ]
    return json.dumps(notebook).encode()


def hand_in_everything(submitted: Path, secrets: Path) -> None:
    """Hand in a right notebook, links to it at every level, and whatever else a folder can hold."""
    hand_in(submitted, "right", answered(0))
    (submitted / "linked").symlink_to(submitted / "right")
    (submitted / "half").mkdir()
    (submitted / "half" / ASSIGNMENT).symlink_to(f"../right/{ASSIGNMENT}")
    hand_in(submitted, "file", None)
    (submitted / "file" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").symlink_to(
        submitted / "right" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    )
    hand_in(submitted, "dangling", None)
    (submitted / "dangling" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").symlink_to("nowhere")
    hand_in(submitted, "pipe", None)
    os.mkfifo(submitted / "pipe" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
    hand_in(submitted, "folder", None)
    (submitted / "folder" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").mkdir()
    for name, data in {"broken": b"{", "deep": b"[" * 100_000, "empty": b"", "none": b'{"cells": 1}'}.items():
        hand_in(submitted, name, data)
    odd = json.loads(answered(0))
    odd["cells"][-1]["outputs"] = [1, {"output_type": "<script>"}]
    hand_in(submitted, "outputs", json.dumps(odd).encode())
    hand_in(submitted, "script", with_text(*SCRIPTS))
    beside = hand_in(submitted, "beside", answered(0)).parent
    (beside / "data").mkdir()
    (beside / "data" / "own.csv").write_text("1,2")
    (beside / "secret.txt").symlink_to(secrets / "secret.txt")
    (beside / "data" / "secrets").symlink_to(secrets)
    (beside / "data" / "endless").symlink_to("/dev/zero")
    os.mkfifo(beside / "waits")
    for name, make in {"garbage": lambda path: path.write_text("yesterday"), "waiting": os.mkfifo}.items():
        make(hand_in(submitted, name, answered(0)).with_name("timestamp.txt"))


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a course whose class nbgrader has graded, and graded again, as after a change."""
    folder = tmp_path_factory.mktemp("opening")
    shutil.copy(SETTINGS, folder)
    (folder / "secrets").mkdir()
    (folder / "secrets" / "secret.txt").write_text(SECRET)
    hand_in_everything(folder / "submitted", folder / "secrets")
    for options in ((), ("--force",)):
        run = nbgrader(folder, "autograde", ASSIGNMENT, *options)
        assert run.returncode == 0, run.stderr[-3000:]
    return folder


def test_both_ways_give_the_same_scores_whatever_was_handed_in(course: Path, tmp_path: Path) -> None:
    given = {student: points for (student, _), points in scores(f"sqlite:///{course / 'gradebook.db'}").items()}
    grade(course / "submitted", tmp_path / "graded")
    again = {
        student: points for (student, _), points in scores(f"sqlite:///{tmp_path / 'graded' / 'gradebook.db'}").items()
    }
    assert given == pytest.approx(again)
    full = {student for student, points in given.items() if points == pytest.approx(FULL)}
    assert full == {"right", "outputs", "script", "beside", "garbage", "waiting"}
    assert {points for student, points in given.items() if student not in full} == {0}


def test_a_time_that_nobody_wrote_down_is_no_time_that_cannot_be_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    course = CarefulCourse(log=logging.getLogger("opening"))
    assert course.get_existing_timestamp(str(tmp_path)) is None
    assert caplog.messages == []
    (tmp_path / "timestamp.txt").write_text("yesterday")
    assert course.get_existing_timestamp(str(tmp_path)) is None
    assert caplog.messages == [f"When {tmp_path} was handed in cannot be read"]


def test_nothing_comes_through_a_link(course: Path) -> None:
    copied = [path for path in (course / "autograded").rglob("*") if path.is_file()]
    assert [path for path in copied if SECRET in path.read_text(encoding="utf-8", errors="replace")] == []
    assert {path.name for path in copied} == {f"{ASSIGNMENT}.ipynb", "own.csv", "timestamp.txt"}
    answer = "def dropout_forward(x, rate, rng, training=True):\n    if not"
    for student in ("linked", "half", "file"):
        shown = json.loads((course / "autograded" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_text())
        assert not any(answer in "".join(cell["source"]) for cell in shown["cells"])


def test_a_students_text_stays_text_in_nbgraders_feedback(course: Path) -> None:
    run = nbgrader(course, "generate_feedback", ASSIGNMENT, "--student", "script")
    assert run.returncode == 0, run.stderr
    page = (course / "feedback" / "script" / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text(encoding="utf-8")
    assert "<table" in page
    for call in ("<script>alert", "onerror=alert(2)>", "onload=alert(5)>", "<iframe", "\\href"):
        assert call not in page
    assert not re.search(r'<[^<>]*href="javascript', page)
    assert "url(https" not in page


def test_our_own_tables_and_what_markdown_makes_are_left_as_they_are() -> None:
    assert "<h2" in markdown2html("## Title\n\nA *word*, `x < 3` and $a<b$.")
    assert "<em>word</em>" in markdown2html("A *word*")
    table = '<table style="border-collapse: collapse;"><tbody><tr><td aria-label="yes">x</td></tr></tbody></table>'
    assert clean_html(table) == table


PIXEL = "data:image/png;base64,iVBORw0KGgo="


@pytest.mark.parametrize(
    "start", ["data:", " DATA:", "da&#9;ta:", "\x01data:", "data&colon;", "javascript:", "vbscript:"]
)
def test_no_link_leads_to_what_could_run(start: str) -> None:
    assert "href" not in clean_html(f'<a href="{start}text/html,x">press</a>')


def test_links_that_lead_elsewhere_are_links() -> None:
    for address in ("https://example.org/a:b?c=d&amp;e", "mailto:ann@example.org", "#place", "data.csv"):
        assert f'href="{address}"' in clean_html(f'<a href="{address}">press</a>')


def test_pictures_are_shown_that_stand_in_the_page_and_no_others() -> None:
    assert f'src="{PIXEL}"' in clean_html(f'<img alt="seen" style="max-width:100%" src="{PIXEL}">')
    for source in ("https://example.org/seen.png", "//example.org/x", "x.png", "data:text/html;base64,eA==", ""):
        assert "src" not in clean_html(f'<img src="{source}">')
    assert "onerror" not in clean_html('<img src="x" onerror="alert(1)">')


def test_a_rubric_has_its_script_from_the_page_and_brings_none() -> None:
    rubric = as_html("design", [Item("The noise", "Says what <b>it</b> is.", 2.0)])
    assert "<script" not in rubric
    shown = clean_html(rubric + "<script>alert(1)</script>")
    assert 'data-name="The noise" data-points="2"' in shown
    assert shown.count("<script>") == 1
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script" not in clean_html("no rubric")


def test_what_is_irregular_is_found_at_any_depth(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "link").symlink_to("/")
    (tmp_path / "a" / "large").write_bytes(bytes(101))
    (tmp_path / "a" / "small").write_bytes(bytes(100))
    assert {path.name for path in irregular(tmp_path, 100)} == {"link", "large"}
