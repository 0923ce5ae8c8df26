"""Assignments of a course's own that have no judges here: nbgrader grades them by the tests in their notebooks.

nbgrader runs a notebook as whoever starts it, with everything that person may read and write. So nothing of it is run
before the course says, for that assignment, that it may be.
"""

import os
import re
import subprocess
import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder.checks import catalogue
from autograder.grading.course import FILE, NAME, Course
from autograder.grading.errors import CourseError
from autograder.grading.nbgrader_api import Autograde

Processed = tuple[NotebookNode, dict[str, Any]]


def is_judged(assignment: str) -> bool:
    """Tell whether an assignment has judges of ours."""
    return assignment in catalogue.assignments()


def require_leave(course: Course, assignment: str) -> None:
    """Refuse to run what has no judges, unless the course says that it may be run.

    Raises:
        CourseError: it does not say so.
    """
    if not course.plan(assignment).unconfined:
        raise CourseError(lack_of_leave(assignment))


def lack_of_leave(assignment: str) -> str:
    """Say why an assignment is not graded, and what lets nbgrader grade it."""
    return (
        f"{assignment} has no judges here, and nbgrader would run it unconfined: if you trust every submission, "
        f"write `unconfined = true` under [[assignment]] {assignment} in {FILE}"
    )


def process(stage: str, parent: Any, notebook: NotebookNode, resources: dict[str, Any]) -> Processed:
    """Put a notebook through the preprocessors that nbgrader has for a stage when nothing is configured.

    Args:
        stage: "sanitize" or "autograde".
        parent: the exporter, which carries the configuration.
        notebook: a submission.
        resources: nbgrader's.

    Raises:
        CourseError: the course does not allow that the assignment is run.
    """
    assignment = resources["nbgrader"]["assignment"]
    require_leave(Course.here(), assignment)
    for preprocessor in Autograde.class_traits()[f"{stage}_preprocessors"].make_dynamic_default():
        # Called, and not told to preprocess: some are switched off unless they are configured.
        notebook, resources = preprocessor(parent=parent)(notebook, resources)
    return notebook, resources


def unjudged(course: Course, submitted: Path, named: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the assignments of a course that have no judges, and that somebody handed in.

    The course has what its settings plan, and what nbgrader made in its folder before there were any.

    Args:
        course: its assignments.
        submitted: the folder of the class.
        named: those that are asked for; nothing means all.

    Returns:
        Those that the course lets nbgrader run, and those that it does not.
    """
    there = {path.name for path in submitted.glob("*/*") if path.is_dir()}
    names = dict.fromkeys((*(item.name for item in course.planned), *found(course)))
    own = [course.plan(name) for name in names if not is_judged(name) and name in there]
    asked = [item for item in own if not named or item.name in named]
    return [item.name for item in asked if item.unconfined], [item.name for item in asked if not item.unconfined]


def found(course: Course) -> list[str]:
    """Return the assignments without judges that lie in the folder of a course, where nbgrader keeps them."""
    folders = (course.root / "source", course.root / course.release)
    notebooks = [path for folder in folders for path in folder.glob("[!.]*/*.ipynb")]
    names = {path.parent.name for path in notebooks}
    return sorted(name for name in names if re.search(NAME["pattern"], name) and not is_judged(name))


def grade_unjudged(course: Course, names: Iterable[str], url: str) -> list[str]:
    """Have nbgrader grade assignments without judges into a gradebook, and return what went wrong, a line each."""
    faults = []
    for name in names:
        command = [sys.executable, "-m", "nbgrader", "autograde", name, "--db", url, "--force"]
        quiet = os.environ | {"PYTHONWARNINGS": "ignore"}
        run = subprocess.run(  # noqa: S603 (the name is that of a folder of the course)
            command, cwd=course.root, env=quiet, capture_output=True, text=True, check=False
        )
        if run.returncode:
            *_, last = run.stderr.strip().splitlines() or ["without a word"]
            faults.append(f"{name}: nbgrader could not grade all of it ({last})")
    return faults
