"""An assignment is graded only when every graded cell has its judge, and changes its version with either."""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.checks import catalogue
from autograder.grading.assignment import RELEASED, Assignment, _sources, load
from autograder.grading.errors import CourseError
from tests.grading.conftest import ASSIGNMENT, FIRST

RELEASES = sorted(path.name for path in RELEASED.iterdir())


def write(folder: Path, data: bytes) -> Path:
    path = folder / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return folder


@pytest.fixture
def released() -> bytes:
    return (RELEASED / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_bytes()


@pytest.mark.parametrize("name", RELEASES)
def test_every_released_assignment_can_be_graded(name: str) -> None:
    assignment = load(name)
    assert assignment.max_points == sum(exercise.points for exercise in assignment.exercises)


def test_a_graded_cell_without_a_judge_is_an_error(released: bytes, tmp_path: Path) -> None:
    changed = released.replace(f'"{FIRST.name}_check"'.encode(), b'"stranger_check"')
    with pytest.raises(CourseError, match="is missing from the released notebook"):
        load(ASSIGNMENT, write(tmp_path, changed))


def test_points_must_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    cheaper = replace(FIRST, requirements=FIRST.requirements[1:])
    others = catalogue.exercises(ASSIGNMENT)[1:]
    monkeypatch.setattr(catalogue, "exercises", lambda _: (cheaper, *others))
    with pytest.raises(CourseError, match=r"points but is judged out of .* run `autograder release`"):
        load(ASSIGNMENT)


def test_an_assignment_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="there is no assignment 'nosuch': choose from dropout_numpy"):
        load("nosuch")
    with pytest.raises(CourseError, match="run `autograder release`"):
        load(ASSIGNMENT, tmp_path)
    with pytest.raises(CourseError, match="cannot be read"):
        load(ASSIGNMENT, write(tmp_path, b"{"))


def test_version_follows_the_release(released: bytes) -> None:
    assert Assignment(ASSIGNMENT, released).version == load(ASSIGNMENT).version
    assert Assignment(ASSIGNMENT, released + b" ").version != load(ASSIGNMENT).version


def test_version_follows_all_that_decides_a_verdict() -> None:
    files = {"/".join(path.parts[-2:]) for path in _sources(ASSIGNMENT)}
    judged = {"checks/judge.py", "beside/respond.py", "beside/calls.py", "reference/dropout.py"}
    own = {f"{ASSIGNMENT}/{name}" for name in ("noise.py", "dropout_forward.py", "fingerprints.json")}
    assert files >= judged | own


def test_a_worker_finds_the_version_out_for_itself(released: bytes) -> None:
    assignment = Assignment(ASSIGNMENT, released)
    assert assignment.version.encode() not in pickle.dumps(assignment)
    assert pickle.loads(pickle.dumps(assignment)).version == assignment.version


def test_frameworks_are_loaded_only_where_they_are_used() -> None:
    needs = {name: load(name).needs_frameworks for name in RELEASES}
    expected = {
        "dropout_numpy": False,
        "dropout_keras": True,
        "dropout_pytorch": True,
        "layernorm": False,
        "pooling": False,
    }
    assert {name: needs[name] for name in expected if name in needs} == {
        name: heavy for name, heavy in expected.items() if name in needs
    }
