"""What the command line shows: one line for a mistake, a bar while something runs, a table at its end."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Column, Table

from autograder.grading.course import Course
from autograder.grading.output import Output, counted, number, printable
from autograder.grading.scores import SAME

if TYPE_CHECKING:
    from autograder.checks.exercise import Exercise
    from autograder.checks.trial import Trial
    from autograder.grading.comparison import Comparison
    from autograder.grading.difference import Difference
    from autograder.grading.run import ClassProgress

MAX_LINES = 20
"""How many submissions are listed before the rest is left to a file."""
INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""


def stop(message: str, code: int) -> NoReturn:
    """End the program with one line on stderr."""
    typer.echo(f"autograder: {' '.join(message.split())}", err=True)
    sys.exit(code)


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
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


def show_summary(progress: "ClassProgress", output: Output, course: Course) -> None:
    """Print a line for each assignment that was graded, and what is to be known about the run."""
    console = Console(highlight=False)
    console.print(_class_table(progress, course))
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
        console.print(
            f"Answers that could not be judged: {len(progress.faults)}; audit.jsonl says why.", soft_wrap=True
        )
    for remark in progress.remarks:
        console.print(escape(printable(remark)), soft_wrap=True)
    if progress.differences:
        show_differences(progress.differences, output.changes)
    if progress.waiting:
        console.print(f"{escape(printable(progress.waiting))}: see `autograder formgrader`.", soft_wrap=True)
    console.print(f"Report: {escape(str(output.report))}", soft_wrap=True)


def _class_table(progress: "ClassProgress", course: Course) -> Table:
    """Return a line for each assignment, with points as the gradebook has them: a person's, and penalties, too."""
    assignment = Column("assignment", no_wrap=True)
    table = Table(assignment, "students", "mean", "of", "full marks", "causes", title="Class", title_justify="left")
    for name in sorted({verdict.assignment for verdict in progress.verdicts}, key=course.place):
        verdicts = [verdict for verdict in progress.verdicts if verdict.assignment == name]
        worth = [progress.scores.get(verdict.key, verdict) for verdict in verdicts]
        causes = Counter(verdict.status for verdict in verdicts if verdict.status != "graded")
        table.add_row(
            name,
            str(len(verdicts)),
            f"{sum(item.points for item in worth) / len(worth):.1f}",
            number(max(item.max_points for item in worth)),
            str(sum(item.points > item.max_points - SAME for item in worth)),
            ", ".join(f"{count} {status}" for status, count in sorted(causes.items())) or "none",
        )
    return table


def show_differences(found: "Sequence[Difference]", table: Path) -> None:
    """Say whose points have changed, from what to what, and where all of them are listed."""
    if not found:
        typer.echo("nobody's points have changed")
        return
    have = "has" if len(found) == 1 else "have"
    typer.echo(f"{counted(len(found), 'submission')} {have} other points than before, all in {table}:")
    for item in found[:MAX_LINES]:
        typer.echo(f"  {printable(str(item))}")
    if len(found) > MAX_LINES:
        typer.echo(f"  and {len(found) - MAX_LINES} more")
    again = sum(any(cell.waits for cell in item.cells) for item in found)
    if again:
        typer.echo(f"points that a person gave wait for another look in {again}: see formgrader")


def show_trials(exercise: "Exercise", tried: "Sequence[Trial]", fault: str) -> None:
    """Print a line for each answer that an exercise declares: how it was judged, and whether that is as declared."""
    from autograder.checks.trial import untried

    table = Table(
        Column("answer", ratio=2), "declared", "judged", "points", Column("fails", ratio=2), "named", expand=True
    )
    table.title, table.title_justify = f"{exercise.name}, {counted(exercise.points, 'point')}", "left"
    for trial in tried:
        points = dict.fromkeys(map(number, (min(trial.points), max(trial.points)))) if trial.points else ()
        judged = trial.judged if trial.is_as_declared else f"! {trial.judged}"
        failed = trial.fault or "\n".join(sorted(trial.failed))
        name = ("yes" if trial.is_named else "no") if trial.kind == "wrong" and not trial.fault else ""
        table.add_row(escape(trial.name), trial.kind, judged, " to ".join(points), escape(failed), name)
    Console(highlight=False).print(table)
    for key in untried(exercise, tried):
        typer.echo(f"no wrong answer fails the requirement {key}")
    if fault:
        typer.echo(f"no mistake is named, because measuring answers fails: {printable(fault)}")
    astray = sum(not trial.is_as_declared for trial in tried)
    typer.echo(f"{exercise.name}: {astray} of {len(tried)} judged otherwise than declared")


def show_comparison(lines: "Sequence[Comparison]") -> None:
    """Print two classes side by side, what is more than chance with a mark."""
    columns = ("exercise", "what", "before", "after", "")
    for assignment in dict.fromkeys(line.assignment for line in lines):
        table = Table(*columns, title=assignment, title_justify="left")
        for line in lines:
            if line.assignment == assignment:
                mark = "clear" if line.is_clear else ""
                table.add_row(line.exercise, escape(line.what), str(line.before), str(line.after), mark)
        Console(highlight=False).print(table)
    typer.echo("clear: more than two standard errors apart, which one of twenty differences is by chance alone")
