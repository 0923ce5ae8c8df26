"""A small class of `dropout_numpy`, graded once with real processes; most tests look at what that left."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from nbgrader import api

from autograder.checks.judge import unjudged
from autograder.checks.verdict import ExerciseVerdict, RequirementVerdict
from autograder.grading.assignment import Assignment
from autograder.grading.grade import Graded
from autograder.grading.run import ClassProgress, ClassRun, Plan
from autograder.grading.verdicts import SubmissionVerdict, read_verdicts
from autograder.kernels.limits import Limits
from tests.sample import answers
from tests.sample.submissions import exercises, notebook, right_cells

ASSIGNMENT = "dropout_numpy"
SEED = 7
FULL = sum(exercise.points for exercise in exercises(ASSIGNMENT))
FIRST, SECOND, THIRD, *_ = exercises(ASSIGNMENT)


def hand_in(submitted: Path, student: str, data: bytes | None) -> Path:
    """Put a notebook, or a folder without one, where `autograder grade` looks for it."""
    folder = submitted / student / ASSIGNMENT
    folder.mkdir(parents=True)
    if data is not None:
        (folder / f"{ASSIGNMENT}.ipynb").write_bytes(data)
    return folder / f"{ASSIGNMENT}.ipynb"


def answered(style: int = 0, extra: str = "", **cells: str) -> bytes:
    """Return the released notebook with right answers, except for these cells, and an extra cell."""
    return notebook(ASSIGNMENT, right_cells(ASSIGNMENT, style) | cells, extra)


WRONG = answers.wrong(FIRST, "divides by rate")
LOOP = "while True:\n    pass\n"
LEAVE = "import os\nos._exit(0)\n"

HANDED_IN: dict[str, bytes | None] = {
    "ann": answered(0),
    "bob": answered(1, **{FIRST.name: WRONG}),
    "cy <b>": answered(
        2, "1 / 0", **{SECOND.name: "raise ValueError('<script>alert(1)</script> \\x1b[31m at 0x7f00deadbeef')"}
    ),
    "dan": answered(0, **{SECOND.name: LOOP, THIRD.name: LEAVE}),
    "eve": notebook(ASSIGNMENT, {}),
    "fay": b"{",
    "gus": None,
}


@dataclass(frozen=True)
class Class:
    """A graded class: the plan it was graded by, and what came of it."""

    plan: Plan
    progress: ClassProgress

    @property
    def verdicts(self) -> dict[str, SubmissionVerdict]:
        return {student: verdict for (student, _), verdict in read_verdicts(self.plan.out / "verdicts.jsonl").items()}


Grade = Callable[..., Class]


def grade(submitted: Path, out: Path, **options: Any) -> Class:
    """Grade a class in this process's name, with short limits."""
    plan = Plan(submitted, out, assignments=(ASSIGNMENT,), seed=SEED, limits=Limits(cell_seconds=6.0), workers=2)
    plan = replace(plan, **options)
    return Class(plan, ClassRun(plan).run())


def lines(out: Path) -> list[dict[str, Any]]:
    """Return the verdicts of a folder without their times."""
    verdicts = [json.loads(line) for line in (out / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()]
    return [{name: value for name, value in verdict.items() if name != "seconds"} for verdict in verdicts]


def judged(student: str, assignment: Assignment, share: float | None, *written: str) -> Graded:
    """Return a submission in which every requirement earned this share of its points; None for one that is missing."""
    exercises = tuple(
        unjudged(exercise, "missing", "nothing was handed in")
        if share is None
        else ExerciseVerdict(
            exercise.name,
            "graded",
            tuple(
                RequirementVerdict(item.key, item.name, share * item.points, item.points, share == 1)
                for item in exercise.requirements
            ),
        )
        for exercise in assignment.exercises
    )
    verdict = SubmissionVerdict(student, assignment.name, "process", 0.0, 1, "", "", exercises)
    return Graded(verdict, assignment.version, written=frozenset(written))


@pytest.fixture(scope="session", autouse=True)
def _migrations_read_once() -> Iterator[None]:
    """nbgrader starts alembic for each new gradebook, seconds of a processor, to ask what stays the same."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(api, "get_alembic_version", cache(api.get_alembic_version))
        yield


@pytest.fixture(scope="session")
def submitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the small class, with everything in it that should be passed over."""
    folder = tmp_path_factory.mktemp("class") / "submitted"
    for student, data in HANDED_IN.items():
        hand_in(folder, student, data)
    (folder / "hal").symlink_to(folder / "ann")
    (folder / "roster.csv").write_text("not a student")
    (folder / ".ipynb_checkpoints").mkdir()
    return folder


@pytest.fixture(scope="session")
def graded(submitted: Path, tmp_path_factory: pytest.TempPathFactory) -> Class:
    """Return the small class, graded."""
    out = tmp_path_factory.mktemp("graded") / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    return grade(submitted, out)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Look at the small class where it was graded: another process would grade it once more."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and "graded" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("grading"))
