"""Grading the sample class gives what it deserves, whatever the seed, and the same files for the same seed."""

import csv
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder.checks.catalogue import ASSIGNMENTS, exercises
from tests.sample.__main__ import write
from tests.sample.deserved import POINTS
from tests.sample.submissions import Submission, is_stated, sample_class

README = Path(__file__).parents[2] / "README.md"
AUTOGRADER = Path(sys.executable).parent / "autograder"
CLASS = sample_class()
HANDED_IN = {(student.name, item.assignment): item for student in CLASS for item in student.submissions}

SOME = [student.name for student in CLASS[:12]]
"""Right answers in every style, and mistakes: what depends on the seed, if anything does."""
SECONDS = 12
"""For a cell: a loop without an end takes as long, and once more when it runs again alone."""

pytestmark = [pytest.mark.xdist_group("sample"), pytest.mark.timeout(1200)]


@dataclass(frozen=True)
class Run:
    """One grading of the class: its folder, its verdicts by student and assignment, and what it printed."""

    folder: Path
    verdicts: dict[tuple[str, str], dict[str, Any]]
    printed: str


def grade(submitted: Path, folder: Path, seed: int, *options: str) -> Run:
    command = [AUTOGRADER, "grade", submitted, "--out", folder, "--seed", seed, "--timeout", SECONDS, *options]
    environment = os.environ | {"COLUMNS": "80"}
    run = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, env=environment)
    assert run.returncode == 0, run.stdout + run.stderr
    lines = (folder / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()
    return Run(
        folder, {(verdict["student"], verdict["assignment"]): verdict for verdict in map(json.loads, lines)}, run.stdout
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run, Run]:
    """Grade the class with one seed, and the first assignment of some with another and with the first one again.

    That the other assignments do not depend on the seed either is for tests/checks/test_graders.py to see.
    """
    folder = tmp_path_factory.mktemp("sample")
    submitted = folder / "submitted"
    write(submitted, CLASS)
    some = [option for student in SOME for option in ("--student", student)]
    return (
        grade(submitted, folder / "one", 1),
        grade(submitted, folder / "other", 2, "--assignment", ASSIGNMENTS[0], *some),
        grade(submitted, folder / "again", 1, "--assignment", ASSIGNMENTS[0], *some),
    )


def test_class_has_every_kind_of_submission() -> None:
    seen = {(name, mistake) for item in HANDED_IN.values() for name, mistake in item.looks_like.items()}
    first = exercises(ASSIGNMENTS[0])
    assert seen >= {(exercise.name, item.name) for exercise in first for item in exercise.misconceptions}
    assert {item.status for item in HANDED_IN.values()} >= {"graded", "error", "timeout", "died", "invalid", "missing"}
    assert len(CLASS) >= 12
    assert {assignment for _, assignment in HANDED_IN} == set(ASSIGNMENTS)
    assert all(map(is_stated, ASSIGNMENTS)), (
        "say in tests/sample/deserved.py what a wrong answer to each exercise deserves"
    )


def test_deserved_points_are_stated_for_misconceptions_that_exist() -> None:
    known = {exercise.name: exercise for assignment in ASSIGNMENTS for exercise in exercises(assignment)}
    for name, points in POINTS.items():
        exercise = known[name]
        assert points.keys() <= {item.name for item in exercise.misconceptions}
        assert all(0 <= deserved < exercise.points for deserved in points.values())


ASKED = [(0, key) for key in HANDED_IN] + [(1, (student, ASSIGNMENTS[0])) for student in SOME]


@pytest.mark.parametrize(("which", "key"), ASKED, ids=lambda value: "/".join(value) if value in HANDED_IN else None)
def test_submission_gets_what_it_deserves(runs: tuple[Run, Run, Run], which: int, key: tuple[str, str]) -> None:
    submission: Submission = HANDED_IN[key]
    verdict = runs[which].verdicts[key]
    points = {item["name"]: item["points"] for item in verdict["exercises"]}
    assert points == dict(submission.points)
    assert verdict["points"] == sum(submission.points.values())
    named = {item["name"]: item["misconceptions"] for item in verdict["exercises"] if item["misconceptions"]}
    assert named == {name: [mistake] for name, mistake in submission.looks_like.items()}


def test_status_says_what_happened(runs: tuple[Run, Run, Run]) -> None:
    with (runs[0].folder / "grades.csv").open(encoding="utf-8", newline="") as file:
        said = {(row["student"], row["assignment"]): row["status"] for row in csv.DictReader(file)}
    stated = {key: item.status for key, item in HANDED_IN.items() if item.status is not None}
    assert {key: said[key] for key in stated} == stated


def test_equal_seeds_give_equal_results(runs: tuple[Run, Run, Run]) -> None:
    first, _, again = runs
    lines = [(run.folder / "grades.csv").read_bytes().splitlines() for run in (first, again)]
    assert set(lines[1]) <= set(lines[0])
    for key, verdict in again.verdicts.items():
        assert verdict | {"seconds": 0} == first.verdicts[key] | {"seconds": 0}


def test_gradebook_lists_every_student_with_these_points(runs: tuple[Run, Run, Run]) -> None:
    folder = runs[0].folder
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        assert {student.id for student in gradebook.students} == {student.name for student in CLASS}
        for (student, assignment), submission in HANDED_IN.items():
            recorded = gradebook.find_submission(assignment, student)
            assert recorded.score == pytest.approx(sum(submission.points.values()), abs=1e-4)


def test_every_student_has_feedback(runs: tuple[Run, Run, Run]) -> None:
    for verdict in runs[0].verdicts.values():
        assert (runs[0].folder / verdict["feedback"]).read_text(encoding="utf-8").strip()


def test_readme_shows_what_is_printed(runs: tuple[Run, Run, Run]) -> None:
    (shown,) = re.findall(r"```\n(Class\n.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    seconds = re.compile(r"[\d.]+ s\.")
    printed = seconds.sub("", runs[0].printed)
    lines = [line for line in seconds.sub("", shown).splitlines() if "..." not in line]
    assert [line for line in lines if line not in printed] == [], runs[0].printed
