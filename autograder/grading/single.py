"""One notebook of a student's own, checked as a whole."""

import secrets
from dataclasses import replace
from pathlib import Path

from autograder.checks import catalogue
from autograder.grading.assignment import load, released_in
from autograder.grading.changes import require_known, settled
from autograder.grading.collect import read_file
from autograder.grading.course import Course
from autograder.grading.errors import CourseError
from autograder.grading.grade import Graded, Task
from autograder.grading.warm import work
from autograder.kernels.doctor import strongest
from autograder.kernels.limits import Limits


def check_notebook(notebook: Path, limits: Limits) -> Graded:
    """Grade a notebook under its released name, with inputs drawn anew, at the best level that there is.

    In the folder of a course, its points are those that the course has settled on, as when it is graded. What its
    author wrote may run on the author's own account where nothing can keep it in.

    Raises:
        CourseError: there is no such file, its name is not that of an assignment, or this machine cannot run it.
    """
    if not notebook.exists():
        raise CourseError(f"{notebook} does not exist")
    course, name = Course.here(), notebook.stem
    if name not in catalogue.assignments():
        raise CourseError(
            f"{notebook.name} is no assignment: keep the released name, such as {catalogue.assignments()[0]}.ipynb"
        )
    require_known(course)
    assignment = load(name, released_in(course, name))
    task = Task(
        read_file(notebook, "you", name), assignment, assignment.version, secrets.randbits(32), limits, strongest()
    )
    graded = work(task)
    return replace(graded, verdict=settled(graded.verdict, course.changes))
