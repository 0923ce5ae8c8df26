"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from autograder.grading.course import Course
from autograder.grading.errors import CourseError
from autograder.grading.output import Output
from autograder.kernels.limits import MAX_SECONDS

Out = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="DIR", help="Folder for verdicts, gradebook, feedback and report.", show_default="graded"
    ),
]
Graded = Annotated[
    Path | None,
    typer.Argument(metavar="[DIR]", help="A folder that `autograder grade` has written.", show_default="graded"),
]
Assignments = Annotated[
    list[str] | None, typer.Option("--assignment", metavar="A", help="Only this assignment; may be repeated.")
]
Students = Annotated[
    list[str] | None, typer.Option("--student", metavar="ID", help="Only this student; may be repeated.")
]
Exercises = Annotated[
    list[str] | None, typer.Option("--exercise", metavar="E", help="Only this exercise; may be repeated.")
]
Gradebook = Annotated[
    str | None, typer.Option("--gradebook", metavar="URL", help="Database to use instead of DIR/gradebook.db.")
]
CellTimeout = Annotated[
    float,
    typer.Option(
        metavar="S",
        min=0.1,
        max=MAX_SECONDS,
        help="Seconds of a processor for one cell or one question, and four times that by the clock.",
    ),
]
Memory = Annotated[
    int, typer.Option(metavar="MB", min=64, help="Resident memory of all processes of a submission together.")
]


def output_folder(out: Path | None, course: Course) -> Path:
    """Return the folder that is named, or where a course keeps its graded class."""
    return out or (course.graded if course.exists else Path("graded"))


def graded(out: Path | None, course: Course) -> Output:
    """Return the folder of a graded class; raise CourseError when it is none."""
    folder = Output(output_folder(out, course))
    if not folder.verdicts.is_file():
        raise CourseError(f"{folder.folder} holds no verdicts: grade a class into it first")
    return folder
