"""nbgrader's formgrader on a graded class: a Jupyter server in its folder, with everything that it lists and shows."""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from autograder.grading.course import Course
from autograder.grading.gradebook import existing_url
from autograder.grading.output import Output
from autograder.grading.sources import write_sources

EXTENSIONS = {"nbgrader.server_extensions.formgrader": True}

SETTINGS = """from autograder.grading.settings import configure_pages

c = get_config()
configure_pages(c)
c.CourseDirectory.root = {root!r}
c.CourseDirectory.db_url = {url!r}
"""

Run = Callable[[list[str], dict[str, str], Path], int]


def serve(output: Output, course: Course, gradebook: str | None, options: list[str], run: Run) -> int:
    """Serve formgrader until it is stopped, and return its exit code.

    Args:
        output: a graded class.
        course: its course; the folder of the class itself will do where there is none.
        gradebook: the URL of the database, when it is another one than the course's or the folder's own.
        options: further options of `jupyter server`.
        run: runs a command with an environment in a folder.

    Raises:
        CourseError: the gradebook cannot be found.
    """
    of_course = course.exists and output.folder.resolve() == course.graded.resolve()
    root = course.root if of_course else output.folder.resolve()
    url = existing_url(output, course, gradebook)
    write_sources(course if of_course else Course(root), tuple(sorted({name for _, name in output.read()})))
    command = [
        *(sys.executable, "-m", "jupyter", "server"),
        f"--ServerApp.root_dir={root}",
        f"--ServerApp.jpserver_extensions={EXTENSIONS!r}",
        "--ServerApp.default_url=/formgrader",
        *options,
    ]
    with tempfile.TemporaryDirectory() as settings:
        # Read before the settings of the folder, which win where there are some.
        Path(settings, "nbgrader_config.py").write_text(SETTINGS.format(root=str(root), url=url), encoding="utf-8")
        before = os.environ.get("JUPYTER_CONFIG_PATH", "")
        path = os.pathsep.join(filter(None, (settings, before)))
        return run(command, os.environ | {"JUPYTER_CONFIG_PATH": path, "PYTHONWARNINGS": "ignore"}, root)
