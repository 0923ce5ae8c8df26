"""Commands about dates and grades once a class is graded: extend, feedback, export."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer

from autograder.cli.options import Assignments, Gradebook, Graded, Out, Students, graded, output_folder
from autograder.cli.terminal import stop
from autograder.grading.course import Course
from autograder.grading.output import Output, counted, number, printable
from autograder.grading.scores import NAMED, describe

SENDERS = {"canvas": "Canvas", "moodle": "Moodle", "nbgrader": "nbgrader's exchange"}
"""What the platforms are called, by the formats of the feedback for them."""


def extend(
    student: Annotated[str, typer.Argument(metavar="STUDENT", help="Who gets more time.")],
    assignment: Annotated[str, typer.Argument(metavar="ASSIGNMENT", help="For what.")],
    days: Annotated[float, typer.Option(metavar="N", min=0, help="Days more than everybody has.")] = 0.0,
    hours: Annotated[float, typer.Option(metavar="N", min=0, help="Hours more, besides the days.")] = 0.0,
    out: Out = None,
    gradebook: Gradebook = None,
) -> None:
    """Give a student more time, in place of any extension before; no time takes it back."""
    from autograder.grading.gradebook import ClassGradebook, url_of

    course = Course.here()
    with ClassGradebook(url_of(Output(output_folder(out, course)), course, gradebook), [], course) as book:
        before, after = book.extend(student, assignment, timedelta(days=days, hours=hours))
    due = f"{after.due:%Y-%m-%d %H:%M:%S} UTC" if after.due else "at any time: it has no date"
    typer.echo(f"{printable(student)}: {assignment} is due {due}")
    if before.penalty != after.penalty:
        typer.echo(
            f"penalty: {number(before.penalty)} -> {counted(after.penalty, 'point')}; `autograder report` says so"
        )


def feedback(
    out: Graded = None,
    platform: Annotated[
        Literal["canvas", "moodle", "nbgrader"], typer.Option("--format", help="Who is to return the pages.")
    ] = "canvas",
    to: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the zips, or nbgrader's own.", show_default="feedback"),
    ] = None,
    assignment: Assignments = None,
    gradebook: Gradebook = None,
) -> None:
    """Pack the feedback as Canvas, Moodle or nbgrader's exchange returns it, with what people wrote."""
    from autograder.grading.packing import pack_folders, pack_zips
    from autograder.grading.regrade import refresh

    course = Course.here()
    folder = graded(out, course)
    with folder.locked():
        refresh(folder, gradebook, course)
    to = to or course.root / "feedback"
    if platform == "nbgrader":
        packed = pack_folders(folder, course.submitted, to, assignment or ())
    else:
        packed = pack_zips(folder, course.submitted, platform, to, assignment or ())
    if packed.left_out:
        names = ", ".join(packed.left_out[:NAMED]) + (" ..." if len(packed.left_out) > NAMED else "")
        typer.echo(
            f"autograder: {len(packed.left_out)} did not come from {SENDERS[platform]} ({printable(names)})", err=True
        )
    if not packed.files:
        pages = folder.folder / "feedback"
        stop(f"no page to pack: name what the work came from with --format, or send the pages in {pages} yourself", 1)
    if platform == "nbgrader":
        typer.echo(f"{counted(len(packed.files), 'page')} in {to}: returned by `nbgrader release_feedback ASSIGNMENT`")
    else:
        typer.echo("\n".join(map(str, packed.files)))


def export(
    out: Graded = None,
    platform: Annotated[
        Literal["canvas", "moodle", "csv"], typer.Option("--format", help="Who is to read the file.")
    ] = "canvas",
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File to write.", show_default="standard output")
    ] = None,
    assignment: Assignments = None,
    student: Students = None,
    per_exercise: Annotated[
        bool, typer.Option("--per-exercise", help="Write the points of every exercise as well.")
    ] = False,
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="Write numbers in place of people, drawn anew for each file.")
    ] = False,
    missing: Annotated[
        Literal["blank", "zero"] | None,
        typer.Option(help="What stands for work that was not handed in and is due.", show_default="blank"),
    ] = None,
    allow_ungraded: Annotated[
        bool, typer.Option("--allow-ungraded", help="Write points so far where something waits for a person.")
    ] = False,
    gradebook: Gradebook = None,
) -> None:
    """Write the gradebook as a file that Canvas, Moodle or a spreadsheet reads."""
    from autograder.grading.exports import FORMATS
    from autograder.grading.gradebook import existing_url, opened
    from autograder.grading.verdicts import write_bytes

    course = Course.here()
    folder = graded(out, course)
    exporter = FORMATS[platform](
        course=course,
        assignment=assignment or [],
        student=student or [],
        per_exercise=per_exercise,
        anonymous=anonymous,
        **({"missing": missing} if missing else {}),
        allow_ungraded=allow_ungraded,
    )
    with opened(existing_url(folder, course, gradebook)) as book:
        data, waiting = exporter.render(book)
    if to is None:
        typer.echo(data, nl=False)
    else:
        write_bytes(to, data)
    if waiting:
        typer.echo(f"autograder: {describe(waiting)}: the file holds their points so far", err=True)
