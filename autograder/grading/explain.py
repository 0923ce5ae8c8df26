"""Why a point was lost: for each failed requirement the question that settled it, the answer, and the reference's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from autograder.checks.ask import Answer, Ask, LocalTransport, Opaque, Question, Tensor, Unanswered, Undefined
from autograder.checks.exercise import Check, Exercise, Fingerprint, Requirement
from autograder.checks.implementation import resolve
from autograder.checks.judge import judge
from autograder.checks.verdict import ExerciseVerdict, RequirementVerdict
from autograder.grading.answers import NotRecorded, Record, Replay
from autograder.grading.sitting import WithCellErrors, without_addresses

SILENCE = "nothing"
"""How an answer begins that did not come."""

NO_FINGERPRINT = Fingerprint(lambda _ask: ())

MAX_TEXT = 1_200
"""Characters of a value that is shown."""
MAX_CHECKS = 5
"""How often an exercise may have been asked: a notebook may hold its check several times."""


@dataclass(frozen=True)
class Reason:
    """A failed requirement with what settled it; `question` is None where nothing was asked before it failed."""

    requirement: RequirementVerdict
    question: Question | None
    answer: str
    reference: str

    @property
    def asked(self) -> str:
        """Return the question as a call."""
        if self.question is None:
            return SILENCE
        named = [f"{name}={represent(value)}" for name, value in self.question.kwargs.items()]
        call = f"({', '.join([*map(represent, self.question.args), *named])})"
        return _cut(f"{self.question.probe} of {self.question.subject}{call}" if self.question.probe else call)


class Remembering:
    """A transport that remembers the last question and what came back.

    `skipped` leaves out that many answers to each question: those that an earlier check in the notebook got. `settled`
    is what was remembered when the requirement had failed.
    """

    def __init__(self, record: Record, skipped: int) -> None:
        self._replay = Replay(record)
        self._skipped = skipped
        self.last: tuple[Question, str] | None = None
        self.settled: tuple[Question, str] | None = None

    def ask(self, question: Question) -> Answer:
        try:
            for _ in range(self._skipped):
                self._take(question)
            answer = self._take(question)
        except Undefined:
            self.last = None  # whatever it was, there was nothing to ask
            raise
        except Unanswered as silence:
            self.last = question, f"{SILENCE}: {silence.message}"
            raise
        raised = f"raised {answer.raised}"
        self.last = question, represent(answer.value) if answer.raised is None else raised
        return answer

    def _take(self, question: Question) -> Answer:
        return self._replay.ask(question)


def explain(exercise: Exercise, verdict: ExerciseVerdict, record: Record, seed: int) -> list[Reason]:
    """Return why requirements of an exercise failed, in their order.

    Args:
        exercise: as it was judged.
        verdict: its verdict.
        record: everything that the submission was asked and answered.
        seed: that of the submission, which drew the inputs.

    Raises:
        NotRecorded: the exercise asks other questions by now, so that its record says nothing about it.
    """
    declared = {requirement.key: requirement for requirement in exercise.requirements}
    reasons: list[Reason] = []
    for item in verdict.requirements:
        if item.passed or not item.judged or item.key not in declared:
            continue
        if reasons and reasons[-1].answer.startswith(SILENCE) and reasons[-1].requirement.message == item.message:
            reasons.append(Reason(item, None, SILENCE, ""))  # after a silence nothing more was asked
        else:
            reasons.append(_reason(exercise, declared[item.key], item, record, seed))
    return reasons


def _reason(
    exercise: Exercise, requirement: Requirement, item: RequirementVerdict, record: Record, seed: int
) -> Reason:
    """Put one requirement to the stored answers again, alone, until it fails as the verdict says."""
    found = [last for message, last in _failures(exercise, requirement, record, seed) if message == item.message]
    question, answer = next(iter(found), None) or (None, SILENCE)
    return Reason(item, question, _cut(answer), _cut(_reference(exercise, question)))


def _failures(
    exercise: Exercise, requirement: Requirement, record: Record, seed: int
) -> Iterator[tuple[str, tuple[Question, str] | None]]:
    """Yield how a requirement fails, by the answers that each check in the notebook got."""
    for skipped in range(MAX_CHECKS):
        transport = Remembering(record, skipped)
        explained = WithCellErrors(transport)
        for cell in record.cells:
            explained.ran(cell)
        alone = replace(requirement, check=partial(_watched, requirement.check, transport))
        nameless = replace(exercise, requirements=(alone,), misconceptions=(), fingerprint=NO_FINGERPRINT)
        try:
            judged = without_addresses(judge(nameless, explained, seed))
        except NotRecorded:
            if not skipped:
                raise
            return
        yield judged.requirements[0].message, transport.settled


def _watched(check: Check, transport: Remembering, ask: Ask, draw: np.random.Generator) -> None:
    """Put a requirement, and remember which question was the last one."""
    try:
        check(ask, draw)
    finally:
        transport.settled = transport.last


def _reference(exercise: Exercise, question: Question | None) -> str:
    """Return what the reference answers to a question."""
    if question is None:
        return ""
    try:
        answer = LocalTransport(resolve(exercise.reference)).ask(question)
    except (Unanswered, ImportError) as error:
        return f"not to be had here: {error}"
    return represent(answer.value) if answer.raised is None else f"raises {answer.raised}"


def represent(value: Any) -> str:
    """Return a value of a question or an answer as text, arrays with their types and shapes."""
    match value:
        case np.ndarray():
            with np.printoptions(precision=6, threshold=24, edgeitems=3, linewidth=100):
                return f"array({np.array2string(value, separator=', ')}, {value.dtype}, shape {value.shape})"
        case Tensor(array):
            return f"tensor of {represent(array)}"
        case Opaque(name):
            return f"<{name}>"
        case tuple() | list():
            inner = ", ".join(map(represent, value))
            return f"({inner})" if isinstance(value, tuple) else f"[{inner}]"
        case dict():
            return f"{{{', '.join(f'{key!r}: {represent(item)}' for key, item in value.items())}}}"
        case float() | np.floating():
            return repr(float(value))
    return repr(value)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]} ..."


def chosen(exercises: Sequence[Exercise], name: str | None) -> list[Exercise]:
    """Return the exercises that are asked about."""
    return [exercise for exercise in exercises if name in (None, exercise.name)]
