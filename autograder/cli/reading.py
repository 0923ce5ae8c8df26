"""Commands with which a person looks into a class: formgrader, explain, similar, compare."""

import signal
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.options import Assignments, Gradebook, Graded, Out, graded
from autograder.cli.terminal import MAX_LINES, show_comparison
from autograder.grading.course import Course
from autograder.grading.output import number, printable


def formgrader(
    out: Graded = None,
    port: Annotated[int, typer.Option(metavar="N", min=1, max=65535, help="Port of the server.")] = 8888,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
    allow_root: Annotated[bool, typer.Option("--allow-root", help="Let root start the server.")] = False,
    gradebook: Gradebook = None,
) -> None:
    """Grade by hand in a browser, with nbgrader's formgrader; Ctrl-C ends it."""
    from autograder.grading.formgrader import serve

    course = Course.here()
    settings = {"port": port, "open_browser": browser, "allow_root": allow_root, "answer_yes": True}
    options = [f"--ServerApp.{name}={value}" for name, value in settings.items()]
    raise typer.Exit(serve(graded(out, course), course, gradebook, options, _run))


def explain(
    student: Annotated[str, typer.Argument(metavar="STUDENT", help="Whose submission.")],
    assignment: Annotated[str, typer.Argument(metavar="ASSIGNMENT", help="Of what.")],
    exercise: Annotated[str | None, typer.Argument(metavar="[EXERCISE]", help="Only this exercise.")] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Run it again on other inputs, which a student may be shown.")
    ] = False,
    submitted: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where --fresh finds the notebook.", show_default="submitted")
    ] = None,
    out: Out = None,
) -> None:
    """Say why points were lost: the input, the answer and the reference's, for each failed requirement.

    What was stored when the class was graded is never to be shown to students: other classes are asked the same way,
    and an answer to it would be known. `--fresh` draws inputs that may be shown.
    """
    from autograder.grading.appeal import reasons

    course = Course.here()
    folder = graded(out, course)
    found = reasons(folder, course, (student, assignment), exercise, (submitted or course.submitted) if fresh else None)
    typer.echo(f"{printable(student)}, {assignment}: seed {found.seed}, isolation {found.isolation or 'none'}")
    for name, given in found.exercises.items():
        typer.echo(f"{name}: {given or 'every requirement holds'}")
        for reason in found.reasons.get(name, ()):
            item = reason.requirement
            typer.echo(f"  NO  {number(item.points)} / {number(item.max_points)}  {item.name}")
            typer.echo(printable_lines(f"      {item.message}"))
            if reason.question is not None:
                for title, text in (
                    ("asked", reason.asked),
                    ("answered", reason.answer),
                    ("reference", reason.reference),
                ):
                    typer.echo(printable_lines(f"      {title:9} {text}"))


def similar(
    out: Graded = None,
    assignment: Assignments = None,
    least: Annotated[
        float, typer.Option(metavar="SHARE", min=0.5, max=1.0, help="What two answers must have in common.")
    ] = 0.9,
) -> None:
    """Look for answers that are alike, among classmates and beside the public ones: a hint, to be read by a person."""
    from autograder.grading.likeness import look_for_likeness

    course = Course.here()
    folder = graded(out, course)
    found = look_for_likeness(folder, course, assignment or (), least)
    for pair in found[:MAX_LINES]:
        people = f"{printable(pair.one.owner)} and {printable(pair.other.owner)}"
        typer.echo(f"{pair.share:4.0%}  {pair.one.exercise}: {people}")
    if len(found) > MAX_LINES:
        typer.echo(f"and {len(found) - MAX_LINES} more")
    typer.echo(f"{len(found)} alike, a hint and no finding; side by side: {folder.alike}")


def compare(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="A folder that `autograder grade` has written.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="Another one, of a later class.")],
) -> None:
    """Compare two graded classes: what was handed in, each requirement, each mistake, and what is more than chance."""
    from autograder.grading.comparison import compare as side_by_side

    course = Course.here()
    show_comparison(side_by_side(graded(before, course), graded(after, course)))


def printable_lines(text: str) -> str:
    """Return lines of text without control characters, each line behind the first one indented as far."""
    indent = " " * (len(text) - len(text.lstrip()))
    first, *rest = text.splitlines() or [""]
    return "\n".join(map(printable, [first, *(f"{indent}{'':9} {line}" for line in rest)]))


def _run(command: list[str], environment: dict[str, str], folder: Path) -> int:
    """Run a server until it ends, and end it with this process."""
    server = subprocess.Popen(command, env=environment, cwd=folder)  # noqa: S603 (our own command)
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    try:
        return server.wait()
    except KeyboardInterrupt:
        return server.wait()
