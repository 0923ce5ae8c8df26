"""One notebook of a student's own, checked as a whole."""

import secrets
from pathlib import Path

from autograder.checks import catalogue
from autograder.grading.assignment import load
from autograder.grading.collect import read_file
from autograder.grading.errors import CourseError
from autograder.grading.grade import Graded, Task, grade
from autograder.kernels.limits import Limits
from autograder.kernels.worker import open_worker


def check_notebook(notebook: Path, limits: Limits) -> Graded:
    """Grade a notebook under its released name, with inputs drawn anew.

    Raises:
        CourseError: there is no such file, or its name is not that of an assignment.
    """
    if not notebook.exists():
        raise CourseError(f"{notebook} does not exist")
    name = notebook.stem
    if name not in catalogue.ASSIGNMENTS:
        raise CourseError(
            f"{notebook.name} is no assignment: keep the released name, such as {catalogue.ASSIGNMENTS[0]}.ipynb"
        )
    assignment = load(name)
    task = Task(read_file(notebook, "you", name), assignment, assignment.version, secrets.randbits(32), limits)
    worker = open_worker("auto", assignment.needs_frameworks)
    try:
        return grade(task, worker)
    finally:
        worker.close()
