"""What has changed since main: `pytest --changed` asks of the tests for each exercise only those of changed ones."""

import inspect
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.exercise import Exercise

ROOT = Path(__file__).parents[1]
CHECKS = ROOT / "autograder/checks"
MAIN = ("origin/main", "main")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--changed", action="store_true", help="of the tests that take an exercise, run only those of changed ones"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("changed"):
        return
    names = {exercise.name for exercise in changed_exercises()}
    asking = [item for item in items if (exercise := asked(item)) is not None and exercise.name not in names]
    config.hook.pytest_deselected(items=asking)
    items[:] = [item for item in items if item not in set(asking)]


def asked(item: pytest.Item) -> Exercise | None:
    """Return the exercise that a test is about."""
    values = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return next((value for value in values if isinstance(value, Exercise)), None)


@cache
def changed_exercises() -> tuple[Exercise, ...]:
    """Return the exercises of which something has changed; of each assignment the first when the engine has."""
    changed = {ROOT / name for name in changed_files()}
    engine = any(path.parent == CHECKS for path in changed)
    return tuple(
        exercise
        for assignment in ASSIGNMENTS
        for number, exercise in enumerate(exercises(assignment))
        if changed & sources(exercise) or (engine and number == 0)
    )


def sources(exercise: Exercise) -> set[Path]:
    """Return the files of an exercise: where it is declared, what its assignment shares, where its reference is."""
    own = {other.name: declared_in(other) for other in exercises(exercise.assignment)}
    shared = {path for path in (CHECKS / exercise.assignment).glob("[!_]*.py") if path not in own.values()}
    reference = getattr(exercise.reference, "factory", exercise.reference)
    return shared | {own[exercise.name], Path(inspect.getfile(reference))}


def declared_in(exercise: Exercise) -> Path:
    package = f"autograder.checks.{exercise.assignment}."
    modules = [module for name, module in sys.modules.items() if name.startswith(package)]
    return Path(
        next(module.__file__ for module in modules if any(value is exercise for value in vars(module).values()))
    )


def changed_files() -> set[str]:
    """Return the files that differ from where this branch left main, committed or not."""
    base = next((base for main in MAIN for base in git("merge-base", "HEAD", main)), "HEAD")
    return {*git("diff", "--name-only", base), *git("ls-files", "--others", "--exclude-standard")}


def git(*arguments: str) -> list[str]:
    """Return the lines that git prints, none where it fails."""
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, cwd=ROOT).stdout.split(
        "\n"
    )[:-1]
