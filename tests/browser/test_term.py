"""A whole term in a temporary folder, with the commands of the guide; every number of the exports is worked out here.

Thirty students hand in by nbgrader's exchange, as a zip of Canvas and as a zip of Moodle. Two are late, one has more
time, one file has another name and one comes twice; a person grades, somebody appeals, a requirement is withdrawn.
"""

import csv
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from autograder.checks.catalogue import exercises
from tests.browser.site import view
from tests.browser.test_formgrader import OURS, saved, served, submission
from tests.sample import answers
from tests.sample.deserved import POINTS
from tests.sample.submissions import notebook, right_cells

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "book/guides/instructors.md").read_text(encoding="utf-8")
DROPOUT, LAB = "dropout_numpy", "noise_lab"
FIRST, SECOND = (exercise.name for exercise in exercises(DROPOUT)[:2])
WITHDRAWN = "scales kept entries by 1 / (1 - rate)"
WORTH = 2.0
FULL = sum(exercise.points for exercise in exercises(DROPOUT))
STUDENTS = [f"s{number:02}" for number in range(1, 31)]
EXCHANGE, CANVAS, MOODLE = STUDENTS[:10], STUDENTS[10:20], STUDENTS[20:]
MISTAKES = {"by rate": (FIRST, "divides by rate"), "no mask": (SECOND, "ignores the mask")}
"""Answers with a known mistake: the first does not meet the requirement that is withdrawn, the second does."""
KINDS = ("right", "right", "by rate", "no mask")
BLANK, ABSENT, TWICE, MISNAMED = "s04", "s30", "s19", "s20"
LATE = {"s28": (timedelta(hours=2), 10), "s29": (timedelta(hours=25), 20)}
"""How late somebody was, and the percents that a day which has begun costs."""
EXTENDED = "s27"
BY_HAND = {("s01", "design"): 3.5, ("s01", "experiment"): 12.0, ("s02", "design"): 4.0, ("s02", "experiment"): 5.0}
APPEALS, FIRST_LOOK, SECOND_LOOK = "s02", 8.0, 7.5

PATIENCE = 120_000
"""Milliseconds that formgrader may take on a busy machine."""

pytestmark = [pytest.mark.term, pytest.mark.xdist_group("formgrader"), pytest.mark.timeout(3600)]


def kind(student: str) -> str:
    return "blank" if student == BLANK else KINDS[int(student[1:]) % len(KINDS)]


def written(answer: str) -> bytes:
    """Return a notebook with right answers but for one mistake; a blank one has none."""
    if answer == "blank":
        return notebook(DROPOUT, {})
    cells = right_cells(DROPOUT, 0)
    if answer in MISTAKES:
        name, mistake = MISTAKES[answer]
        (exercise,) = (item for item in exercises(DROPOUT) if item.name == name)
        cells[name] = answers.wrong(exercise, mistake)
    return notebook(DROPOUT, cells)


def deserved(student: str) -> float:
    """Return what somebody's work is worth once the requirement is withdrawn, before what lateness costs."""
    if kind(student) == "blank":
        return 0.0
    if student == APPEALS:
        return FULL - exercises(DROPOUT)[0].points + SECOND_LOOK
    if kind(student) == "right":
        return FULL - WORTH
    name, mistake = MISTAKES[kind(student)]
    worth = {exercise.name: exercise.points for exercise in exercises(DROPOUT)}[name]
    return FULL - worth + POINTS[name][mistake] - (WORTH if kind(student) == "no mask" else 0.0)


def expected(student: str, assignment: str) -> float | None:
    """Return somebody's points in the exports; None where nothing was handed in."""
    if assignment == LAB:
        given = [points for (who, _), points in BY_HAND.items() if who == student]
        return 10.0 + sum(given) if given else None
    _, percent = LATE.get(student, (timedelta(), 0))
    return None if student == ABSENT else deserved(student) * (100 - percent) / 100


def guided(heading: str) -> list[str]:
    """Return the commands of the first block under a heading of the guide."""
    section = GUIDE.partition(f"## {heading}\n")[2]
    return re.search(r"```sh\n(.*?)```", section, re.DOTALL)[1].splitlines()  # type: ignore[index]


STEPS = {line.split()[1]: line for line in guided("From nothing to posted grades") if line.startswith("autograder")}


