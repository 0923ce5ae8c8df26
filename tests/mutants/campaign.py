"""All trials of some assignments, in parallel, added up."""

import contextlib
import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Any

from autograder.checks.catalogue import exercises
from autograder.checks.exercise import Exercise
from tests.mutants.equivalent import sort_out
from tests.mutants.trial import start, try_misconception, try_mutants, try_variant

PARTS = 6
"""Into how many tasks the mutants of an exercise are divided, so that no process waits long for another."""

POOLS = 3
"""How often the trials are taken up again after a process has died."""

Task = tuple[Callable[..., Any], tuple[Any, ...]]


@dataclass
class Tally:
    """What the trials of one assignment came to, or of several together."""

    exercises: int = 0
    requirements: int = 0
    failed: int = 0
    failed_alone: int = 0
    misconceptions: int = 0
    named: int = 0
    mutants: int = 0
    equivalent: int = 0
    killed: int = 0
    variants: int = 0
    runs: int = 0
    alarms: int = 0
    complaints: list[str] = field(default_factory=list)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(**{name: value + getattr(other, name) for name, value in vars(self).items()})


Tried = Mapping[str, tuple[Exercise, ...]]
"""Exercises by assignment: all of it, or some."""


def tasks(tried: tuple[Exercise, ...], runs: int) -> Iterator[Task]:
    """Yield the trials of exercises, in which every right variant is judged `runs` times."""
    for exercise in tried:
        for misconception in exercise.misconceptions:
            yield try_misconception, (exercise.name, misconception.name)
        for variant in range(len(exercise.variants) + 1):
            yield try_variant, (exercise.name, variant, range(runs))
        for part in range(PARTS):
            yield try_mutants, (exercise.name, part, PARTS)


def conduct(tried: Tried, runs: int, workers: int, advance: Callable[[int, int], None]) -> dict[str, Tally] | None:
    """Run all trials and add them up by assignment.

    Args:
        tried: the exercises.
        runs: how often each right variant is judged, each time with other hidden inputs.
        workers: number of processes; each is a fresh one, because TensorFlow does not survive a fork.
        advance: is told how many of how many tasks are done.

    Returns:
        The tallies, or None when processes keep dying.
    """
    pending = [task for some in tried.values() for task in tasks(some, runs)]
    results: dict[Task, Any] = {}
    for _ in range(POOLS):
        with contextlib.suppress(BrokenProcessPool):
            for task, result in _run([task for task in pending if task not in results], workers):
                results[task] = result
                advance(len(results), len(pending))
        if len(results) == len(pending):
            return {assignment: tally(assignment, some, runs, results) for assignment, some in tried.items()}
    return None


def _run(pending: list[Task], workers: int) -> Iterator[tuple[Task, Any]]:
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=start) as pool:
        futures = {pool.submit(function, *arguments): (function, arguments) for function, arguments in pending}
        for future in as_completed(futures):
            yield futures[future], future.result()


def tally(assignment: str, tried: tuple[Exercise, ...], runs: int, results: dict[Task, Any]) -> Tally:
    """Add up the trials of exercises of an assignment."""
    total, survivors = Tally(), []
    for exercise in tried:
        total += of_answers(exercise, runs, results)
        outcomes = [outcome for part in range(PARTS) for outcome in results[try_mutants, (exercise.name, part, PARTS)]]
        survivors += [(exercise.name, name) for name, failed in outcomes if failed == frozenset()]
        total.mutants += len(outcomes)
        wrong = [failed for _, failed in outcomes if failed]
        wrong += [results[try_misconception, (exercise.name, item.name)][1] for item in exercise.misconceptions]
        for requirement in exercise.requirements:
            total.requirements += 1
            total.failed += any(requirement.name in failed for failed in wrong)
            total.failed_alone += frozenset([requirement.name]) in wrong
            if not any(requirement.name in failed for failed in wrong):
                total.complaints.append(f"{exercise.name}: no wrong answer fails “{requirement.name}”")
    names = {exercise.name for exercise in tried} | ({"*"} if tried == exercises(assignment) else set())
    equivalent, alive, stale = sort_out(assignment, survivors)
    total.equivalent = len(equivalent)
    total.killed = total.mutants - len(survivors)
    total.complaints += [f"survives: {name}" for name in alive] + [
        f"stale: {entry}" for entry in stale if entry.split(" / ")[0] in names
    ]
    return total


def of_answers(exercise: Exercise, runs: int, results: dict[Task, Any]) -> Tally:
    """Add up how the listed answers of an exercise were judged, right ones and wrong ones."""
    named = {item.name: results[try_misconception, (exercise.name, item.name)][0] for item in exercise.misconceptions}
    variants = range(len(exercise.variants) + 1)
    alarms = [line for variant in variants for line in results[try_variant, (exercise.name, variant, range(runs))]]
    return Tally(
        exercises=1,
        misconceptions=len(named),
        named=sum(named.values()),
        variants=len(variants),
        runs=runs * len(variants),
        alarms=len(alarms),
        complaints=[f"{exercise.name}: not rejected and named: {name}" for name, right in named.items() if not right]
        + [f"false alarm: {line}" for line in alarms],
    )
