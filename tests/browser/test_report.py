"""The class report in a browser: it sorts and filters, is readable on a phone, and stays small for a large class."""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.judge import unjudged
from autograder.checks.requirements import NOT_WRITTEN
from autograder.checks.verdict import ExerciseVerdict, RequirementVerdict
from autograder.grading import report as report_module
from autograder.grading.course import Course
from autograder.grading.output import Output
from autograder.grading.report import write_report
from autograder.grading.verdicts import SubmissionVerdict
from tests.browser.site import VIEWS, serve, view

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
STUDENTS = 40

pytestmark = pytest.mark.xdist_group("report")


def verdict(number: int, assignment: str, chance: random.Random) -> SubmissionVerdict:
    """Return what the judges may say of somebody: of three in forty there is more to say than points."""
    kinds = {
        0: ("missing", "no file was handed in"),
        1: ("timeout", "its cell took too long"),
        2: ("error", NOT_WRITTEN),
    }
    student = f"student-{number:04}"
    judged = tuple(
        unjudged(exercise, *kinds[number % STUDENTS])
        if number % STUDENTS in kinds
        else ExerciseVerdict(
            exercise.name,
            "graded",
            tuple(
                RequirementVerdict(
                    item.key, item.name, met * item.points, item.points, met, "" if met else "look at it"
                )
                for item in exercise.requirements
                for met in [chance.random() < 0.9]
            ),
            chance.choice([(), *((item.name,) for item in exercise.misconceptions)]),
        )
        for exercise in exercises(assignment)
    )
    return SubmissionVerdict(
        student, assignment, "sandbox", 1.0, 1, "", f"feedback/{student}/{assignment}.html", judged
    )


def write(folder: Path, students: int, assignments: int) -> Path:
    chance = random.Random(1)
    verdicts = [
        verdict(number, assignment, chance) for number in range(students) for assignment in ASSIGNMENTS[:assignments]
    ]
    folder.mkdir(exist_ok=True)
    blank = [item for item in verdicts if int(item.student[-4:]) % STUDENTS == 2]
    entries = ({"student": item.student, "assignment": item.assignment, "blank": True} for item in blank)
    Output(folder).audit.write_text("".join(f"{json.dumps(entry)}\n" for entry in entries), encoding="utf-8")
    write_report(Output(folder), verdicts, {}, Course(folder))
    return folder / "report.html"


def test_a_class_that_is_too_large_to_list_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def listed(text: str) -> list[tuple[str, str]]:
        return re.findall(r'<tr data-marks="([^"]*)"><td class="text">([^<]+)', text)

    everybody = listed(write(tmp_path, STUDENTS, 2).read_text(encoding="utf-8"))
    for name, most in (("MAX_CELLS", 20), ("MAX_LOOKS", 1), ("MAX_TEXT", 5_000)):
        monkeypatch.setattr(report_module, name, most)
    text = write(tmp_path, STUDENTS, 2).read_text(encoding="utf-8")
    rows = listed(text)
    assert len(rows) == 10
    assert {row for row in everybody if "look" in row[0]} < set(rows) < set(everybody)
    assert [student for _, student in rows] == sorted(student for _, student in rows)
    assert f"Of {STUDENTS} students, 10 are listed" in text
    assert re.search(r"And \d+ more: see audit.jsonl.", text)
    assert re.search(r"<summary>who</summary>[^<]+ and \d+ more, see verdicts.jsonl</details>", text)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("report")
    write(folder, STUDENTS, 2)
    with serve(folder) as site:
        yield f"{site}/report.html"


@pytest.fixture
def page(report: str, browser: Browser) -> Iterator[Page]:
    with view(browser, "light") as context:
        tab = context.new_page()
        tab.goto(report)
        yield tab


@pytest.mark.parametrize("name", VIEWS)
def test_it_is_readable_in_every_view(report: str, browser: Browser, name: str) -> None:
    with view(browser, name) as context:
        tab = context.new_page()
        complaints: list[str] = []
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.goto(report)
        assert tab.evaluate("document.documentElement.scrollWidth") <= VIEWS[name][1]
        if AXE.is_file():
            tab.add_script_tag(path=AXE)
            assert tab.evaluate("async () => (await axe.run()).violations") == []
        assert not complaints


def shown(page: Page) -> list[str]:
    rows = page.locator("#students tbody tr:visible td:first-child")
    return rows.all_text_contents()


def test_columns_sort_both_ways_by_number(page: Page) -> None:
    def column() -> list[float]:
        texts = page.locator("#students tbody tr td:nth-child(2)").all_text_contents()
        return [float(text.replace("!", "")) for text in texts if text.strip()]

    head = page.locator("#students thead th:nth-child(2)")
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert column() == sorted(column())
    assert len(column()) == STUDENTS - 1
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert column() == sorted(column(), reverse=True)


def test_students_are_found_by_name_and_by_what_there_is_to_do(page: Page) -> None:
    assert len(shown(page)) == STUDENTS
    page.get_by_label("Name").fill("0007")
    assert shown(page) == ["student-0007"]
    page.get_by_label("Name").fill("")
    page.get_by_label("Show").select_option("look")
    assert shown(page) == ["student-0001", "student-0002"]
    page.get_by_label("Show").select_option("missing")
    assert shown(page) == ["student-0000"]
    assert page.locator("form.filter output").text_content() == "1 shown"


def test_those_who_need_a_look_are_listed_with_the_reason(page: Page) -> None:
    rows = page.locator("section", has=page.locator("#look")).locator("tbody tr").all_text_contents()
    assert len(rows) == 4
    assert all("timeout in" in row or "nothing is written in it" in row for row in rows)


def test_everything_is_there_without_a_script(report: str, browser: Browser) -> None:
    with view(browser, "light", java_script_enabled=False) as context:
        tab = context.new_page()
        tab.goto(report)
        assert len(shown(tab)) == STUDENTS
        assert not tab.get_by_label("Name").is_visible()


def test_every_requirement_has_a_rate_and_every_mistake_its_makers(page: Page) -> None:
    asked = [part for exercise in exercises(ASSIGNMENTS[0]) for part in exercise.requirements]
    table = page.get_by_role("region", name=f"Requirements of {ASSIGNMENTS[0]}").locator("tbody tr")
    assert table.count() == len(asked)
    assert all(f"of {STUDENTS - 1}" in row for row in table.all_text_contents())
    first = page.get_by_role("region", name=f"Known mistakes in {ASSIGNMENTS[0]}").locator("tbody tr").first
    first.locator("summary").click()
    makers = first.locator("details").text_content() or ""
    (count,) = [int(text.split(" of ")[0]) for text in first.locator("td:nth-child(3)").all_text_contents()]
    assert makers.count("student-") == count


def test_a_verdict_of_an_assignment_that_was_dropped_is_still_reported(tmp_path: Path) -> None:
    old = verdict(5, ASSIGNMENTS[0], random.Random(2))
    write_report(Output(tmp_path), [replace(old, assignment="dropped")], {}, Course(tmp_path))
    assert "dropped" in (tmp_path / "report.html").read_text(encoding="utf-8")
