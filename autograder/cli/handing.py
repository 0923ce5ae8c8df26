"""Commands that hand grades back: export."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from autograder.cli.classes import graded
from autograder.cli.options import Assignments, Gradebook, Graded, Students


def export(
    out: Graded,
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
        Literal["blank", "zero"], typer.Option(help="What stands for work that was not handed in.")
    ] = "blank",
    allow_ungraded: Annotated[
        bool, typer.Option("--allow-ungraded", help="Write points so far where something waits for a person.")
    ] = False,
    gradebook: Gradebook = None,
) -> None:
    """Write the gradebook as a file that Canvas, Moodle or a spreadsheet reads."""
    from autograder.grading.exports import FORMATS, describe
    from autograder.grading.gradebook import opened, url_of
    from autograder.grading.verdicts import write_bytes

    exporter = FORMATS[platform](
        assignment=assignment or [],
        student=student or [],
        per_exercise=per_exercise,
        anonymous=anonymous,
        missing=missing,
        allow_ungraded=allow_ungraded,
    )
    with opened(url_of(graded(out), gradebook)) as book:
        data, waiting = exporter.render(book)
    if to is None:
        typer.echo(data, nl=False)
    else:
        write_bytes(to, data)
    if waiting:
        typer.echo(f"autograder: {describe(waiting)}: the file holds their points so far", err=True)
