"""nbgrader's formgrader in a real browser: from its start page to a saved score, which then stands in every export."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import Browser, Page, expect

from autograder.checks.catalogue import exercises
from autograder.grading.starting import start
from tests.browser.site import view
from tests.grading.test_autograde import nbgrader
from tests.sample import answers
from tests.sample.submissions import notebook
from tests.test_cli import autograder

NAME = "noise_lab"
SETTINGS = Path(__file__).parents[2] / "nbgrader_config.py"
TOKEN = "formgrader"
DESIGN = "**The noise.** $y = x (1 + s c)$ <script>document.title = 'changed'</script>"
EXPERIMENT = "import matplotlib.pyplot as plt\nplt.plot([0, 1])\nplt.show()\nprint('No difference.')"

pytestmark = [pytest.mark.term, pytest.mark.xdist_group("formgrader"), pytest.mark.timeout(1200)]


def submission(design: str = DESIGN, experiment: str = EXPERIMENT) -> str:
    (layer,) = exercises(NAME)
    content = json.loads(notebook(NAME, {layer.name: answers.right(layer, 0)}))
    for cell in content["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = {"design": design, "experiment": experiment}.get(grade_id, cell["source"])
    return json.dumps(content)


def hand_in(root: Path, student: str, text: str) -> None:
    place = root / "submitted" / student / NAME / f"{NAME}.ipynb"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a course in which two people handed in an assignment that a person grades."""
    root = tmp_path_factory.mktemp("formgrader") / "course"
    start(root, "course", [NAME])
    hand_in(root, "ann", submission())
    hand_in(root, "bob", submission("Short.", "raise ValueError('oops')"))
    run = autograder("grade", "--seed", 1, cwd=root)
    assert run.returncode == 0, run.stderr
    return root


@contextmanager
def served(root: Path, *command: str) -> Iterator[str]:
    """Start a server in a folder, and yield the address of formgrader's start page."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [part.format(port=port) for part in command]
    log = (root / "server.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", *options],
        cwd=root,
        env=os.environ | {"JUPYTER_TOKEN": TOKEN},
        stdout=log,
        stderr=log,
    )
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=2).close()
                break
            except OSError:
                assert server.poll() is None, (root / "server.log").read_text()
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/formgrader?token={TOKEN}"
    finally:
        server.terminate()
        server.wait()
        log.close()
        with pytest.raises(OSError, match="refused"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=2)


OURS = ("autograder", "formgrader", "--port", "{port}", "--no-browser", "--allow-root")


def rows(page: Page) -> list[str]:
    page.wait_for_function("() => !document.body.innerText.includes('Loading')")
    return [" ".join(text.split()) for text in page.locator("table tbody tr").all_inner_texts()]


def open_submission(page: Page, address: str, student: str) -> None:
    """Click from the start page to a student's notebook."""
    page.goto(address)
    expect(page.locator("table tbody tr").filter(has_text=NAME)).to_have_count(1)
    page.get_by_role("link", name="Manual Grading").click()
    page.get_by_role("link", name=NAME).first.click()  # the assignment, and then its notebook
    page.get_by_role("link", name=NAME).first.click()
    page.wait_for_url("**/gradebook/noise_lab/noise_lab")
    row = page.locator("table tbody tr").filter(has_text=student)
    row.get_by_role("link", name="Submission").click()
    page.wait_for_function("() => window.formgrader?.grades?.loaded && window.formgrader?.comments?.loaded")


def saved(page: Page, act: object) -> None:
    """Do something that formgrader saves, and wait until it has."""
    with page.expect_response(lambda answer: "/api/" in answer.url and answer.request.method == "PUT"):
        act()  # type: ignore[operator]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with view(browser, "light") as context:
        yield context.new_page()


