"""Each kind of installation, made from an empty folder, is as small as said and does what it is for."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.grading.conftest import ASSIGNMENT, FULL, answered, hand_in
from tests.installs.kinds import MEGABYTES, ROOT, Installation, install, run

ABSENT = "import importlib.util, sys; sys.exit(any(map(importlib.util.find_spec, sys.argv[1:])))"
FRAMEWORKS = ("torch", "keras", "tensorflow")

pytestmark = pytest.mark.timeout(3600)  # gigabytes come over a network


def lacks(installation: Installation, *modules: str) -> None:
    installation.run("python", "-c", ABSENT, *modules)


@pytest.mark.installs
def test_a_student_checks_the_first_notebook(tmp_path: Path) -> None:
    made = install("student", tmp_path)
    assert made.megabytes < MEGABYTES["student"]
    lacks(made, *FRAMEWORKS, "nbgrader", "jupyter_book")
    opening = made.said.strip().splitlines()[-1].partition("   ")[2].split()
    assert opening[0] == ".venv/bin/jupyter"
    assert (made.clone / opening[-1]).is_file()
    notebook = f"exercises/{ASSIGNMENT}/{ASSIGNMENT}.ipynb"
    made.run("jupyter", "execute", "--allow-errors", "--inplace", notebook)
    assert "not written yet" in (made.clone / notebook).read_text(encoding="utf-8")
    assert f"{ASSIGNMENT}: 0 of {FULL:g} points" in made.run("autograder", "check", notebook, status=1)


@pytest.mark.installs
@pytest.mark.parametrize("kind", ["grader", "frameworks"])
def test_a_grader_grades_the_sample_class(tmp_path: Path, kind: str) -> None:
    made = install(kind, tmp_path)
    graded = made.clone / "_build/sample/graded"
    with (graded / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    deserved = {row["student"] for row in rows if row["points"] == row["max_points"]}
    assert {"student-01", "student-02", "student-03"} <= deserved
    if kind == "grader":
        assert made.megabytes < MEGABYTES["grader"]
        lacks(made, *FRAMEWORKS, "jupyter_book")
        assert not {row["assignment"] for row in rows} & {"dropout_keras", "dropout_pytorch"}
    else:
        assert {row["assignment"] for row in rows} >= {"dropout_keras", "dropout_pytorch"}


@pytest.mark.installs
def test_a_page_of_the_book_is_built(tmp_path: Path) -> None:
    made = install("book", tmp_path)
    (made.clone / "_toc.yml").write_text("format: jb-book\nroot: book/dropout/backward\n")
    made.run("jupyter-book", "build", ".")
    assert "autograder.reference" in (made.clone / "_build/html/book/dropout/backward.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT]
    subprocess.run(command, check=True)
    (built,) = folder.glob("*.whl")
    return built


def environment(wheel: Path, extra: str, folder: Path) -> Installation:
    """Install the wheel into an environment that no clone is near."""
    place = folder / "anywhere"
    place.mkdir()
    run([sys.executable, "-m", "venv", place / ".venv"], place)
    made = Installation(place, 0.0, 0.0, "")
    made.run("pip", "install", "--quiet", "--constraint", ROOT / "requirements.txt", f"{wheel}[{extra}]")
    return made


CHECKS = """
from autograder import check

def dropout_moments(mean, var, rate):
    return mean, (var + rate * mean**2) / (1 - rate)

check(dropout_moments)
"""


def test_a_wheel_checks_anywhere(wheel: Path, tmp_path: Path) -> None:
    made = environment(wheel, "check", tmp_path)
    lacks(made, *FRAMEWORKS, "nbgrader", "nbformat")
    notebook = made.clone / f"{ASSIGNMENT}.ipynb"
    notebook.write_bytes(answered(0))
    assert f"{ASSIGNMENT}: {FULL:g} of {FULL:g} points" in made.run("autograder", "check", notebook.name)
    assert "dropout_moments: " in made.run("python", "-c", CHECKS, status=1)
    said = subprocess.run(
        [made.clone / ".venv/bin/autograder", "grade", "."], cwd=made.clone, capture_output=True, text=True, check=False
    )
    assert said.returncode == 2
    assert f'pip install "dropout-course[grade] @ {wheel.as_uri()}"' in said.stderr


@pytest.mark.installs
def test_a_wheel_grades_and_releases_anywhere(wheel: Path, tmp_path: Path) -> None:
    made = environment(wheel, "grade", tmp_path)
    hand_in(made.clone / "submitted", "ann", answered(0))
    made.run("autograder", "grade", "submitted", "--out", "graded")
    (line,) = (made.clone / "graded/verdicts.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["points"] == FULL
    made.run("autograder", "release", "--solutions", ROOT / "solutions")
    for path in (ROOT / "exercises").rglob("*.ipynb"):
        assert (made.clone / path.relative_to(ROOT)).read_bytes() == path.read_bytes()
