"""Commands about the course and the machine: init, release, doctor."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from autograder.checks import catalogue
from autograder.cli.options import Assignments
from autograder.grading.errors import CourseError


def init(
    folder: Annotated[Path, typer.Argument(metavar="COURSE", help="Folder of the course; made if it is not there.")],
    assignment: Assignments = None,
    name: Annotated[
        str | None,
        typer.Option("--id", metavar="NAME", help="What nbgrader calls it.", show_default="the folder's name"),
    ] = None,
) -> None:
    """Make a course: its settings, its roster, what is handed out, and what nbgrader needs."""
    from autograder.grading.starting import start

    for path in start(folder, name or folder.resolve().name, assignment or ()):
        typer.echo(path)
    typer.echo(f"Fill in {folder / 'course.toml'} and {folder / 'roster.csv'}, and hand out {folder / 'release'}.")


def release(
    assignment: Annotated[
        list[str] | None, typer.Argument(metavar="[ASSIGNMENT]...", help="Which; none means all.")
    ] = None,
    solutions: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the solutions.")] = Path("solutions"),
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the released notebooks.")] = Path("exercises"),
) -> None:
    """Make the released notebooks from the solutions, and say what that changes for whom."""
    from autograder.grading.course import Course
    from autograder.grading.output import Output
    from autograder.grading.reissue import changed, next_step
    from autograder.release import ReleaseError
    from autograder.release import release as make

    graded = Counter(name for _, name in Output(Course.here().graded).read())
    for name in assignment or catalogue.ASSIGNMENTS:
        path = out / name / f"{name}.ipynb"
        before = path.read_bytes() if path.is_file() else None
        try:
            typer.echo(make(name, solutions, out))
        except ReleaseError as error:
            raise CourseError(str(error)) from None
        lines = changed(before, path.read_bytes())
        for line in filter(None, (*lines, next_step(graded[name], lines))):
            typer.echo(f"  {line}")


def doctor() -> None:
    """Say what keeps submissions in here, and look from within for what they must not see."""
    from autograder.grading.reach import checkout, exchange
    from autograder.kernels.doctor import CONFINED, available, best_confined, bounds, levels
    from autograder.kernels.planted import places, search

    default = best_confined()
    for level in levels():
        mark = "used by default" if level.name == default else "available" if level.available else "not available"
        typer.echo(f"{level.name:9} {mark:15} {level.reason}")
    for what, how in bounds().items():
        typer.echo(f"{what:9} {how}")
    searches = [search(name, [*places(), checkout(), exchange()]) for name in available(CONFINED)]
    for found in searches:
        typer.echo(f"files     {found}")
    if any(found.seen for found in searches):
        raise typer.Exit(1)
