"""A submission while it is judged: each exercise where its check stands, before the cells below it have run."""

import re
import time
from collections.abc import Sequence
from dataclasses import replace

from autograder.checks.ask import Answer, Interrupted, Question, Status, Transport, Unanswered, Undefined
from autograder.checks.exercise import Exercise
from autograder.checks.judge import judge, unjudged
from autograder.checks.requirements import NOT_WRITTEN
from autograder.checks.verdict import ExerciseVerdict
from autograder.kernels.session import CellResult

UNJUDGED = "this answer could not be judged: ask your instructor to look at it"
TOO_MUCH = "this answer could not be judged: comparing it takes more memory than a judge may use"
RESTS = "your answer gives something else where {} gives nan alone: this exercise asks you to write it without"
ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")


class Sitting:
    """Judges the exercises of an assignment, each as often as its check stands in the notebook until it holds.

    Args:
        exercises: of the assignment, in order.
        transport: carries the questions to what the cells so far have defined.
        seed: decides all hidden inputs.
    """

    def __init__(self, exercises: Sequence[Exercise], transport: Transport, seed: int) -> None:
        self.exercises = {exercise.name: exercise for exercise in exercises}
        self.transport = WithCellErrors(transport)
        self.seed = seed
        self.seconds = dict.fromkeys(self.exercises, 0.0)
        self.faults: list[str] = []
        self.late: list[str] = []
        self._best: dict[str, ExerciseVerdict] = {}
        self._apart: dict[str, ExerciseVerdict] = {}

    def ran(self, cell: CellResult) -> None:
        """Take note of what became of a cell."""
        self.transport.ran(cell)

    def judge(self, name: str) -> None:
        """Judge an exercise by what its name stands for at this moment; of several verdicts the best counts."""
        judged = self._judge(self.exercises[name], self.transport)
        best = self._best.get(name)
        if best is None or judged.points >= best.points:
            self._best[name] = judged

    def judge_apart(self, name: str) -> None:
        """Judge an exercise where libraries lack what it asks to write; it stands where all that held once holds again.

        Nothing is believed that a process says about itself: an answer of the student's own gives the same there.
        """
        self._apart[name] = self._judge(self.exercises[name], Apart(self.transport.transport))

    def stands(self, name: str) -> bool:
        """Tell whether all that held of an exercise held again the last time that it was judged apart."""
        again = self._apart.get(name)
        return again is not None and _held(self._best[name]) <= _held(again)

    def repeat(self, course: Sequence[CellResult | str], apart: Sequence[str] = ()) -> None:
        """Judge in the order in which that was done when the cells ran, by the answers of then.

        An exercise is judged again only where it does not hold yet: then it may have been judged once and no more.
        One that is not to be judged, or that there is no more, is passed over.
        """
        for event in course:
            if isinstance(event, CellResult):
                self.ran(event)
            elif event in self.exercises and not self.is_settled(event):
                self.judge(event)
        for name in apart:
            if name in self.exercises and not self.stands(name):
                self.judge_apart(name)

    def is_settled(self, name: str) -> bool:
        """Tell whether no check further down can change the verdict of an exercise."""
        return name in self._best and self._best[name].passed

    def is_open(self, name: str) -> bool:
        """Tell whether an exercise is still to be asked about, because no check has found an answer yet."""
        best = self._best.get(name)
        return (
            best is None
            or name in self.transport.undefined
            or any(requirement.message == NOT_WRITTEN for requirement in best.requirements)
        )

    @property
    def verdicts(self) -> tuple[ExerciseVerdict, ...]:
        return tuple(self._verdict(name) for name in self.exercises)

    def _verdict(self, name: str) -> ExerciseVerdict:
        exercise, again = self.exercises[name], self._apart.get(name)
        if exercise.own is None or again is None or self.stands(name):
            return self._best[name]
        status: Status = "timeout" if again.status == "timeout" else "graded"
        return unjudged(exercise, status, RESTS.format(", ".join(exercise.own.without)))

    def _judge(self, exercise: Exercise, transport: Transport) -> ExerciseVerdict:
        started = time.perf_counter()
        self.transport.undefined.discard(exercise.name)
        try:
            judged = judge(exercise, transport, self.seed)
        except Interrupted:
            raise
        except Exception as fault:
            # An answer that a check did not foresee must neither earn a point nor stop the class.
            self.faults.append(f"{exercise.name}: {type(fault).__name__}: {fault}")
            judged = unjudged(exercise, "error", TOO_MUCH if isinstance(fault, MemoryError) else UNJUDGED)
        self.seconds[exercise.name] = round(self.seconds[exercise.name] + time.perf_counter() - started, 3)
        return without_addresses(judged)


class WithCellErrors:
    """A transport that explains a missing answer by what became of the cell that should give it.

    `undefined` holds the exercises for which there was nothing to ask the last time.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.undefined: set[str] = set()
        self._failed: dict[str, CellResult] = {}

    def ran(self, cell: CellResult) -> None:
        if cell.status != "ok":
            self._failed[cell.part] = cell

    def ask(self, question: Question) -> Answer:
        try:
            return self.transport.ask(question)
        except Undefined:
            self.undefined.add(question.subject)
            if question.subject in self._failed:
                raise _explained(self._failed[question.subject]) from None
            raise


def _held(verdict: ExerciseVerdict) -> set[str]:
    return {requirement.key for requirement in verdict.requirements if requirement.passed}


def _explained(cell: CellResult) -> Unanswered:
    """Say what became of a cell; only an exception's message begins with its type."""
    status: Status = "timeout" if cell.status == "ok" or cell.status == "skipped" else cell.status
    verb = "raised " if cell.status == "error" or cell.message.startswith("MemoryError") else ""
    return Unanswered(status, f"its cell {verb}{cell.message}")


def without_addresses(judged: ExerciseVerdict) -> ExerciseVerdict:
    """Blank out memory addresses in messages: they would differ from run to run."""
    requirements = tuple(replace(item, message=ADDRESS.sub("0x…", item.message)) for item in judged.requirements)
    return replace(judged, requirements=requirements)


class Apart:
    """Puts questions in a process from which something was taken away, and tells them from the same ones elsewhere."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def ask(self, question: Question) -> Answer:
        return self.transport.ask(replace(question, apart=True))
