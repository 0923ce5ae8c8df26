"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from autograder.kernels.limits import MAX_SECONDS

Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for verdicts, gradebook, feedback and report.")]
Graded = Annotated[Path, typer.Argument(metavar="DIR", help="A folder that `autograder grade` has written.")]
Assignments = Annotated[
    list[str] | None, typer.Option("--assignment", metavar="A", help="Only this assignment; may be repeated.")
]
Students = Annotated[
    list[str] | None, typer.Option("--student", metavar="ID", help="Only this student; may be repeated.")
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
