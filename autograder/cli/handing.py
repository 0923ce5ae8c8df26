"""Commands that hand grades back: export."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from autograder.cli.classes import graded
from autograder.cli.options import Graded


def export(
    out: Graded,
    platform: Annotated[
        Literal["canvas", "moodle"],
        typer.Option("--format", help="The platform that is to import the grades."),
    ] = "canvas",
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File to write.", show_default="standard output")
    ] = None,
) -> None:
    """Write the grades as a file that a learning platform imports."""
    from autograder.grading.export import export as as_csv
    from autograder.grading.verdicts import write_text

    verdicts = graded(out).read()
    text = as_csv((verdicts[key] for key in sorted(verdicts)), platform)
    if to is None:
        typer.echo(text.encode(), nl=False)
    else:
        write_text(to, text)
