"""The folder of a course: made in one command, used by nbgrader as it is, beside assignments of a course's own."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.checks.catalogue import ASSIGNMENTS
from autograder.grading.assignment import RELEASED
from autograder.grading.course import Course, read_course
from autograder.grading.errors import CourseError
from autograder.grading.late import said_in
from autograder.grading.starting import start
from autograder.grading.stock import unjudged
from tests.grading.conftest import ASSIGNMENT, FULL, answered, hand_in
from tests.grading.test_autograde import nbgrader
from tests.test_cli import autograder

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "book/guides/instructors.md").read_text(encoding="utf-8")
PS1 = """[[assignment]]
name = "ps1"
"""

pytestmark = pytest.mark.xdist_group("settings")


def cell(grade_id: str, source: str, **kind: object) -> dict[str, object]:
    metadata = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3, **kind}
    return {
        "cell_type": "code",
        "id": grade_id,
        "metadata": {"nbgrader": metadata | {"grade_id": grade_id}},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def problem(answer: str) -> str:
    """Return an assignment in which nbgrader's own way of testing decides."""
    answers = cell("q1", f"x = {answer}", solution=True)
    test = cell("q1_test", "assert x == 2", grade=True, locked=True, points=3)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": [answers, test]})


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a course with one of our assignments and one of its own, as nbgrader has it, and two students."""
    root = tmp_path_factory.mktemp("settings") / "a course"
    (root / "source" / "ps1").mkdir(parents=True)
    (root / "source" / "ps1" / "problem.ipynb").write_text(problem("\n### BEGIN SOLUTION\n2\n### END SOLUTION"))
    (root / "nbgrader_config.py").write_text("c = get_config()\nc.ClearSolutions.code_stub = {'python': 'x = 0'}\n")
    start(root, "a course", [ASSIGNMENT])
    run = nbgrader(root, "generate_assignment", "ps1")
    assert run.returncode == 0, run.stderr
    hand_in(root / "submitted", "ann", answered(0))
    for student, answer in (("ann", "2"), ("bob", "3")):
        (root / "submitted" / student / "ps1").mkdir(parents=True)
        (root / "submitted" / student / "ps1" / "problem.ipynb").write_text(problem(answer))
    return root


def test_a_new_course_has_everything_and_nbgrader_makes_the_same_release(tmp_path: Path) -> None:
    root = tmp_path / "new"
    written = {str(path.relative_to(root)) for path in start(root, "it's new", ())}
    assert written == {
        *("course.toml", "roster.csv", "nbgrader_config.py"),
        *(f"{folder}/{name}/{name}.ipynb" for folder in ("release", "source") for name in ASSIGNMENTS),
    }
    course = read_course(root)
    assert (course.id, course.names) == ("it-s new", ASSIGNMENTS)
    for name in (ASSIGNMENT, "noise_lab"):
        run = nbgrader(root, "generate_assignment", name, "--force")
        assert run.returncode == 0, run.stderr
        assert (root / "release" / name / f"{name}.ipynb").read_bytes() == (
            (RELEASED / name / f"{name}.ipynb").read_bytes()
        )


def test_every_comment_of_the_first_settings_is_a_setting(tmp_path: Path) -> None:
    start(tmp_path, "x", [ASSIGNMENT])
    text = (tmp_path / "course.toml").read_text()
    lines = [line.removeprefix("# ") if line.startswith("# ") and " = " in line else line for line in text.splitlines()]
    lines = [line.removeprefix("# ") if line.startswith("# [") else line for line in lines]
    (tmp_path / "course.toml").write_text("\n".join(lines))
    course = read_course(tmp_path)
    assert course.late is not None
    assert course.planned[0].points == 10
    assert (course.attempts, course.missing, course.timezone) == ("best", "zero", "Europe/Berlin")


def test_starting_again_changes_nothing(course: Path) -> None:
    before = {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}
    assert start(course, "other", ASSIGNMENTS) == []
    assert {path: path.read_bytes() for path in before} == before


def test_nbgraders_own_settings_stay(course: Path) -> None:
    text = (course / "nbgrader_config.py").read_text()
    assert text.startswith("c = get_config()\nc.ClearSolutions")
    assert text.count("configure(get_config(), __file__)") == 1
    assert read_course(course).gradebook == ""


@pytest.mark.parametrize(("assignment", "says"), [("nosuch", "there is no assignment 'nosuch'")])
def test_an_unknown_assignment_is_one_clear_line(tmp_path: Path, assignment: str, says: str) -> None:
    with pytest.raises(CourseError, match=says):
        start(tmp_path / "new", "new", [assignment])
    assert not (tmp_path / "new").exists()


def test_a_gradebook_that_is_there_stays_the_one(tmp_path: Path) -> None:
    (tmp_path / "gradebook.db").write_bytes(b"")
    start(tmp_path, "old", [ASSIGNMENT])
    assert read_course(tmp_path).gradebook == "gradebook.db"


def test_a_course_of_nbgraders_keeps_its_name_and_its_gradebook(tmp_path: Path) -> None:
    """nbgrader is asked, for it has the last word."""
    url = f"sqlite:///{tmp_path / 'class.db'}"
    said = f"c = get_config()\nc.CourseDirectory.course_id = 'cs101'\nc.CourseDirectory.db_url = '{url}'\n"
    (tmp_path / "nbgrader_config.py").write_text(said)
    start(tmp_path, None, [ASSIGNMENT])
    assert (read_course(tmp_path).id, read_course(tmp_path).gradebook) == ("cs101", url)
    config = said_in(tmp_path).CourseDirectory
    assert (config.course_id, config.db_url) == ("cs101", url)
    start(tmp_path / "new", None, [ASSIGNMENT])
    assert read_course(tmp_path / "new").id == "new"


def test_what_has_no_judges_is_not_run_unless_the_course_says_so(course: Path) -> None:
    run = autograder("grade", "--seed", 1, cwd=course / "submitted")
    assert run.returncode == 0, run.stderr
    assert "left out: ps1 has no judges here" in run.stderr
    assert "write `unconfined = true` under [[assignment]] ps1" in run.stderr
    assert "ps1" not in (course / "graded" / "grades.csv").read_text()
    run = nbgrader(course, "autograde", "ps1")
    assert run.returncode != 0
    assert "ps1 has no judges here, and nbgrader would run it unconfined" in run.stderr
    assert not list((course / "autograded").rglob("ps1.ipynb"))


def test_a_course_of_nbgraders_is_planned_with_its_own_assignments(course: Path, tmp_path: Path) -> None:
    for name in ("ps1", "ps 2", "odd+name", ".ipynb_checkpoints", ASSIGNMENT):
        (tmp_path / "source" / name).mkdir(parents=True)
        (tmp_path / "source" / name / "problem.ipynb").write_text(problem("2"))
    (tmp_path / "source" / "empty").mkdir()
    start(tmp_path, "old", [ASSIGNMENT])
    assert read_course(tmp_path).names == (ASSIGNMENT, "ps 2", "ps1")
    assert not any(item.unconfined for item in read_course(tmp_path).planned)
    text = (tmp_path / "course.toml").read_text()
    (tmp_path / "course.toml").write_text(text.replace("# unconfined", "unconfined"))
    assert [item.name for item in read_course(tmp_path).planned if item.unconfined] == ["ps 2", "ps1"]
    assert unjudged(Course(course, planned=()), course / "submitted", ()) == ([], ["ps1"])


def test_nbgrader_grades_what_has_no_judges_into_the_same_gradebook(course: Path, tmp_path: Path) -> None:
    root = shutil.copytree(course, tmp_path / "course")
    (root / "course.toml").write_text((root / "course.toml").read_text().replace(PS1, f"{PS1}unconfined = true\n"))
    run = autograder("grade", "--seed", 1, cwd=root)
    assert run.returncode == 0, run.stderr
    assert "ps1: graded by nbgrader, by the tests in the notebooks, and run unconfined" in run.stdout
    with Gradebook(f"sqlite:///{root / 'graded' / 'gradebook.db'}") as book:
        found = {(item.student.id, item.name): item.score for one in book.assignments for item in one.submissions}
    assert found == {("ann", ASSIGNMENT): FULL, ("bob", ASSIGNMENT): 0, ("ann", "ps1"): 3, ("bob", "ps1"): 0}
    lines = (root / "graded" / "grades.csv").read_text().splitlines()
    assert [line for line in lines if "ps1" in line] == [
        "ann,ps1,3,3,nbgrader,3,0,0,0,0,", "bob,ps1,0,3,nbgrader,0,0,0,0,0,",
    ]  # fmt: skip
    assert "graded by nbgrader" in (root / "graded" / "report.html").read_text()
    moodle = autograder("export", "--format", "moodle", cwd=root).stdout
    assert moodle.splitlines() == [f"username,{ASSIGNMENT},ps1", f"ann,{FULL:g},3", "bob,,0"]
    alone = autograder("grade", "--assignment", "ps1", cwd=root)
    assert alone.returncode == 0, alone.stderr
    assert "Class" not in alone.stdout


def test_the_exchange_that_the_guide_sets_up_hands_out(course: Path, tmp_path: Path) -> None:
    root = shutil.copytree(course, tmp_path / "course")
    (setting,) = re.findall(r"^get_config\(\)\.Exchange\.root = .*$", GUIDE, re.MULTILINE)
    subprocess.run(["mkdir", *re.findall(r"`mkdir (-m 777)`", GUIDE)[0].split(), tmp_path / "exchange"], check=True)
    with (root / "nbgrader_config.py").open("a") as stream:
        stream.write(setting.replace("/srv/exchange", str(tmp_path / "exchange")))
    run = nbgrader(root, "release_assignment", ASSIGNMENT)
    assert run.returncode == 0, run.stderr
    handed_out = tmp_path / "exchange" / read_course(root).id / "outbound" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    assert handed_out.read_bytes() == (root / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_bytes()


def test_the_clone_is_a_course(tmp_path: Path) -> None:
    course = read_course(ROOT)
    assert course.names == ASSIGNMENTS
    assert (course.root / course.release).resolve() == RELEASED.resolve()
    assert Course.here(ROOT / "book" / "guides") == course