class Term:
    """A home folder with a course in it, in which commands are typed."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.course = home / "course"
        self.downloads = home / "Downloads"
        self.downloads.mkdir()
        self.exchange = home / "exchange"
        self.exchange.mkdir(mode=0o777)
        self.exchange.chmod(0o777)

    def types(self, line: str, folder: Path | None = None, *, code: int = 0, **variables: str) -> str:
        """Type a line in a shell, as the guide has it, and return all that it says."""
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        surroundings = os.environ | {"HOME": str(self.home), "PATH": programs} | variables
        where = folder or (self.course if self.course.is_dir() else self.home)
        run = subprocess.run(line, shell=True, cwd=where, env=surroundings, capture_output=True, text=True, check=False)
        assert run.returncode == code, f"{line}: {run.stdout}{run.stderr}"
        return run.stdout + run.stderr

    def change(self, text: str) -> None:
        with (self.course / "course.toml").open("a") as stream:
            stream.write(text)


@pytest.fixture(scope="module")
def term(tmp_path_factory: pytest.TempPathFactory) -> Term:
    return Term(tmp_path_factory.mktemp("term"))


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with view(browser, "light") as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        yield page


DUE = datetime.now(UTC).replace(microsecond=0, tzinfo=None) + timedelta(hours=6)


def test_the_guide_needs_fewer_than_twelve_commands() -> None:
    lines = guided("From nothing to posted grades")
    assert len(lines) < 12
    assert {"init", "collect", "grade", "formgrader", "export", "feedback"} == STEPS.keys()


def test_a_course_is_made_and_handed_out(term: Term) -> None:
    term.types(STEPS["init"])
    settings = (term.course / "course.toml").read_text()
    settings = settings.replace("# due = 2027-02-01T23:59:00", f"due = {DUE.isoformat()}", 1)
    late = "[late]\npercent_per_day = 10\nat_most_percent = 50\n\n# The assignments"
    (term.course / "course.toml").write_text(settings.replace("# The assignments", late, 1))
    people = [f"{who},Last{who},First{who},{who}@example.org,A,,{5000 + int(who[1:])}" for who in STUDENTS]
    header = (term.course / "roster.csv").read_text()
    (term.course / "roster.csv").write_text(header + "\n".join(people) + "\n")
    with (term.course / "nbgrader_config.py").open("a") as stream:
        stream.write(f'c = get_config()\nc.Exchange.root = "{term.exchange}"\n')
    (release,) = guided("Hand out")
    term.types(release)


def test_ten_hand_in_by_the_exchange(term: Term) -> None:
    for student in EXCHANGE:
        home = term.home / student
        home.mkdir()
        options = f"--course course --Exchange.root={term.exchange} --Exchange.cache={home / 'cache'}"
        at_home = {"HOME": str(home), "JUPYTER_DATA_DIR": str(home / "data")}
        term.types(f"nbgrader fetch_assignment {DROPOUT} {options}", home, **at_home)
        (home / DROPOUT / f"{DROPOUT}.ipynb").write_bytes(written(kind(student)))
        term.types(f"nbgrader submit {DROPOUT} {options} --student {student}", home, **at_home)
    term.types(f"nbgrader collect {DROPOUT}")
    assert {path.name for path in (term.course / "submitted").iterdir()} == set(EXCHANGE)


def zipped(path: Path, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as stream:
        for name, data in files.items():
            stream.writestr(name, data)


def test_ten_come_from_canvas(term: Term) -> None:
    files = {}
    for student in CANVAS:
        name = f"last{student}_{5000 + int(student[1:])}_77_{DROPOUT}"
        files |= {f"{name}{' (1)' if student == MISNAMED else ''}.ipynb": written(kind(student))}
        if student == TWICE:
            files[f"{name}.ipynb"], files[f"{name}-1.ipynb"] = written("blank"), written(kind(student))
    zipped(term.downloads / "submissions.zip", files)
    said = term.types(STEPS["collect"])
    assert f"took 10 of {DROPOUT}" in said
    assert f"(1).ipynb -> {MISNAMED}/{DROPOUT}/{DROPOUT}.ipynb" in said
    assert "earlier or other copies, kept in attempts/ (1):" in said


def test_nine_come_from_moodle(term: Term) -> None:
    there = [student for student in MOODLE if student != ABSENT]
    files = {
        f"First{who} Last{who}_{int(who[1:])}_assignsubmission_file_/{DROPOUT}.ipynb": written(kind(who))
        for who in there
    }
    zipped(term.downloads / "moodle.zip", files)
    late = {EXTENDED: timedelta(hours=25)} | {who: by for who, (by, _) in LATE.items()}
    lines = [
        f"Participant {int(who[1:])},First{who} Last{who},{DUE + late.get(who, -timedelta(hours=1))}" for who in there
    ]
    (term.downloads / "worksheet.csv").write_text(
        "\n".join(["Identifier,Full name,Last modified (submission)", *lines]) + "\n"
    )
    said = term.types("autograder collect ~/Downloads/moodle.zip --times ~/Downloads/worksheet.csv")
    assert f"took 9 of {DROPOUT}" in said
    assert re.search(rf"have not handed in {DROPOUT} \(1\):\s+{ABSENT}", said)


def test_two_hand_in_what_a_person_grades(term: Term) -> None:
    for student in ("s01", "s02"):
        place = term.downloads / "lab" / student / f"{LAB}.ipynb"
        place.parent.mkdir(parents=True)
        place.write_text(submission())
    assert f"took 2 of {LAB}" in term.types("autograder collect ~/Downloads/lab")


def test_the_class_is_graded(term: Term) -> None:
    said = term.types(STEPS["grade"])
    assert re.search(rf"{DROPOUT} +│ +30 +│", said)
    term.types(f"autograder extend {EXTENDED} {DROPOUT} --days 2")
    said = term.types(f"autograder explain {APPEALS} {DROPOUT} {FIRST}")
    assert WITHDRAWN in said
    assert "asked" in said
    assert "reference" in said
    fresh = term.types(f"autograder explain {APPEALS} {DROPOUT} {FIRST} --fresh")
    asked = [next(line for line in text.splitlines() if "asked" in line) for text in (said, fresh)]
    assert asked[0] != asked[1], "what may be shown is none of what was graded"


def open_cells(page: Page, address: str, assignment: str, student: str) -> None:
    """Click from formgrader's start page to a student's notebook."""
    page.goto(address)
    expect(page.locator("table tbody tr").filter(has_text=assignment)).to_have_count(1, timeout=PATIENCE)
    page.get_by_role("link", name="Manual Grading").click()
    page.get_by_role("link", name=assignment).first.click()
    page.get_by_role("link", name=assignment).first.click()
    page.wait_for_url(f"**/gradebook/{assignment}/{assignment}")
    row = page.locator("table tbody tr").filter(has_text=f"Last{student}")
    row.get_by_role("link", name="Submission").click()
    page.wait_for_function("() => window.formgrader?.grades?.loaded && window.formgrader?.comments?.loaded")


def fill_in(page: Page, cell: str, points: float) -> None:
    field = page.locator(f"input#{cell}")
    saved(page, lambda: (field.fill(str(points)), field.blur()))


def test_a_person_grades_in_a_browser(term: Term, page: Page) -> None:
    assert STEPS["formgrader"] == " ".join(OURS[:2])
    with served(term.course, *OURS) as address:
        for student in ("s01", "s02"):
            open_cells(page, address, LAB, student)
            for cell in ("design", "experiment"):
                fill_in(page, cell, BY_HAND[student, cell])
        open_cells(page, address, DROPOUT, APPEALS)
        fill_in(page, f"{FIRST}_check", FIRST_LOOK)
        comment = page.locator(f"#{FIRST}-comment")
        saved(page, lambda: (comment.fill("You are right."), comment.blur()))
        page.wait_for_timeout(1000)


def test_a_requirement_is_withdrawn(term: Term) -> None:
    term.change(f'\n[[change]]\nexercise = "{FIRST}"\nrequirement = "{WITHDRAWN}"\npoints = 0\n')
    said = term.types("autograder regrade")
    met = 29 - 1 - sum(kind(student) == "by rate" for student in STUDENTS if student != ABSENT)
    with (term.course / "graded" / "changes.csv").open() as stream:
        lines = [line for line in csv.DictReader(stream) if line["exercise"] == FIRST]
    assert len(lines) == 29, "the cell is worth less for everybody who handed in"
    lost = [line for line in lines if float(line["points"]) < float(line["points_before"])]
    assert len(lost) == met
    assert f"{APPEALS}: {DROPOUT}" in said
    assert "points that a person gave wait for another look in 1" in said
    refused = term.types(STEPS["export"], code=2)
    assert f"1 submission waits for a person ({DROPOUT} of {APPEALS})" in refused


def test_the_person_looks_again(term: Term, page: Page) -> None:
    with served(term.course, *OURS) as address:
        open_cells(page, address, DROPOUT, APPEALS)
        field = page.locator(f"input#{FIRST}_check")
        expect(field).to_have_value(f"{FIRST_LOOK:g}", timeout=PATIENCE)
        fill_in(page, f"{FIRST}_check", SECOND_LOOK)
        page.wait_for_timeout(1000)
    assert "nobody's points have changed" in term.types("autograder regrade")
    term.types("autograder report")
    report = (term.course / "graded" / "report.html").read_text(encoding="utf-8")
    assert all(student in report for student in STUDENTS)


def close(text: str, points: float | None) -> bool:
    return text == "" if points is None else text != "" and abs(float(text) - points) < 1e-6


def test_every_number_of_the_exports_is_the_expected_one(term: Term) -> None:
    term.types(STEPS["export"])
    term.types("autograder export --format moodle --to moodle.csv")
    term.types("autograder export --format csv --to all.csv")
    canvas = list(csv.DictReader(io.StringIO((term.course / "canvas.csv").read_text())))
    assert (float(canvas[0][DROPOUT]), float(canvas[0][LAB])) == (FULL - WORTH, 35)
    moodle = list(csv.DictReader(io.StringIO((term.course / "moodle.csv").read_text())))
    spread = list(csv.DictReader(io.StringIO((term.course / "all.csv").read_text(encoding="utf-8-sig"))))
    total = {(line["student"], line["assignment"]): line for line in spread}
    assert [line["SIS Login ID"] for line in canvas[1:]] == [line["username"] for line in moodle] == STUDENTS
    for student, in_canvas, in_moodle in zip(STUDENTS, canvas[1:], moodle, strict=True):
        assert in_canvas["ID"] == in_moodle["ID number"] == str(5000 + int(student[1:]))
        for name in (DROPOUT, LAB):
            points = expected(student, name)
            found = in_canvas[name], in_moodle[name], total[student, name]["points"]
            assert all(close(text, points) for text in found), (student, name, points, found)
    for student in STUDENTS:
        line = total[student, DROPOUT]
        by, percent = LATE.get(student, (timedelta(), 0))
        assert close(line["penalty"], None if student == ABSENT else deserved(student) * percent / 100)
        assert student == ABSENT or close(line["hours_late"], by.total_seconds() / 3600)
        manual = SECOND_LOOK if student == APPEALS else 0
        assert close(line["manual"], None if student == ABSENT else manual)
    assert {line["waiting"] for line in spread} == {""}
    grades = csv.DictReader(io.StringIO((term.course / "graded" / "grades.csv").read_text()))
    for line in grades:
        assert close(line["points"], expected(line["student"], line["assignment"]) or 0.0)


def test_feedback_goes_back_with_what_the_person_wrote(term: Term) -> None:
    term.types(STEPS["feedback"])
    pages = {}
    for path in (term.course / "feedback").rglob("*.zip"):
        with zipfile.ZipFile(path) as stream:
            pages |= {name: stream.read(name).decode() for name in stream.namelist()}
    assert len(pages) == len(CANVAS)
    assert all(any(student in text for text in pages.values()) for student in CANVAS)
    own = (term.course / "graded" / "feedback" / APPEALS / f"{DROPOUT}.html").read_text(encoding="utf-8")
    assert "You are right." in own
    assert "It counts for nothing." in own


def test_those_who_handed_in_by_the_exchange_fetch_their_feedback_there(term: Term) -> None:
    term.types("autograder feedback --format nbgrader")
    term.types(f"nbgrader release_feedback {DROPOUT}")
    for student in EXCHANGE:
        home = term.home / student
        options = f"--course course --Exchange.root={term.exchange} --Exchange.cache={home / 'cache'}"
        term.types(
            f"nbgrader fetch_feedback {DROPOUT} {options}", home, HOME=str(home), JUPYTER_DATA_DIR=str(home / "data")
        )
        (page,) = (home / DROPOUT / "feedback").glob(f"*/{DROPOUT}.html")
        assert f">{student}<" in page.read_text(encoding="utf-8")
    shutil.rmtree(term.exchange)
