"""Pages that students and instructors read: complete, escaped, self-contained."""

import csv
import re
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from nbgrader.api import Gradebook

from autograder.checks.book import title
from autograder.checks.catalogue import ASSIGNMENTS
from autograder.checks.catalogue import exercises as exercises_of
from autograder.checks.notebook import with_code
from autograder.grading.attention import look_at
from autograder.grading.course import Course
from autograder.grading.feedback import write_feedback
from autograder.grading.gradebook import default_url
from autograder.grading.output import Output
from autograder.grading.regrade import refresh
from autograder.grading.render import duration
from autograder.grading.report import BINS, AssignmentSummary, write_report
from autograder.grading.scores import CellScore, Score
from tests.grading.conftest import ASSIGNMENT, FIRST, FULL, SECOND, THIRD, Class


class Page(HTMLParser):
    """A page's text, tags and links."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text, self.tags, self.sources = "", [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value for name, value in attrs if name in {"src", "href"} and value]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def pages(graded: Class) -> dict[str, Page]:
    return {name: Page(graded.plan.out / verdict.feedback) for name, verdict in graded.verdicts.items()}


def test_every_requirement_stands_in_the_feedback(graded: Class, pages: dict[str, Page]) -> None:
    for student in ("ann", "bob", "eve"):
        for exercise in graded.verdicts[student].exercises:
            for requirement in exercise.requirements:
                assert requirement.name in pages[student].text
                assert requirement.message.lower() in pages[student].text.lower()


def test_a_known_mistake_is_named_with_its_sentence_and_page(pages: dict[str, Page]) -> None:
    known = FIRST.misconception("divides by rate")
    text = " ".join(pages["bob"].text.split())
    assert f"This looks like a known mistake: {known.name}." in text
    assert known.says in text
    assert title(known.page) in text


def test_a_person_gave_points_since_and_everything_says_so(graded: Class, tmp_path: Path) -> None:
    out = shutil.copytree(graded.plan.out, tmp_path / "out")
    with Gradebook(default_url(out)) as book:
        grade = book.find_grade(f"{FIRST.name}_check", ASSIGNMENT, ASSIGNMENT, "bob")
        grade.manual_score, grade.extra_credit = 9.0, 0.5
        book.find_comment(FIRST.name, ASSIGNMENT, ASSIGNMENT, "bob").manual_comment = "The <idea> is right."
        book.db.commit()
    refresh(Output(out))
    total = FULL - FIRST.points + 9.5
    page = Page(out / graded.verdicts["bob"].feedback)
    text = " ".join(page.text.split())
    assert f"{total:g} of {FULL:g} points" in text
    assert f"A person gave 9 points in place of {FIRST.points - 3.5:g}." in text
    assert "Extra credit: 0.5 points." in text
    assert "Comment. The <idea> is right." in text
    with (out / "grades.csv").open(encoding="utf-8", newline="") as file:
        (bob,) = [row for row in csv.DictReader(file) if row["student"] == "bob"]
    assert (float(bob["points"]), float(bob["manual"]), float(bob["extra_credit"])) == (total, 9.0, 0.5)
    assert f"bob {total:g}" in Page(out / "report.html").text.replace("bob", "bob ")
    assert (out / "verdicts.jsonl").read_bytes() == (graded.plan.out / "verdicts.jsonl").read_bytes()
    for student in ("cy <b>", "fay"):
        assert (out / graded.verdicts[student].feedback).read_text() == (
            (graded.plan.out / graded.verdicts[student].feedback).read_text()
        )


def test_feedback_says_what_is_open_read_and_late(graded: Class, tmp_path: Path) -> None:
    day = datetime(2027, 2, 1, 12)
    cells = [
        CellScore("design", None, 8.0, 0.0, 10.0, waits=True),
        CellScore("essay", None, None, 0.0, 5.0, waits=True),
        CellScore("experiment", 0.0, None, 0.0, 15.0, waits=False),
    ]
    late = {"submitted": day + timedelta(hours=25, seconds=7), "due": day, "penalty": 1.5}
    score = Score("bob", ASSIGNMENT, tuple(cells), {"essay": "One <b>."}, **late)
    write_feedback(Output(tmp_path), graded.verdicts["bob"], score, ())
    text = " ".join(Page(tmp_path / graded.verdicts["bob"].feedback).text.split())
    assert "6.5 of 30 points" in text
    assert "what is marked as open below waits for a person" in text
    assert "Handed in 1 day and 1 hour late, which takes off 1.5 points." in text
    assert "design open 8 / 10 Read before it changed; it will be read again." in text
    assert "essay open – / 5 Not read yet. Comment. One <b>." in text
    assert "experiment 0 / 15 Nothing was written here." in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 seconds"), (1, "1 second"), (3661, "1 hour and 1 minute"), (9e5, "10 days and 10 hours")],
)
def test_durations_are_said_in_two_units(seconds: float, text: str) -> None:
    assert duration(timedelta(seconds=seconds)) == text


def test_links_follow_the_published_book(graded: Class, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from autograder.grading import render

    render._link.cache_clear()
    (tmp_path / "course.toml").write_text('id = "x"\nbook = "https://example.org/own"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    try:
        assert render._link("dropout/ridge#a", "") == "https://example.org/own/book/dropout/ridge.html#a"
        monkeypatch.setenv("COURSE_BOOK", "https://example.org/course/")
        assert render._link("dropout/moments", str(tmp_path)) == "https://example.org/course/book/dropout/moments.html"
    finally:
        render._link.cache_clear()


def test_failed_cells_are_explained(pages: dict[str, Page]) -> None:
    assert "ZeroDivisionError" in pages["cy <b>"].text
    assert "Cells that did not run through" not in pages["ann"].text
    assert "Cells that did not run through" not in pages["eve"].text
    assert SECOND.name in pages["dan"].text
    # Of the processor; or of the clock, four times as much, where others have it.
    assert re.search("took longer than (6|24) seconds", pages["dan"].text)


def test_causes_are_friendly(pages: dict[str, Page]) -> None:
    assert "open it in Jupyter, save it and submit it again" in pages["fay"].text
    assert "was handed in" in pages["gus"].text
    assert "is a link" in pages["hal"].text


def test_nothing_a_student_writes_becomes_markup(pages: dict[str, Page]) -> None:
    assert "<script>alert(1)</script>" in pages["cy <b>"].text
    assert "script" not in pages["cy <b>"].tags
    assert "b" not in pages["cy <b>"].tags
    assert "cy <b>" in pages["cy <b>"].text


def test_pages_need_no_other_file(graded: Class, pages: dict[str, Page]) -> None:
    report = Page(graded.plan.out / "report.html")
    for page in [*pages.values(), report]:
        assert not {"link", "img", "iframe"} & set(page.tags)
        assert not [source for source in page.sources if "://" in source]
    assert not any("script" in page.tags for page in pages.values())
    assert report.tags.count("script") == 1
    style = (graded.plan.out / "report.html").read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in style
    assert "url(" not in style


def test_feedback_tells_no_secret(graded: Class, pages: dict[str, Page]) -> None:
    text = "".join(page.text for page in pages.values())
    assert not re.search(r"\bseed\b", text)
    assert str(graded.plan.submitted) not in text
    assert "site-packages" not in text
    assert not re.search(r"autograder[/.](checks|grading|kernels)", text)


def test_report_says_what_the_class_got_wrong(graded: Class) -> None:
    page = Page(graded.plan.out / "report.html")
    text = " ".join(page.text.split())
    assert "8 students" in text
    assert FIRST.misconception("divides by rate").name in text
    for exercise in graded.verdicts["ann"].exercises:
        assert exercise.name in text
    for student in graded.verdicts:
        assert student in text
    for source in page.sources:
        if source.startswith("feedback/"):
            assert (graded.plan.out / unquote(source)).is_file()
    assert {source for source in page.sources if source.startswith("feedback/")} == {
        quote(verdict.feedback) for verdict in graded.verdicts.values() if verdict.status != "missing"
    }


def test_report_counts(graded: Class) -> None:
    summary = AssignmentSummary(ASSIGNMENT, list(graded.verdicts.values()), {}, {})
    assert sum(summary.histogram) == 7
    assert summary.histogram[0] == 3
    assert summary.histogram[BINS - 1] >= 2
    assert len(summary.asked) == 5
    assert summary.exercises[0].full_marks == pytest.approx(3 / 5)
    assert dict(summary.statuses) == {"graded": 2, "error": 2, "timeout": 1, "invalid": 2, "missing": 1}
    assert [
        (item.exercise, item.name, [verdict.student for verdict in item.verdicts]) for item in summary.mistakes
    ] == [(FIRST.name, "divides by rate", ["bob"])]
    met = {(item.exercise, item.name): (item.met, item.asked) for item in summary.requirements}
    assert met[FIRST.name, FIRST.requirements[0].name][1] == 5
    assert sum(asked - held for held, asked in met.values()) == sum(
        not part.passed for verdict in summary.asked for item in verdict.exercises for part in item.requirements
    )


def test_the_report_says_who_needs_a_look_and_why(graded: Class) -> None:
    audited = Output(graded.plan.out).audited()
    looks = [look for verdict in graded.verdicts.values() for look in look_at(verdict, audited[verdict.key])]
    why = {look.verdict.student: look.why for look in looks}
    assert why.keys() == {"dan", "eve", "fay", "hal"}
    assert why["dan"] == f"died in {THIRD.name}"
    assert {look.why for look in looks if look.verdict.student == "dan"} == {why["dan"], f"timeout in {SECOND.name}"}
    assert why["eve"] == "nothing is written in it"
    assert "is a link" in why["hal"]


def test_report_of_several_assignments_begins_with_a_table_of_them(graded: Class, tmp_path: Path) -> None:
    verdict = graded.verdicts["ann"]
    other = replace(verdict, assignment=ASSIGNMENTS[-1])
    write_report(Output(tmp_path), [other, verdict], {}, Course(tmp_path))
    page = Page(tmp_path / "report.html")
    assert [link for link in page.sources if link.startswith("#")] == [f"#{ASSIGNMENT}", f"#{ASSIGNMENTS[-1]}"]


def test_report_of_verdicts_that_another_version_of_the_course_gave(graded: Class, tmp_path: Path) -> None:
    """An exercise was added since, one has another name, and a mistake is known by another."""
    old = graded.verdicts["bob"]
    first, second, *others, _ = old.exercises
    exercises = replace(first, misconceptions=("another",)), replace(second, name="another"), *others
    write_report(Output(tmp_path), [replace(old, exercises=exercises)], {}, Course(tmp_path))
    page = Page(tmp_path / "report.html").text
    assert all(exercise.name in page for exercise in exercises_of(ASSIGNMENT))
    assert "another" in page


def test_backticks_set_code_and_nothing_else_gets_through() -> None:
    assert with_code("`training=True` <b>") == "<code>training=True</code> &lt;b&gt;"
