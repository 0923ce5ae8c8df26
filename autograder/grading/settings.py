"""nbgrader's settings for a course folder, from its `course.toml`: two lines in `nbgrader_config.py` are enough."""

from pathlib import Path

from traitlets.config import Config

from autograder.grading.course import Course, read_course
from autograder.grading.gradebook import course_url
from autograder.grading.late import configure as configure_penalties
from autograder.grading.sources import write_sources

STUB = {"python": "raise NotImplementedError()"}


def configure(config: Config, file: str) -> None:
    """Tell nbgrader where things are and who judges: our executor and judges in `nbgrader autograde` and formgrader.

    Args:
        config: what `get_config()` gives in `nbgrader_config.py`.
        file: the `__file__` of that module, which lies in the folder of the course.
    """
    root = Path(file).resolve().parent
    course = read_course(root) if Course(root).exists else Course(root)
    if course.exists:
        config.CourseDirectory.course_id = course.id
        config.CourseDirectory.db_url = course_url(course)
        config.CourseDirectory.release_directory = course.release
        write_sources(course)
    config.ClearSolutions.code_stub = STUB
    # The assignment is described in the gradebook first, so that a new folder needs no other step.
    config.Autograde.pre_convert_hook = "autograder.grading.autograde.declare"
    # As by `autograder grade`, no link is followed, and a file that is no notebook has its verdict.
    config.Autograde.exporter_class = "autograder.grading.opening.Submitted"
    config.Autograde.sanitize_preprocessors = ["autograder.grading.autograde.Restore"]
    # Judge takes the place of Execute and SaveAutoGrades: what a submission prints never decides its grade.
    config.Autograde.autograde_preprocessors = [
        "autograder.grading.autograde.Judge",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    configure_pages(config)
    configure_penalties(config, course)


def configure_pages(config: Config) -> None:
    """Let what a student writes in a text cell stay text, in feedback and in formgrader."""
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.filters = {
        "clean_html": "autograder.grading.safe_html.clean_html",
        "markdown2html": "autograder.grading.safe_html.markdown2html",
    }
