"""Judging: put an exercise's requirements to an answer, and name the mistake that it looks like."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from autograder.checks.ask import Ask, Interrupted, Status, StudentRaised, Transport, Unanswered
from autograder.checks.clean import clean
from autograder.checks.exercise import Exercise, Requirement, Unmet
from autograder.checks.expect import MALFORMED
from autograder.checks.misconceptions import recognize
from autograder.checks.verdict import ExerciseVerdict, RequirementVerdict

MAX_SAID = 1_000
"""Characters of a message: those that an answer is quoted in are cut with what they quote."""
NOT_WRITTEN = "not written yet: replace `raise NotImplementedError()` in its cell with your answer"
UNREADABLE = "what your code gives here has not the form it should have: look at the types and shapes of all its parts"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep warnings of the code that is asked off stderr, where stock nbgrader would take them for a failure."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@_quiet()
def judge(exercise: Exercise, transport: Transport, seed: int) -> ExerciseVerdict:
    """Put every requirement of an exercise and return its verdict.

    Args:
        exercise: what is asked.
        transport: carries the questions to the student's code.
        seed: decides all hidden inputs; the same seed puts the same questions.
    """
    ask = Ask(exercise.name, transport, seed)
    status: Status = "graded"
    verdicts: list[RequirementVerdict] = []
    silence: Unanswered | None = None
    for requirement in exercise.requirements:
        message = silence.message if silence else ""
        if silence is None:
            try:
                requirement.check(ask, ask.draw(requirement.key))
            except Unmet as unmet:
                message = clean(str(unmet), MAX_SAID)
            except StudentRaised as error:
                status, message = "error", _explain(error)
            except Unanswered as unanswered:
                silence, status, message = unanswered, unanswered.status, unanswered.message
            except MALFORMED:
                message = UNREADABLE
        ask.memory.sound &= not message
        verdicts.append(_verdict(requirement, not message, message))
    misconception = None
    if silence is None and not all(verdict.passed for verdict in verdicts):
        misconception = _recognize(exercise, ask)
    return ExerciseVerdict(exercise.name, status, tuple(verdicts), misconception)


def unjudged(exercise: Exercise, status: Status, message: str) -> ExerciseVerdict:
    """Return the verdict of an exercise that could not be asked: no points, and the cause on every requirement."""
    verdicts = tuple(_verdict(requirement, False, message) for requirement in exercise.requirements)
    return ExerciseVerdict(exercise.name, status, verdicts)


def _verdict(requirement: Requirement, passed: bool, message: str) -> RequirementVerdict:
    worth = float(requirement.points)
    return RequirementVerdict(requirement.key, requirement.name, worth if passed else 0.0, worth, passed, message)


def _explain(error: StudentRaised) -> str:
    if "NotImplementedError" in error.raised.kinds:
        return NOT_WRITTEN
    return f"your code raised {error.raised}"


def _recognize(exercise: Exercise, ask: Ask) -> str | None:
    """Name the mistake; whatever goes wrong in that, the points are settled and stay."""
    try:
        misconception = recognize(exercise, ask)
    except Interrupted:
        raise
    except Exception:
        return None
    return misconception.name if misconception else None
