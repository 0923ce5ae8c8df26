"""The command that takes what a platform gives: collect."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.grading.course import Course
from autograder.grading.output import printable

if TYPE_CHECKING:
    from autograder.grading.intake.attempts import Attempt
    from autograder.grading.intake.take import Intake


def collect(
    download: Annotated[
        list[Path], typer.Argument(metavar="FILE_OR_FOLDER...", help="What the platform let you download.")
    ],
    to: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder that is to hold a folder per student.", show_default="submitted"),
    ] = None,
    times: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="When work was handed in: Moodle's grading worksheet, or a CSV."),
    ] = None,
) -> None:
    """Put what Canvas, Moodle, GitHub Classroom or nbgrader's exchange gives where it is graded.

    Takes folders and zips: of a whole class, or one for each student. Says at the end what was taken, what had another
    name, what was left out and why, and who is missing.
    """
    from autograder.grading.intake.take import take
    from autograder.grading.intake.times import read_times

    course = Course.here()
    known = read_times(times, course.zone) if times else None
    for path in download:
        intake = take(path, to or course.submitted, course, known)
        _show(path, intake)


def _show(download: Path, intake: "Intake") -> None:
    counts = Counter(attempt.assignment for attempt in intake.taken)
    what = ", ".join(f"{count} of {name}" for name, count in sorted(counts.items())) or "nothing"
    _say(f"{download}: took {what}")
    if intake.unchanged:
        _say(f"  taken before: {len(intake.unchanged)}")
    _list("had another name", (_renamed(attempt) for attempt in intake.taken if attempt.renamed))
    _list("earlier or other copies, kept in attempts/", (str(attempt.path) for attempt in intake.earlier))
    _list("marked late by the platform, which does not say by how much", _late(intake.taken))
    _list("left out", (f"{path}: {why}" for path, why in intake.left_out))
    _list("not in the roster", intake.strangers)
    _list("differ by case only", (" and ".join(names) for names in intake.alike))
    for assignment, absent in intake.missing.items():
        _list(f"have not handed in {assignment}", absent)


def _renamed(attempt: "Attempt") -> str:
    return f"{attempt.path} -> {attempt.student}/{attempt.assignment}/{attempt.notebook}.ipynb"


def _late(attempts: "Iterable[Attempt]") -> Iterable[str]:
    return (f"{item.student}/{item.assignment}" for item in attempts if item.owner.late and item.time is None)


def _list(title: str, lines: Iterable[str]) -> None:
    found = list(lines)
    if found:
        _say(f"  {title} ({len(found)}):")
    for line in found:
        _say(f"    {line}")


def _say(text: str) -> None:
    typer.echo(printable(text))
