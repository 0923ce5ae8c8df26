"""Commands that grade a class or a notebook: grade, check, regrade, report."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from autograder.checks import catalogue
from autograder.cli.options import (
    Assignments,
    CellTimeout,
    Exercises,
    Gradebook,
    Graded,
    Memory,
    Out,
    Students,
    graded,
    output_folder,
)
from autograder.cli.terminal import INTERRUPTED, progress_bar, show_differences, show_summary, stop
from autograder.grading.course import Course
from autograder.grading.errors import CourseError, NothingHandedIn
from autograder.grading.output import Output, counted

if TYPE_CHECKING:
    from autograder.grading.run import Plan

Isolation = Literal["auto", "sandbox", "landlock", "process"]


def grade(
    submitted: Annotated[
        Path | None,
        typer.Argument(
            metavar="[SUBMITTED]",
            help="Folder that holds a folder per student.",
            show_default="submitted, in the folder of a course",
        ),
    ] = None,
    assignment: Assignments = None,
    out: Out = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Worker processes.", show_default="one per core")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="A Dask scheduler to send the work to, such as tcp://host:8786."),
    ] = None,
    gradebook: Gradebook = None,
    isolation: Annotated[
        Isolation, typer.Option(help="How code is confined; auto takes sandbox or landlock.")
    ] = "auto",
    timeout: CellTimeout = 30.0,
    memory: Memory = 2048,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=0, help="Decides the hidden inputs.", show_default="that of DIR or the gradebook"
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Skip submissions whose file, assignment and seed are unchanged.")
    ] = False,
    student: Students = None,
) -> None:
    """Grade a class into a gradebook, with feedback for every student and a report."""
    from autograder.grading.run import Plan
    from autograder.grading.stock import lack_of_leave, unjudged
    from autograder.kernels.limits import Limits

    course = Course.here()
    if submitted is None and not course.exists:
        raise CourseError("SUBMITTED is needed: name the folder that holds a folder per student")
    named = set(assignment or ())
    allowed, refused = unjudged(course, submitted or course.submitted, named)
    plan = Plan(
        submitted=submitted or course.submitted,
        out=output_folder(out, course),
        assignments=[name for name in assignment or () if name not in allowed],
        students=student or (),
        workers=workers or os.cpu_count() or 1,
        scheduler=scheduler,
        gradebook=gradebook,
        isolation=isolation,
        limits=Limits(cell_seconds=timeout, memory_mb=memory),
        seed=seed,
        resume=resume,
        course=course,
    )
    if not named or plan.assignments:
        _grade(plan, bool(allowed))
    if allowed:
        _grade_unjudged(plan, allowed)
    for name in refused:
        typer.echo(f"autograder: left out: {lack_of_leave(name)}", err=True)


def _grade(plan: "Plan", others: bool) -> None:
    """Grade what has judges; there need not be any where there are other assignments."""
    from autograder.grading.run import ClassRun

    try:
        with progress_bar("grading") as watch:
            progress = ClassRun(plan, lambda state: watch(state.done, state.total - state.kept)).run()
    except NothingHandedIn:
        if not others:
            raise
        return
    show_summary(progress, Output(plan.out), plan.course)
    if progress.interrupted:
        stop(
            f"stopped after {counted(progress.done, 'submission')}: run the same command with --resume to go on",
            INTERRUPTED,
        )


def _grade_unjudged(plan: "Plan", names: list[str]) -> None:
    """Have nbgrader grade what has no judges, and say so."""
    from autograder.grading.gradebook import url_of
    from autograder.grading.regrade import refresh
    from autograder.grading.stock import grade_unjudged

    output = Output(plan.out)
    output.create()
    url = url_of(output, plan.course, plan.gradebook)
    faults = grade_unjudged(plan.course, names, url)
    refresh(output, url, plan.course)
    typer.echo(f"{', '.join(names)}: graded by nbgrader, by the tests in the notebooks, and run unconfined")
    if faults:
        stop("; ".join(faults), 1)


def check(
    notebook: Annotated[
        Path, typer.Argument(metavar="NOTEBOOK", help="A notebook of the course, under its released name.")
    ],
    timeout: CellTimeout = 30.0,
    memory: Memory = 2048,
) -> None:
    """Check a whole notebook as the grader will; the exit code is 1 when it has not all points yet."""
    from autograder.checks.notebook import CheckResult
    from autograder.grading.single import check_notebook
    from autograder.kernels.limits import Limits

    checked = check_notebook(notebook, Limits(cell_seconds=timeout, memory_mb=memory))
    verdict = checked.verdict
    for exercise, judged in zip(catalogue.exercises(verdict.assignment), verdict.exercises, strict=True):
        typer.echo(str(CheckResult(exercise, judged)))
    for note in checked.notes:
        typer.echo(f"  {note.text}")
    typer.echo(f"{verdict.assignment}: {verdict.points:g} of {verdict.max_points:g} points")
    if Course.here().changes:
        typer.echo("Points are as course.toml has changed them.")
    if verdict.points < verdict.max_points:
        raise typer.Exit(1)


def regrade(
    out: Graded = None,
    assignment: Assignments = None,
    student: Students = None,
    exercise: Exercises = None,
    gradebook: Gradebook = None,
) -> None:
    """Judge the stored answers again, after points or tolerances have changed, and say who has other points now.

    What `course.toml` changes holds for everybody, whoever is judged again.
    """
    from autograder.grading.regrade import Wanted
    from autograder.grading.regrade import regrade as judge_again

    course = Course.here()
    folder = graded(out, course)
    wanted = Wanted(assignment or (), student or (), exercise or ())
    with progress_bar("judging again") as watch:
        done = judge_again(folder, wanted, gradebook, watch, course)
    show_differences(done.differences, folder.changes)
    if done.unknown:
        typer.echo(f"left alone, for there are no judges of it any more: {', '.join(done.unknown)}")
    if done.stale:
        were = f"{counted(len(done.stale), 'submission')} {'was' if len(done.stale) == 1 else 'were'}"
        stop(f"{were} asked other questions: `autograder grade --resume` asks again", 1)


def report(out: Graded = None, gradebook: Gradebook = None) -> None:
    """Write report.html, grades.csv and the feedback again, with what people have graded since."""
    from autograder.grading.regrade import refresh

    course = Course.here()
    folder = graded(out, course)
    with folder.locked():
        refresh(folder, gradebook, course)
    typer.echo(f"report: {folder.report}")
