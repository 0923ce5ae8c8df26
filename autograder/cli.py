"""The command line: release, check, grade, regrade, report, export, doctor."""

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Column, Table

from autograder.checks import catalogue
from autograder.grading.errors import CourseError
from autograder.grading.output import Output, printable
from autograder.kernels.limits import MAX_SECONDS

if TYPE_CHECKING:
    from autograder.grading.run import Plan
    from autograder.grading.run import Progress as RunProgress

commands = typer.Typer(
    help="Checks and grades the notebooks of the course.",
    add_completion=False,
    rich_markup_mode=None,
)

Isolation = Literal["auto", "sandbox", "landlock", "process"]

Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for verdicts, gradebook, feedback and report.")]
Graded = Annotated[Path, typer.Argument(metavar="DIR", help="A folder that `autograder grade` has written.")]
Assignments = Annotated[
    list[str] | None, typer.Option("--assignment", metavar="A", help="Only this assignment; may be repeated.")
]
Gradebook = Annotated[
    str | None, typer.Option("--gradebook", metavar="URL", help="Database to write to instead of DIR/gradebook.db.")
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

INTERRUPTED = 130


@commands.command()
def grade(
    submitted: Annotated[Path, typer.Argument(metavar="SUBMITTED", help="Folder that holds a folder per student.")],
    assignment: Assignments = None,
    out: Out = Path("graded"),
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
    student: Annotated[list[str] | None, typer.Option(metavar="ID", help="Only this student; may be repeated.")] = None,
) -> None:
    """Grade a class into a gradebook, with feedback for every student and a report."""
    from autograder.grading.run import ClassRun, Plan
    from autograder.kernels.limits import Limits

    plan = Plan(
        submitted=submitted,
        out=out,
        assignments=assignment or (),
        students=student or (),
        workers=workers or os.cpu_count() or 1,
        scheduler=scheduler,
        gradebook=gradebook,
        isolation=isolation,
        limits=Limits(cell_seconds=timeout, memory_mb=memory),
        seed=seed,
        resume=resume,
    )
    with _progress("grading") as watch:
        progress = ClassRun(plan, lambda state: watch(state.done, state.total - state.kept)).run()
    _show_summary(progress, plan)
    if progress.interrupted:
        _stop(f"stopped after {progress.done} submissions: run the same command with --resume to go on", INTERRUPTED)


@commands.command()
def check(
    notebook: Annotated[
        Path, typer.Argument(metavar="NOTEBOOK", help="A notebook of the course, under its released name.")
    ],
    timeout: CellTimeout = 30.0,
    memory: Memory = 2048,
) -> None:
    """Check a whole notebook as the grader will; the exit code is 1 when something is not right yet."""
    from autograder.checks.notebook import Report
    from autograder.grading.single import check_notebook
    from autograder.kernels.limits import Limits

    graded = check_notebook(notebook, Limits(cell_seconds=timeout, memory_mb=memory))
    verdict = graded.verdict
    for exercise, judged in zip(catalogue.exercises(verdict.assignment), verdict.exercises, strict=True):
        typer.echo(str(Report(exercise, judged)))
    for note in graded.notes:
        typer.echo(f"  {note.text}")
    typer.echo(f"{verdict.assignment}: {verdict.points:g} of {verdict.max_points:g} points")
    if not all(exercise.passed for exercise in verdict.exercises):
        raise typer.Exit(1)


@commands.command()
def regrade(out: Graded, assignment: Assignments = None, gradebook: Gradebook = None) -> None:
    """Judge the stored answers again, after points or tolerances have changed."""
    from autograder.grading.regrade import regrade as judge_again

    with _progress("judging again") as watch:
        stale = judge_again(Output(out), assignment or (), gradebook, watch)
    if stale:
        _stop(
            f"{len(stale)} submissions were asked other questions: run them again with `autograder grade --resume`",
            1,
        )


@commands.command()
def report(out: Graded) -> None:
    """Write report.html and grades.csv again from the verdicts."""
    from autograder.grading.run import finish

    folder = _graded(out)
    with folder.locked():
        finish(folder, sorted(folder.read().values(), key=lambda verdict: verdict.key))
    typer.echo(f"report: {folder.report}")


@commands.command()
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

    verdicts = _graded(out).read()
    text = as_csv((verdicts[key] for key in sorted(verdicts)), platform)
    if to is None:
        typer.echo(text.encode(), nl=False)
    else:
        write_text(to, text)


@commands.command()
def release(
    assignment: Annotated[
        list[str] | None, typer.Argument(metavar="[ASSIGNMENT]...", help="Which; none means all.")
    ] = None,
    solutions: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the solutions.")] = Path("solutions"),
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the released notebooks.")] = Path("exercises"),
) -> None:
    """Make the released notebooks from the solutions."""
    from autograder.release import ReleaseError
    from autograder.release import release as make

    for name in assignment or catalogue.ASSIGNMENTS:
        try:
            typer.echo(make(name, solutions, out))
        except ReleaseError as error:
            raise CourseError(str(error)) from None


@commands.command()
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


def app() -> NoReturn:
    """Run the command line, or print what there is; a mistake is one clear line and exit code 2."""
    try:
        code = commands(sys.argv[1:] or ["--help"], standalone_mode=False)
    except CourseError as error:
        for line in error.said.splitlines():
            typer.echo(f"  | {printable(line)}", err=True)
        _stop(str(error), 2)
    except (KeyboardInterrupt, typer.Abort):
        _stop("stopped", INTERRUPTED)
    except typer.TyperException as error:
        _stop(error.format_message(), error.exit_code)
    except OSError as error:
        place = error.filename2 or error.filename or "the output"
        _stop(f"{place} cannot be used ({error.strerror or error}): mend that, or name another place", 2)
    sys.exit(code if isinstance(code, int) else 0)


def _stop(message: str, code: int) -> NoReturn:
    typer.echo(f"autograder: {' '.join(message.split())}", err=True)
    sys.exit(code)


def _graded(out: Path) -> Output:
    folder = Output(out)
    if not folder.verdicts.is_file():
        raise CourseError(f"{out} holds no verdicts: grade a class into it first")
    return folder


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far something is and when it will end, on a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _show_summary(progress: "RunProgress", plan: "Plan") -> None:
    assignment = Column("assignment", no_wrap=True)
    table = Table(assignment, "students", "mean", "of", "full marks", "causes", title="Class", title_justify="left")
    for name in sorted({verdict.assignment for verdict in progress.verdicts}, key=catalogue.ASSIGNMENTS.index):
        verdicts = [verdict for verdict in progress.verdicts if verdict.assignment == name]
        causes = Counter(verdict.status for verdict in verdicts if verdict.status != "graded")
        table.add_row(
            name,
            str(len(verdicts)),
            f"{sum(verdict.points for verdict in verdicts) / len(verdicts):.1f}",
            f"{verdicts[0].max_points:g}",
            str(sum(verdict.points == verdict.max_points for verdict in verdicts)),
            ", ".join(f"{count} {status}" for status, count in sorted(causes.items())) or "none",
        )
    console = Console(highlight=False)
    console.print(table)
    isolation = ", ".join(sorted({verdict.isolation for verdict in progress.verdicts} - {""})) or "nothing was run"
    kept = f", {progress.kept} kept from before" if progress.kept else ""
    console.print(
        f"{progress.done} graded in {progress.seconds:.1f} s{kept}. Isolation: {isolation}. Seed: {progress.seed}.",
        soft_wrap=True,
    )
    if progress.slowest[0]:
        seconds, exercise, student = progress.slowest
        console.print(f"Slowest: {exercise} of {escape(printable(student))}, {seconds:.1f} s.", soft_wrap=True)
    for student, name in progress.emptied:
        console.print(f"Blank, and not blank before: {name} of {escape(printable(student))}.", soft_wrap=True)
    if progress.faults:
        console.print(f"{len(progress.faults)} answers could not be judged; audit.jsonl says why.", soft_wrap=True)
    for remark in progress.remarks:
        console.print(escape(printable(remark)), soft_wrap=True)
    console.print(f"Report: {escape(str(plan.out / 'report.html'))}", soft_wrap=True)
