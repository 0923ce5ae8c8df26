"""An assignment of a course's own is released, sent to workers, and checked with the points of the course."""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.checks import catalogue
from autograder.grading.assignment import load, released_in
from autograder.grading.course import read_course
from autograder.grading.errors import CourseError
from autograder.grading.sources import as_source
from autograder.grading.starting import start
from autograder.release import ReleaseError, release
from tests.checks.test_own import FINE

NAME = "halving"
TWO = FINE.replace(
    '@exercise.requires("halves", 2)',
    '@exercise.requires("gives a number", 1)\ndef gives_number(ask, draw):\n    expect(ask(1.0) > 0, "none")\n\n\n'
    '@exercise.requires("halves", 2)',
)
CHANGE = '\n[[change]]\nexercise = "half"\nrequirement = "halves"\npoints = 0\n'
STUB = "raise NotImplementedError()"


@pytest.fixture(autouse=True)
def _none_left() -> Iterator[None]:
    yield
    catalogue.adopt({})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a course that has an assignment of its own, and nothing else."""
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / f"{NAME}.py").write_text(TWO, encoding="utf-8")
    start(tmp_path, "own", [NAME])
    return tmp_path


def released(root: Path) -> Path:
    return root / "release" / NAME / f"{NAME}.ipynb"


def autograder(folder: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "autograder", *map(str, arguments)]
    environment = os.environ | {"COLUMNS": "100"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_course_is_made_around_what_is_declared(root: Path) -> None:
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(released(root).read_bytes())["cells"]}
    assert cells["half"] == f'def half(x):\n    """Return half of x."""\n    {STUB}'
    assert cells["half_check"] == "check(half)"
    assert "- gives a number (1)\n- halves (2)" in "\n".join(cells.values())
    course = read_course(root)
    assert course.judged == (NAME,)
    assert load(NAME, released_in(course, NAME)).max_points == 3
    assert (root / "source" / NAME / f"{NAME}.ipynb").is_file()


def test_a_worker_is_sent_what_the_course_declares(root: Path) -> None:
    assignment = load(NAME, released_in(read_course(root), NAME))
    version, sent = assignment.version, pickle.dumps(assignment)
    catalogue.adopt({})
    received = pickle.loads(sent)
    assert received.version == version
    assert [exercise.name for exercise in received.exercises] == ["half"]
    catalogue.adopt({NAME: TWO.replace("0.5 * x", "x * 0.5")})
    assert load(NAME, root / "release").version != version


def test_a_release_says_what_it_changes_and_leaves_an_edited_source_alone(root: Path) -> None:
    declared, source = root / "checks" / f"{NAME}.py", root / "source" / NAME / f"{NAME}.ipynb"
    declared.write_text(TWO.replace('"halves", 2', '"halves", 4'), encoding="utf-8")
    run = autograder(root, "release")
    assert "half_check has 5 points instead of 3" in run.stdout
    assert source.read_text() == as_source(released(root).read_text())
    edited = source.read_text().replace("Return half", "Return the half")
    source.write_text(edited)
    declared.write_text(TWO, encoding="utf-8")
    assert "half_check has 3 points instead of 5" in autograder(root, "release", NAME).stdout
    assert source.read_text() == edited
    (root / "course.toml").write_text('[[assignment]]\nname = "pooling"\n')
    assert f'add an [[assignment]] with name = "{NAME}" to course.toml' in autograder(root, "release").stdout


def test_a_notebook_that_somebody_has_written_comes_before_a_draft(root: Path) -> None:
    (root / "solutions").mkdir()
    lines = ["# %% [markdown]", "# A text of my own", *_cell("half", solution=True), "def half(x):"]
    lines += ["    ### BEGIN SOLUTION", "    return x / 2", "    ### END SOLUTION"]
    lines += [*_cell("half_check", grade=True, points=3), "check(half)"]
    written = "\n".join(lines)
    (root / "solutions" / f"{NAME}.py").write_text(written)
    assert autograder(root, "release").returncode == 0
    assert "A text of my own" in released(root).read_text()


def _cell(grade_id: str, **marks: object) -> list[str]:
    """Return the line with which a cell begins, in the percent format, and a blank one before it."""
    settled = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    return ["", f"# %% nbgrader={json.dumps(settled | {'grade_id': grade_id} | marks)}"]


@pytest.mark.parametrize(
    ("old", "new"),
    [('    """Return half of x."""\n', ""), ("def half(x):", "from functools import cache\n\n\n@cache\ndef half(x):")],
)
def test_what_cannot_be_drafted_is_one_clear_line(root: Path, old: str, new: str) -> None:
    catalogue.adopt({NAME: TWO.replace(old, new, 1)})
    with pytest.raises(ReleaseError, match=r"cannot be drafted .half is no plain function with a docstring"):
        release(NAME, root / "solutions", root / "elsewhere")


def test_a_course_with_a_broken_file_is_one_clear_line(root: Path) -> None:
    (root / "checks" / f"{NAME}.py").write_text(TWO + "1 +\n", encoding="utf-8")
    with pytest.raises(CourseError, match=rf"checks/{NAME}.py cannot be used \(SyntaxError: "):
        read_course(root)


def test_a_notebook_is_checked_with_the_points_of_the_course(root: Path) -> None:
    notebook = root / f"{NAME}.ipynb"
    notebook.write_text(released(root).read_text().replace(STUB, "return x"), encoding="utf-8")
    run = autograder(root, "check", notebook)
    assert run.returncode == 1, run.stderr
    assert f"{NAME}: 1 of 3 points" in run.stdout
    settings = (root / "course.toml").read_text()
    (root / "course.toml").write_text(settings + CHANGE)
    run = autograder(root, "check", notebook)
    assert run.returncode == 0, run.stderr
    assert f"{NAME}: 1 of 1 points\nPoints are as course.toml has changed them.\n" in run.stdout
    (root / "course.toml").write_text(settings + CHANGE.replace("points = 0", "everybody = true"))
    assert f"{NAME}: 3 of 3 points" in autograder(root, "check", notebook).stdout
    (root / "course.toml").write_text(settings + CHANGE.replace('"halves"', '"nosuch"'))
    run = autograder(root, "check", notebook)
    assert run.returncode == 2
    assert "changes the requirement 'nosuch' of half" in run.stderr
