"""One notebook of a student's own, checked as a whole."""

import secrets
from pathlib import Path

from autograder.checks import catalogue
from autograder.grading.assignment import load
from autograder.grading.collect import read_file
from autograder.grading.errors import CourseError
from autograder.grading.grade import Graded, Task
from autograder.grading.pool import work
from autograder.kernels.doctor import strongest
from autograder.kernels.limits import Limits


def check_notebook(notebook: Path, limits: Limits) -> Graded:
    """Grade a notebook under its released name, with inputs drawn anew, at the best level that there is.

    What its author wrote may run on the author's own account where nothing can keep it in.

    Raises:
        CourseError: there is no such file, its name is not that of an assignment, or this machine cannot run it.
    """
    if not notebook.exists():
        raise CourseError(f"{notebook} does not exist")
    name = notebook.stem
    if name not in catalogue.ASSIGNMENTS:
        raise CourseError(
            f"{notebook.name} is no assignment: keep the released name, such as {catalogue.ASSIGNMENTS[0]}.ipynb"
        )
    assignment = load(name)
    task = Task(
        read_file(notebook, "you", name), assignment, assignment.version, secrets.randbits(32), limits, strongest()
    )
    return work(task)
