"""Trials: one implementation before the judge, in a process of its own that a looping one cannot hold up."""

import ast
import os
import resource
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any

from autograder.checks.ask import LocalTransport
from autograder.checks.catalogue import find
from autograder.checks.exercise import Exercise, Fingerprint
from autograder.checks.implementation import Built, Implementation, build, resolve
from autograder.checks.judge import judge
from autograder.checks.verdict import ExerciseVerdict
from tests.mutants.mutate import Mutant, mutants
from tests.mutants.program import program_of, reached_lines, root

SEEDS = (0, 1, 2)
PROCESSOR_SECONDS, WALL_SECONDS = 30.0, 600.0
"""What the trial of a mutant may take: on a busy machine only the first is fair, the second stops one that waits."""
MEMORY = 8 * 1024**3
"""Bytes that a process may ask for, frameworks included, before a mutant gets a MemoryError."""


class TooLong(BaseException):
    """The time is over; no `except Exception` in a mutant can catch it."""


@contextmanager
def time_limit(processor: float = PROCESSOR_SECONDS, wall: float = WALL_SECONDS) -> Iterator[None]:
    """Raise TooLong in the block after so many seconds of processor time or on the wall, and again each second."""
    timers = ((signal.SIGPROF, signal.ITIMER_PROF, processor), (signal.SIGALRM, signal.ITIMER_REAL, wall))

    def stop(*_: object) -> None:
        raise TooLong

    before = [signal.signal(number, stop) for number, _, _ in timers]
    for _, timer, seconds in timers:
        signal.setitimer(timer, seconds, 1.0)
    try:
        yield
    finally:
        for (number, timer, _), handler in zip(timers, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)


def start() -> None:
    """Prepare a process for trials: quiet, and on one core."""
    os.environ |= {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    # TensorFlow greets whatever it is told, and wrong answers make NumPy and Keras complain.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


@cache
def program(exercise: str) -> tuple[tuple[Mutant, ...], dict[str, Any]]:
    """Return the mutants of an exercise's reference, and the globals they need.

    Lines that no question makes the reference run are no part of what is asked, and are not changed.
    """
    declared = find(exercise)
    tree, namespace = program_of(declared)

    def judge_reference() -> None:
        subject = build(ast.unparse(tree), root(declared)[1], namespace)
        for seed in SEEDS:
            verdict_of(declared, subject, seed)

    reached = reached_lines(judge_reference)
    return tuple(mutants(tree, reached)), namespace


def unrecognizing(exercise: Exercise) -> Exercise:
    """Return the exercise without mistakes to recognize, which takes time and moves no point."""
    return replace(exercise, misconceptions=(), fingerprint=Fingerprint(lambda ask: ()))


def verdict_of(exercise: Exercise, implementation: Any, seed: int) -> ExerciseVerdict:
    return judge(unrecognizing(exercise), LocalTransport(implementation), seed)


def failures(verdict: ExerciseVerdict) -> frozenset[str]:
    return frozenset(requirement.name for requirement in verdict.requirements if not requirement.passed)


def try_mutant(exercise: str, index: int) -> tuple[str, frozenset[str] | None]:
    """Judge a generated mutant.

    Returns:
        Its name, and the requirements that it fails for the first seed that rejects it: empty when it survives, None
        when it cannot even be built or takes too long.
    """
    generated, namespace = program(exercise)
    declared = find(exercise)
    mutant = generated[index]
    try:
        with time_limit():
            try:
                subject = build(mutant.source, root(declared)[1], namespace)
            except Exception:
                return mutant.name, None
            for seed in SEEDS:
                if failed := failures(verdict_of(declared, subject, seed)):
                    return mutant.name, failed
            return mutant.name, frozenset()
    except TooLong:
        return mutant.name, None
    finally:
        forget()


def try_mutants(exercise: str, part: int, parts: int) -> list[tuple[str, frozenset[str] | None]]:
    """Judge every parts-th mutant of an exercise."""
    return [try_mutant(exercise, index) for index in range(part, len(program(exercise)[0]), parts)]


def try_misconception(exercise: str, name: str) -> tuple[bool, frozenset[str]]:
    """Return whether a listed mistake is rejected and named, and the requirements that it fails.

    It is judged for one seed; that other seeds change nothing is for tests/checks/test_graders.py to see.
    """
    declared = find(exercise)
    verdict = judge(declared, LocalTransport(resolve(declared.misconception(name).wrong)), SEEDS[0])
    forget()
    return not verdict.passed and verdict.misconceptions == (name,), failures(verdict)


def try_variant(exercise: str, variant: int, seeds: Sequence[int]) -> list[str]:
    """Return a line for each seed at which a right answer does not get full marks; variant 0 is the reference."""
    declared = find(exercise)
    implementation = (declared.reference, *declared.variants)[variant]
    right = resolve(implementation)
    verdicts = {seed: verdict_of(declared, right, seed) for seed in seeds}
    forget()
    return [
        f"{exercise}, {name_of(implementation)}, seed {seed}: {', '.join(failures(verdict))}"
        for seed, verdict in verdicts.items()
        if not verdict.passed
    ]


def name_of(implementation: Implementation) -> str:
    return (implementation.factory if isinstance(implementation, Built) else implementation).__name__


def forget() -> None:
    """Drop what Keras remembers of every layer it has made."""
    keras = sys.modules.get("keras")
    if keras is not None:
        keras.utils.clear_session(free_memory=False)  # collecting garbage would take longer than most trials
