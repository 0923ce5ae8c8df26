"""What a student reads: every requirement, the known mistake an answer looks like, and what a person gave and wrote."""

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.checks import catalogue
from autograder.checks.exercise import Misconception
from autograder.checks.verdict import ExerciseVerdict
from autograder.grading.assignment import check_cell
from autograder.grading.output import Output
from autograder.grading.render import write_page
from autograder.grading.scores import CellScore, Score
from autograder.grading.verdicts import SubmissionVerdict
from autograder.kernels.sanitise import Note
from autograder.kernels.session import CellResult

MAX_OUTPUT = 2_000
"""Characters of a failed cell's output that are shown."""


@dataclass(frozen=True)
class Judged:
    """An exercise as a page shows it: its verdict, its cell in the gradebook, the known mistakes, what to read."""

    verdict: ExerciseVerdict
    cell: CellScore | None
    mistakes: list[Misconception]
    page: str | None


def write_feedback(
    output: Output,
    verdict: SubmissionVerdict,
    score: Score,
    cells: Sequence[CellResult],
    notes: Sequence[Note] = (),
) -> None:
    """Write a submission's page. It never shows an input, an expected value or the source of a check."""
    checks = {check_cell(exercise.name) for exercise in verdict.exercises}
    write_page(
        output.feedback(verdict),
        "feedback.html.j2",
        verdict=verdict,
        score=score,
        exercises=[_judged(verdict.assignment, exercise, score) for exercise in verdict.exercises],
        read=[cell for cell in score.cells if cell.name not in checks],
        failed=[cell for cell in cells if cell.status != "ok" and not _is_unwritten(cell)],
        notes=notes,
        max_output=MAX_OUTPUT,
        cause=_cause(verdict),
    )


def _judged(assignment: str, verdict: ExerciseVerdict, score: Score) -> Judged:
    """Put together what is known of an exercise; one that the course has dropped since has no page."""
    declared = catalogue.exercises(assignment) if assignment in catalogue.assignments() else ()
    exercise = next((item for item in declared if item.name == verdict.name), None)
    known = {item.name: item for item in exercise.misconceptions} if exercise else {}
    mistakes = [known[name] for name in verdict.misconceptions if name in known]
    page = None if verdict.passed or exercise is None else exercise.page
    return Judged(verdict, score.cell(check_cell(verdict.name)), mistakes, page)


def _is_unwritten(cell: CellResult) -> bool:
    return cell.message.startswith("NotImplementedError")


def _cause(verdict: SubmissionVerdict) -> str:
    """Return why nothing of a submission was asked, or an empty string."""
    return verdict.exercises[0].requirements[0].message if verdict.status in {"missing", "invalid"} else ""
