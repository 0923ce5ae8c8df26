"""What has changed since main: `pytest --changed` asks of the tests for each exercise only those of changed ones."""

import inspect
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from autograder.checks import beside
from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.exercise import Exercise
from autograder.checks.implementation import definition

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
    """Return the files of an exercise: where it is declared, what its assignment shares, its reference and probes."""
    own = {other.name: Path(declared_in(other).__file__) for other in exercises(exercise.assignment)}
    shared = {path for path in (CHECKS / exercise.assignment).glob("[!_]*.py") if path not in own.values()}
    probes = [
        value
        for value in vars(declared_in(exercise)).values()
        if getattr(value, "__module__", "").startswith(f"{beside.__name__}.")
    ]
    used = {Path(inspect.getfile(value)) for value in (definition(exercise.reference), *probes)}
    return shared | used | {own[exercise.name]}


def declared_in(exercise: Exercise) -> ModuleType:
    package = f"autograder.checks.{exercise.assignment}."
    modules = [module for name, module in sys.modules.items() if name.startswith(package)]
    return next(module for module in modules if any(value is exercise for value in vars(module).values()))


def changed_files() -> set[str]:
    """Return the files that differ from where this branch left main, committed or not."""
    base = next((base for main in MAIN for base in git("merge-base", "HEAD", main)), "HEAD")
    return {*git("diff", "--name-only", base), *git("ls-files", "--others", "--exclude-standard")}


def git(*arguments: str) -> list[str]:
    """Return the lines that git prints, none where it fails."""
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, cwd=ROOT).stdout.split(
        "\n"
    )[:-1]
