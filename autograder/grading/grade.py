"""One submission: its cells are run, every exercise is asked and judged."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from autograder.checks.ask import Status
from autograder.checks.judge import unjudged
from autograder.checks.verdict import ExerciseVerdict
from autograder.grading.answers import Recorder
from autograder.grading.apart import sit_apart
from autograder.grading.assignment import Assignment
from autograder.grading.collect import Submission
from autograder.grading.memory import bounded
from autograder.grading.recognize import require_assignment
from autograder.grading.rewritten import texts
from autograder.grading.sitting import Sitting
from autograder.grading.verdicts import SubmissionVerdict
from autograder.kernels.limits import Limits
from autograder.kernels.needed import needed
from autograder.kernels.notebook import NotebookCell, Unreadable, read_notebook
from autograder.kernels.rebound import rebound
from autograder.kernels.sanitise import Note, answered, is_blank, notes, restore, steps
from autograder.kernels.session import Cell, CellResult, Session
from autograder.kernels.worker import Worker

BLANK = "Nothing is written in this notebook."


@dataclass(frozen=True)
class Task:
    """A submission and all that is needed to grade it anywhere."""

    submission: Submission
    assignment: Assignment
    version: str
    seed: int
    limits: Limits = field(default_factory=Limits)
    isolation: str = "auto"

    @property
    def key(self) -> tuple[str, str]:
        return self.submission.student, self.submission.assignment


@dataclass(frozen=True)
class Graded:
    """A verdict with what it rests on.

    `record` holds the answers (empty when nothing was asked), `questions` the seconds that each exercise took,
    `written` the manually graded cells in which the student wrote something, `restored` all cells as they were taken,
    `texts` a hash of each answer, `notes` what the student is told of how the cells were taken, `is_blank` whether
    nothing was written, `faults` what went wrong in the grader, `watched` what no cgroup bounded, `left` files that may
    be the submission's and were left alone.
    """

    verdict: SubmissionVerdict
    version: str
    cells: Sequence[CellResult] = ()
    record: bytes = b""
    questions: tuple[tuple[str, float], ...] = ()
    written: frozenset[str] = frozenset()
    restored: tuple[NotebookCell, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    is_blank: bool = False
    faults: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def is_late(self) -> bool:
        """Tell whether points are missing and something took too long, so that they may be missing for that."""
        statuses = {exercise.status for exercise in self.verdict.exercises} | {cell.status for cell in self.cells}
        return "timeout" in statuses and self.verdict.points < self.verdict.max_points

    def alone(self) -> "Graded":
        """Return the same as the outcome of a second run, with nothing beside it."""
        return replace(self, verdict=replace(self.verdict, alone=True))


def grade(task: Task, worker: Worker) -> Graded:
    """Run and judge one submission; whatever is in it, the outcome is a verdict."""
    started = time.perf_counter()
    submission, assignment = task.submission, task.assignment
    if submission.status != "graded":
        return without_answers(task, submission.status, submission.cause, worker.isolation)
    try:
        submitted = read_notebook(submission.notebook)
        require_assignment(assignment.name, submitted)
    except Unreadable as unreadable:
        return without_answers(task, "invalid", str(unreadable), worker.isolation)
    cells = needed(steps(assignment.cells, submitted), assignment.cells)
    with bounded(), worker.session(task.limits) as session:
        recorder = Recorder(session)
        seed = submission_seed(task.seed, assignment.name)
        sitting = Sitting(assignment.exercises, recorder, seed)
        results = sit(cells, session, recorder, sitting)
    with bounded():
        sit_apart(cells, assignment, worker, task.limits, recorder, sitting)
    restored = restore(assignment.cells, submitted)
    blank = is_blank(assignment.cells, submitted)
    told = [Note("", BLANK)] if blank else notes(assignment.cells, submitted)
    for exercise in sitting.verdicts:
        if not exercise.passed:
            told += rebound(cells, exercise.name, exercise.name in sitting.late)
    seconds = round(time.perf_counter() - started, 3)
    return Graded(
        verdict=verdict(task, sitting.verdicts, worker.isolation, seconds),
        version=task.version,
        cells=results,
        record=recorder.record(told),
        questions=tuple(sitting.seconds.items()),
        written=frozenset(answered(assignment.cells, submitted)),
        restored=tuple(restored),
        texts=texts(restored),
        notes=tuple(told),
        is_blank=blank,
        faults=tuple(sitting.faults),
        watched=worker.watched,
        left=tuple(session.left_behind),
    )


def sit(cells: Sequence[Cell], session: Session, recorder: Recorder, sitting: Sitting) -> list[CellResult]:
    """Run cells in order and judge each exercise where its check stands, and once more where none found an answer."""
    results = []
    for cell in cells:
        if not cell.is_check:
            results += session.run([cell])
            recorder.ran(results[-1])
            sitting.ran(results[-1])
        elif not sitting.is_settled(cell.part):
            recorder.judges(cell.part)
            sitting.judge(cell.part)
    sitting.late = [exercise for exercise in sitting.exercises if sitting.is_open(exercise)]
    for exercise in sitting.late:
        recorder.judges(exercise)
        sitting.judge(exercise)
    return results


def without_answers(task: Task, status: Status, cause: str, isolation: str = "") -> Graded:
    """Return the verdict of a submission that could not be asked anything: no points, and the cause."""
    exercises = tuple(unjudged(exercise, status, cause) for exercise in task.assignment.exercises)
    return Graded(verdict(task, exercises, isolation, 0.0), task.version)


def verdict(task: Task, exercises: tuple[ExerciseVerdict, ...], isolation: str, seconds: float) -> SubmissionVerdict:
    """Put the verdict of a submission together."""
    student, assignment = task.key
    feedback = f"feedback/{student}/{assignment}.html"
    return SubmissionVerdict(
        student, assignment, isolation, seconds, task.seed, task.submission.digest, feedback, exercises
    )


def submission_seed(seed: int, assignment: str) -> int:
    """Return the seed of the submissions for an assignment: everybody is asked the same, in any order and company."""
    digest = hashlib.sha256(f"{seed}/{assignment}".encode()).digest()
    return int.from_bytes(digest[:8], "big")
