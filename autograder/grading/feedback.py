"""What a student reads: every requirement, the known mistake an answer looks like, and what became of the cells."""

from collections.abc import Sequence

from autograder.checks import catalogue
from autograder.grading.output import Output
from autograder.grading.render import write_page
from autograder.grading.verdicts import SubmissionVerdict
from autograder.kernels.sanitise import Note
from autograder.kernels.session import CellResult

MAX_OUTPUT = 2_000
"""Characters of a failed cell's output that are shown."""


def write_feedback(
    output: Output, verdict: SubmissionVerdict, cells: Sequence[CellResult], notes: Sequence[Note] = ()
) -> None:
    """Write a submission's page. It never shows an input, an expected value or the source of a check."""
    exercises = catalogue.exercises(verdict.assignment)
    failed = [cell for cell in cells if cell.status != "ok" and not _is_unwritten(cell)]
    write_page(
        output.feedback(verdict),
        "feedback.html.j2",
        verdict=verdict,
        judged=list(zip(exercises, verdict.exercises, strict=True)),
        failed=failed,
        notes=notes,
        max_output=MAX_OUTPUT,
        cause=_cause(verdict),
    )


def _is_unwritten(cell: CellResult) -> bool:
    return cell.message.startswith("NotImplementedError")


def _cause(verdict: SubmissionVerdict) -> str:
    """Return why nothing of a submission was asked, or an empty string."""
    return verdict.exercises[0].requirements[0].message if verdict.status in {"missing", "invalid"} else ""