def test_from_the_start_page_to_a_score_that_is_exported(course: Path, page: Page) -> None:
    with served(course, *OURS) as address:
        open_submission(page, address, "ann")
        shown = page.locator("body")
        expect(shown).to_contain_text("What follows was shown when we ran the cell.")
        expect(shown).to_contain_text("No difference.")
        assert page.locator("img[alt='shown by the cell']").evaluate("image => image.naturalWidth") > 100
        assert page.title() == NAME, "nothing that a student wrote runs"
        rubric = page.locator(".rubric[data-cell='design']")
        saved(page, lambda: (rubric.get_by_label("The noise").fill("2"), rubric.get_by_label("The noise").blur()))
        saved(page, lambda: (rubric.get_by_label("The mean").fill("1.5"), rubric.get_by_label("The mean").blur()))
        expect(page.locator("input#design")).to_have_value("3.5")
        expect(page.locator("#design-comment")).to_have_value("Rubric: The noise 2/2; The mean 1.5/2")
        saved(page, lambda: (page.locator("input#experiment").fill("12"), page.locator("input#experiment").blur()))
        page.wait_for_timeout(500)
        page.reload()
        page.wait_for_function("() => window.formgrader?.comments?.loaded")
        expect(rubric.get_by_label("The mean")).to_have_value("1.5")
        expect(page.locator("input#experiment")).to_have_value("12")
        open_submission(page, address, "bob")
        expect(shown).to_contain_text("Then it raised ValueError: oops.")
    run = autograder("export", "--format", "moodle", cwd=course)
    assert "1 submission waits for a person (noise_lab of bob)" in run.stderr
    run = autograder("export", "--format", "moodle", "--student", "ann", cwd=course)
    assert run.stdout.splitlines() == [f"username,{NAME}", "ann,25.5"]
    assert autograder("report", cwd=course).returncode == 0
    feedback = (course / "graded" / "feedback" / "ann" / f"{NAME}.html").read_text(encoding="utf-8")
    assert "Rubric: The noise 2/2; The mean 1.5/2" in feedback
    assert "3.5 / 10" in feedback


def test_what_is_handed_in_again_waits_again(course: Path, page: Page, tmp_path: Path) -> None:
    root = shutil.copytree(course, tmp_path / "course")
    with Gradebook(f"sqlite:///{root / 'graded' / 'gradebook.db'}") as book:
        for cell, points in (("design", 3.5), ("experiment", 12.0)):
            grade = book.find_grade(cell, NAME, NAME, "ann")
            grade.manual_score, grade.needs_manual_grade = points, False
        book.db.commit()
    hand_in(root, "ann", submission(experiment=EXPERIMENT + "\nprint('More.')"))
    run = autograder("grade", "--resume", "--seed", 1, cwd=root)
    assert run.returncode == 0, run.stderr
    run = autograder("export", "--student", "ann", cwd=root)
    assert "1 submission waits for a person" in run.stderr
    lines = (root / "graded" / "grades.csv").read_text().splitlines()
    assert next(line for line in lines if line.startswith("ann")).endswith(",experiment")
    with served(root, *OURS) as address:
        open_submission(page, address, "ann")
        expect(page.locator("input#experiment")).to_have_value("12")
        expect(page.locator("input#experiment.needs_manual_grade")).to_have_count(1)
        expect(page.locator("input#design.needs_manual_grade")).to_have_count(0)


def test_a_graded_folder_alone_will_do(course: Path, page: Page, tmp_path: Path) -> None:
    shutil.copytree(course / "submitted", tmp_path / "submitted")
    run = autograder("grade", "submitted", "--out", "out", "--seed", 1, "--student", "bob", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    with served(tmp_path, "autograder", "formgrader", "out", *OURS[2:]) as address:
        open_submission(page, address, "bob")
        expect(page.locator("body")).to_contain_text("Then it raised ValueError: oops.")


def test_a_folder_of_nbgraders_with_our_settings_lists_its_assignments(
    course: Path, page: Page, tmp_path: Path
) -> None:
    """Here nbgrader graded, without any command of ours, and a plain Jupyter server is started."""
    shutil.copy(SETTINGS, tmp_path)
    shutil.copytree(course / "submitted" / "bob", tmp_path / "submitted" / "bob")
    run = nbgrader(tmp_path, "autograde", NAME)
    assert run.returncode == 0, run.stderr
    extensions = "--ServerApp.jpserver_extensions={{'nbgrader.server_extensions.formgrader': True}}"
    plain = ("jupyter", "server", "--allow-root", "--no-browser", "--port={port}", extensions)
    with served(tmp_path, *plain) as address:
        open_submission(page, address, "bob")
        expect(page.locator("body")).to_contain_text("Then it raised ValueError: oops.")
