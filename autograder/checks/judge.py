"""Judging: put an exercise's requirements to an answer, and name the mistakes that it looks like."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from autograder.checks.ask import Ask, Interrupted, Question, Status, Transport
from autograder.checks.exercise import Exercise
from autograder.checks.misconceptions import recognize
from autograder.checks.requirements import put, verdict_of
from autograder.checks.verdict import ExerciseVerdict


@contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings of the code that is asked off stderr, where stock nbgrader would take them for a failure."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@quiet()
def judge(
    exercise: Exercise, transport: Transport, seed: int, settled: dict[str, Question] | None = None
) -> ExerciseVerdict:
    """Put every requirement of an exercise and return its verdict.

    Args:
        exercise: what is asked.
        transport: carries the questions to the student's code.
        seed: decides all hidden inputs; the same seed puts the same questions.
        settled: takes up, by the key of each requirement that failed, the question that was put last.
    """
    ask = Ask(exercise.name, transport, seed)
    outcome = put(exercise, ask)
    if settled is not None:
        settled.update(outcome.settled)
    names = _recognize(exercise, ask, outcome.failed) if outcome.failed and outcome.silence is None else ()
    return ExerciseVerdict(exercise.name, outcome.status, tuple(outcome.verdicts), names)


def unjudged(exercise: Exercise, status: Status, message: str) -> ExerciseVerdict:
    """Return the verdict of an exercise that could not be asked: no points, and the cause on every requirement."""
    verdicts = tuple(verdict_of(requirement, False, message) for requirement in exercise.requirements)
    return ExerciseVerdict(exercise.name, status, verdicts)


def _recognize(exercise: Exercise, ask: Ask, failed: dict[str, str]) -> tuple[str, ...]:
    """Name the mistakes; whatever goes wrong in that, the points are settled and stay."""
    try:
        return tuple(misconception.name for misconception in recognize(exercise, ask, failed.keys()))
    except Interrupted:
        raise
    except Exception:
        return ()
