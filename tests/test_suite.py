"""How the suite is run: every part of the release test has its turn, and quick asks of what has changed."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from autograder.checks.catalogue import ASSIGNMENTS, exercises, find
from tests import changed, minutes, parts

ROOT = Path(__file__).parents[1]

TESTS = """
import pytest

def test_of_the_suite(): pass

@pytest.mark.cluster
def test_of_a_part(): pass

@pytest.mark.parametrize("exercise", __import__("autograder.checks.catalogue", fromlist=["_"]).exercises("layernorm"))
def test_of_an_exercise(exercise): pass
"""

GROUP = """
import pytest

@pytest.mark.xdist_group("together")
@pytest.mark.parametrize("number", range(6))
def test_of_a_group(number): pass
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text())
    (tmp_path / "test_some.py").write_text(TESTS)
    return tmp_path


def lines_of_passed(folder: Path, *options: str) -> list[str]:
    """Run tests with these options and return a line of output for each that passed."""
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "--rootdir", folder, *options, folder]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return [line for line in run.stdout.splitlines() if "::" in line and "PASSED" in line]


def passed(folder: Path, *options: str) -> list[str]:
    """Run tests with these options and return the names of those that passed."""
    return [line.split("::")[1].split()[0] for line in lines_of_passed(folder, *options)]


def test_every_part_has_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_DATA", "somewhere")
    assert {parts.turn(commits) for commits in range(100, 100 + len(parts.PARTS))} == set(parts.PARTS)
    monkeypatch.delenv("COURSE_DATA")
    assert {parts.turn(commits) for commits in range(100, 99 + len(parts.PARTS))} == set(parts.PARTS) - {"real_data"}


def test_a_part_is_run_when_asked_for_and_alone(folder: Path) -> None:
    assert passed(folder, "--part", "cluster") == ["test_of_a_part"]
    assert "test_of_a_part" not in passed(folder)


def test_tests_of_a_group_run_in_one_process(folder: Path) -> None:
    """What they share is made once; spread over two processes, the suite takes half as long again."""
    (folder / "test_group.py").write_text(GROUP)
    lines = lines_of_passed(folder, "--numprocesses", "2", "--dist", "loadgroup", "-k", "test_of_a_group")
    assert len(lines) == 6
    assert len({re.match(r"\[(gw\d+)\]", line)[1] for line in lines}) == 1


def test_every_part_has_tests() -> None:
    tests = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")]
    assert [name for name in parts.PARTS if not any(f"mark.{name}" in text for text in tests)] == []


def test_what_was_spent_is_written_down_for_every_test(folder: Path) -> None:
    passed(folder, "--minutes", str(folder / "minutes/some"))
    entries = dict(minutes.read(folder / "minutes"))
    assert len(entries) == 2 + len(exercises("layernorm"))
    assert entries["some: start and collection"].processor > 0
    assert "100 %  all" in "\n".join(minutes.table(list(entries.items())))


def dry_run(*arguments: str) -> str:
    """Return what make would run where nothing is there yet."""
    command = ["make", "--dry-run", "--always-make", "--no-print-directory", *arguments]
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=variables).stdout


def test_a_class_is_graded_before_the_book_is_built() -> None:
    """The book's end does not decide whether `make course` goes on."""
    would = dry_run("course")
    assert would.index("autograder grade") < would.index("jupyter-book build")
    assert "frameworks" in would.partition("autograder grade")[0]


def needed(extras: str) -> set[str]:
    """Return what extras, such as "student,grade", have pip install, those that they name included."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    lines = {line for extra in extras.split(",") for line in listed[extra]}
    named = [match[1] for line in lines if (match := re.fullmatch(r"dropout-course\[(.*)\]", line))]
    return lines.union(*map(needed, named))


@pytest.mark.parametrize("largest", ["student,grade,book", "dev"])
def test_the_largest_installations_leave_nothing_to_install_for_the_rest(largest: str) -> None:
    stamp = f".venv/.{largest.replace(',', '-')}"
    would = dry_run(stamp)
    assert would.count("pip install") == 1
    touched = re.search(r"^touch (.*)$", would, re.MULTILINE)[1].split()
    contained = [Path(path).name.removeprefix(".").replace("-", ",") for path in touched if path != stamp]
    assert contained
    assert needed(largest) >= set().union(*map(needed, contained))
    asked = re.findall(r"--editable '\.\[(.*?)\]'", dry_run("course", "FRAMEWORKS=1"))
    assert set(asked) <= {*contained, "student,grade,book"}


def exercises_changed_by(files: set[str], monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.setattr(changed, "changed_files", lambda: files)
    changed.changed_exercises.cache_clear()
    try:
        return {exercise.name for exercise in changed.changed_exercises()}
    finally:
        changed.changed_exercises.cache_clear()


def test_a_changed_file_changes_the_exercises_that_it_is_of(monkeypatch: pytest.MonkeyPatch) -> None:
    firsts = {exercises(assignment)[0].name for assignment in ASSIGNMENTS}
    own = Path(changed.declared_in(find("rmsnorm")).__file__).relative_to(ROOT).as_posix()
    assert exercises_changed_by({own}, monkeypatch) == {"rmsnorm"}
    assert exercises_changed_by({"autograder/reference/layernorm.py"}, monkeypatch) >= {"rmsnorm", "layernorm"}
    assert exercises_changed_by({"autograder/checks/beside/noise_lab.py"}, monkeypatch) == {"NoiseLayer"}
    assert exercises_changed_by({"autograder/checks/judge.py"}, monkeypatch) == firsts
    assert exercises_changed_by({"README.md", "book/intro.md"}, monkeypatch) == set()
