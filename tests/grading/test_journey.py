"""The page on how a submission travels names the files that Python enters, in their order, and who catches what."""

import ast
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import autograder
from autograder.grading.assignment import load
from autograder.grading.collect import collect, students
from autograder.grading.grade import Task
from autograder.grading.run import ClassRun, Plan
from autograder.grading.warm import _cool, work
from autograder.kernels.doctor import best_confined
from autograder.kernels.limits import Limits
from tests.grading.conftest import ASSIGNMENT, FULL, SEED, answered, hand_in

pytestmark = pytest.mark.xdist_group("journey")

PACKAGE = Path(autograder.__file__).parent
PAGE = PACKAGE.parent / "book/guides/submission.md"
ROW = re.compile(r"^\| `([\w/]+\.py)` \|", re.MULTILINE)
RAISED = re.compile(r"^\| `(\w+)` \| [^|]+ \| `([\w/]+\.py)` \|", re.MULTILINE)
OWN = re.compile(r"^class (\w+)\(Exception\)", re.MULTILINE)


def files(heading: str) -> list[str]:
    """Return the files in the table under a heading that begins like this, in their order."""
    (section,) = re.findall(rf"^## {heading}.*?(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return ROW.findall(section)


@contextmanager
def followed(entered: list[tuple[str, str]]) -> Iterator[None]:
    """Write down which functions of the package are entered, by their file and name."""

    def enter(frame: FrameType, event: str, _: Any) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(PACKAGE):
            entered.append((path.relative_to(PACKAGE).as_posix(), frame.f_code.co_name))

    before = sys.getprofile()
    threading.setprofile(enter)
    sys.setprofile(enter)
    try:
        yield
    finally:
        sys.setprofile(before)
        threading.setprofile(before)


@pytest.fixture(scope="module")
def submitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("journey") / "submitted"
    hand_in(folder, "ann", answered())
    return folder


def test_the_runner_goes_through_the_files_of_its_tables(submitted: Path, tmp_path: Path) -> None:
    entered: list[tuple[str, str]] = []
    with followed(entered):
        ClassRun(Plan(submitted, tmp_path / "graded", workers=1)).run()
    before = list(dict.fromkeys(file for file, _ in entered))
    first = [file for file in before if file in files("In the runner: from")]
    assert first == files("In the runner: from")
    written = [
        file for file, name in entered if name in {"record", "autograded", "write_feedback", "sync", "write_report"}
    ]
    last = [file for file in dict.fromkeys(written) if file in files("In the runner again")]
    assert last == files("In the runner again")


def test_a_worker_goes_through_the_files_of_its_table(submitted: Path) -> None:
    assignment = load(ASSIGNMENT)
    (submission,) = collect(submitted, students(submitted), [ASSIGNMENT])
    task = Task(submission, assignment, assignment.version, SEED, Limits(), best_confined())
    _cool(task.isolation, heavy=False)  # another test of this process may have left one
    entered: list[tuple[str, str]] = []
    with followed(entered):
        graded = work(task)
    assert graded.verdict.points == FULL
    named = files("In a worker")
    assert [file for file in dict.fromkeys(file for file, _ in entered) if file in named] == named


def test_what_runs_beside_the_student_is_there_and_imports_nothing_of_the_project() -> None:
    for file in files("On the side of the student"):
        tree = ast.parse((PACKAGE / file).read_text(encoding="utf-8"))
        imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
        imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
        assert not [name for name in imported if name.partition(".")[0] in {"autograder", "coursebook"}], file


def test_exceptions_are_caught_where_the_page_says() -> None:
    table = RAISED.findall(PAGE.read_text(encoding="utf-8"))
    assert len(table) > 10
    for exception, file in table:
        tree = ast.parse((PACKAGE / file).read_text(encoding="utf-8"))
        handlers = [node.type for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.type]
        caught = {name.id for handler in handlers for name in ast.walk(handler) if isinstance(name, ast.Name)}
        assert exception in caught, f"{file} does not catch {exception}"


def test_every_exception_of_the_grading_path_is_on_the_page() -> None:
    """Those that are caught in the module that raises them are its own business."""
    listed = {exception for exception, _ in RAISED.findall(PAGE.read_text(encoding="utf-8"))}
    modules = {path: path.read_text(encoding="utf-8") for path in sorted(PACKAGE.glob("kernels/**/*.py"))}
    raised = {name for text in modules.values() for name in OWN.findall(text)}
    assert raised - listed == {"Spent", "Lost"}
