"""One submission: its cells are run, every exercise is asked and judged."""

import hashlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from autograder.checks.ask import Answer, Question, Status, Transport, Unanswered
from autograder.checks.exercise import Exercise
from autograder.checks.judge import judge, unjudged
from autograder.checks.verdict import ExerciseVerdict
from autograder.grading.answers import NotRecorded, Recorder
from autograder.grading.assignment import Assignment
from autograder.grading.collect import Submission
from autograder.grading.verdicts import SubmissionVerdict
from autograder.kernels.limits import Limits
from autograder.kernels.needed import needed
from autograder.kernels.sanitise import Unreadable, answered, cells_to_run, read_notebook
from autograder.kernels.session import CellResult
from autograder.kernels.worker import Worker
from autograder.kernels.zygote import ZygoteFailed

UNJUDGED = "this answer could not be judged: ask your instructor to look at it"
ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")


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
    `written` the manually graded cells in which the student wrote something, `faults` what went wrong in the grader.
    """

    verdict: SubmissionVerdict
    version: str
    cells: Sequence[CellResult] = ()
    record: bytes = b""
    questions: tuple[tuple[str, float], ...] = ()
    written: frozenset[str] = frozenset()
    faults: tuple[str, ...] = ()


def grade(task: Task, worker: Worker) -> Graded:
    """Run and judge one submission; whatever is in it, the outcome is a verdict."""
    started = time.perf_counter()
    submission, assignment = task.submission, task.assignment
    if submission.status != "graded":
        return without_answers(task, submission.status, submission.cause, worker.isolation)
    try:
        submitted = read_notebook(submission.notebook)
    except Unreadable as unreadable:
        return without_answers(task, "invalid", str(unreadable), worker.isolation)
    with worker.session(task.limits) as session:
        cells = session.run(needed(cells_to_run(assignment.cells, submitted), assignment.cells))
        recorder = Recorder(session)
        judged = Judged(assignment, recorder, cells, submission_seed(task.seed, submission.student, assignment.name))
        exercises = judged.exercises
    seconds = round(time.perf_counter() - started, 3)
    return Graded(
        verdict=verdict(task, exercises, worker.isolation, seconds),
        version=task.version,
        cells=cells,
        record=recorder.record(cells),
        questions=tuple(judged.seconds.items()),
        written=frozenset(answered(assignment.cells, submitted)),
        faults=tuple(judged.faults),
    )


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


def submission_seed(seed: int, student: str, assignment: str) -> int:
    """Return the seed of one submission, so that neither order nor company changes what it is asked."""
    digest = hashlib.sha256(f"{seed}/{student}/{assignment}".encode()).digest()
    return int.from_bytes(digest[:8], "big")


class Judged:
    """The exercises of an assignment put to a transport, one after the other."""

    def __init__(self, assignment: Assignment, transport: Transport, cells: Sequence[CellResult], seed: int) -> None:
        self.assignment = assignment
        self.transport = WithCellErrors(transport, cells)
        self.seed = seed
        self.seconds: dict[str, float] = {}
        self.faults: list[str] = []

    @cached_property
    def exercises(self) -> tuple[ExerciseVerdict, ...]:
        return tuple(self._judge(exercise) for exercise in self.assignment.exercises)

    def _judge(self, exercise: Exercise) -> ExerciseVerdict:
        started = time.perf_counter()
        try:
            judged = judge(exercise, self.transport, self.seed)
        except (NotRecorded, ZygoteFailed):
            raise
        except Exception as fault:
            # An answer that a check did not foresee must neither earn a point nor stop the class.
            self.faults.append(f"{exercise.name}: {type(fault).__name__}: {fault}")
            judged = unjudged(exercise, "error", UNJUDGED)
        self.seconds[exercise.name] = round(time.perf_counter() - started, 3)
        return _without_addresses(judged)


class WithCellErrors:
    """A transport that explains a missing answer by what became of the cell that should give it."""

    def __init__(self, transport: Transport, cells: Sequence[CellResult]) -> None:
        self.transport = transport
        self.failed = {cell.id: cell for cell in cells if cell.status != "ok"}

    def ask(self, question: Question) -> Answer:
        try:
            return self.transport.ask(question)
        except Unanswered as silence:
            cell = self.failed.get(question.subject)
            if cell is None or silence.status != "error":
                raise
            raise _explained(cell) from None


def _explained(cell: CellResult) -> Unanswered:
    """Say what became of a cell; only an exception's message begins with its type."""
    status: Status = "timeout" if cell.status == "ok" or cell.status == "skipped" else cell.status
    verb = "raised " if cell.status == "error" or cell.message.startswith("MemoryError") else ""
    return Unanswered(status, f"its cell {verb}{cell.message}")


def _without_addresses(judged: ExerciseVerdict) -> ExerciseVerdict:
    """Blank out memory addresses in messages: they would differ from run to run."""
    requirements = tuple(replace(item, message=ADDRESS.sub("0x…", item.message)) for item in judged.requirements)
    return replace(judged, requirements=requirements)
