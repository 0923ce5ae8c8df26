"""Commands about the course and the machine: init, try, release, doctor."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from autograder.checks import catalogue
from autograder.cli.options import Assignments, Exercises
from autograder.grading.course import Course
from autograder.grading.errors import CourseError


def init(
    folder: Annotated[Path, typer.Argument(metavar="COURSE", help="Folder of the course; made if it is not there.")],
    assignment: Assignments = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--id", metavar="NAME", help="What nbgrader calls it.", show_default="its name so far, or the folder's"
        ),
    ] = None,
) -> None:
    """Make a course: its settings, its roster, what is handed out, and what nbgrader needs."""
    from autograder.grading.starting import start

    for path in start(folder, name, assignment or ()):
        typer.echo(path)
    typer.echo(f"Fill in {folder / 'course.toml'} and {folder / 'roster.csv'}, and hand out {folder / 'release'}.")


def try_(
    assignment: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ASSIGNMENT]...", help="Which; none means those that are the course's own."),
    ] = None,
    exercise: Exercises = None,
    runs: Annotated[int, typer.Option(metavar="N", min=1, help="How often each answer is judged.")] = 5,
) -> None:
    """Judge the answers that exercises declare, in this process: right ones must pass, and mistakes must not.

    The exit code is 1 when one of them does otherwise.
    """
    from autograder.checks.trial import naming_fault, trials
    from autograder.cli.terminal import show_trials

    course = Course.here()
    names = assignment or course.own
    if unknown := set(names) - {*catalogue.assignments()}:
        raise CourseError(f"there is no assignment {min(unknown)!r}: choose from {', '.join(catalogue.assignments())}")
    declared = [item for name in names for item in catalogue.exercises(name) if item.name in (exercise or [item.name])]
    if not declared:
        raise CourseError("nothing to try: name an assignment, or declare one in the folder checks/ of a course")
    failed = False
    for item in declared:
        tried, fault = list(trials(item, runs)), naming_fault(item)
        show_trials(item, tried, fault)
        failed |= bool(fault) or not all(trial.is_as_declared for trial in tried)
    if failed:
        raise typer.Exit(1)


def release(
    assignment: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ASSIGNMENT]...", help="Which; none means all, in a course those of its own."),
    ] = None,
    solutions: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the solutions.", show_default="solutions")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder for the released notebooks.", show_default="release in a course, else exercises"
        ),
    ] = None,
) -> None:
    """Make the released notebooks from the solutions, and say what that changes for whom."""
    from autograder.grading.output import Output
    from autograder.grading.reissue import changed, next_step
    from autograder.grading.sources import renew_source
    from autograder.release import Published
    from autograder.release import release as make

    course = Course.here()
    graded = Counter(name for _, name in Output(course.graded).read())
    solutions = solutions or course.solutions
    folder = out or (course.root / course.release if course.exists else Path("exercises"))
    for name in assignment or course.own or catalogue.ASSIGNMENTS:
        path = folder / name / f"{name}.ipynb"
        before = path.read_bytes() if path.is_file() else None
        typer.echo(make(name, solutions, folder, Published(course.checks, course.book)))
        if course.exists and out is None:
            renew_source(course, name, before)
        lines = changed(before, path.read_bytes())
        for line in filter(None, (*lines, next_step(graded[name], lines))):
            typer.echo(f"  {line}")
        if name not in course.names:
            typer.echo(f'  not graded yet: add an [[assignment]] with name = "{name}" to course.toml')


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
