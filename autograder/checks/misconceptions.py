"""Recognizing a wrong answer by what it does: it departs from the reference where, and as, a known mistake departs."""

import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from autograder.checks.ask import Ask, LocalTransport, StudentRaised
from autograder.checks.exercise import Exercise, Misconception, Unmet
from autograder.checks.expect import MALFORMED
from autograder.checks.implementation import Implementation, resolve

CLEARLY_APART = 4
"""How many tolerances lie between the reference and a mistake before the difference is believed."""


def measure(exercise: Exercise, ask: Ask) -> np.ndarray:
    """Return the fingerprint of what `ask` reaches; a single nan when its code raises or returns nothing usable."""
    try:
        with np.errstate(all="ignore"):
            return np.asarray(exercise.fingerprint.measure(ask), dtype=float).ravel()
    except (StudentRaised, Unmet, *MALFORMED):
        return np.array([np.nan])


def measure_implementation(exercise: Exercise, implementation: Implementation) -> np.ndarray:
    """Return the fingerprint of one of the exercise's own implementations, asked in this process."""
    return measure(exercise, Ask(exercise.name, LocalTransport(resolve(implementation))))


def recognize(exercise: Exercise, ask: Ask) -> Misconception | None:
    """Name the misconception that an answer behaves like, or None.

    An answer is recognized when it agrees with the mistake wherever the mistake departs from the reference. Of several,
    the one that departs most is the most specific; among equals the first listed.
    """
    answer = measure(exercise, ask)
    stored = stored_fingerprints(exercise)
    best, most = None, 0
    for misconception in exercise.misconceptions:
        departs = _departs(stored["reference"], stored[misconception.name], exercise.fingerprint.tolerance)
        count = int(departs.sum())
        if count > most and _agrees(answer, stored[misconception.name], departs, exercise.fingerprint.tolerance):
            best, most = misconception, count
    return best


def _departs(reference: np.ndarray, wrong: np.ndarray, tolerance: float) -> np.ndarray:
    if reference.shape != wrong.shape:
        return np.ones(1, bool)
    return ~_close(reference, wrong, CLEARLY_APART * tolerance)


def _agrees(answer: np.ndarray, wrong: np.ndarray, where: np.ndarray, tolerance: float) -> bool:
    if answer.shape != wrong.shape or where.shape != wrong.shape:
        return False
    return bool(_close(answer, wrong, tolerance)[where].all())


def _close(a: np.ndarray, b: np.ndarray, tolerance: float) -> np.ndarray:
    return np.asarray(np.isclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True))


def fingerprints(exercise: Exercise) -> dict[str, list[float | None]]:
    """Measure the reference and every misconception of an exercise, ready for JSON (nan becomes null)."""
    implementations = {"reference": exercise.reference} | {item.name: item.wrong for item in exercise.misconceptions}
    return {name: _jsonable(measure_implementation(exercise, wrong)) for name, wrong in implementations.items()}


def _jsonable(values: Sequence[float] | np.ndarray) -> list[Any]:
    return [None if np.isnan(value) else str(value) if np.isinf(value) else float(f"{value:.9g}") for value in values]


def stored_fingerprints(exercise: Exercise) -> dict[str, np.ndarray]:
    """Return the fingerprints stored beside the assignment, so that no framework is needed to read them.

    Those of an exercise that has none stored, or not of every mistake, are measured now.
    """
    stored = _stored(exercise.assignment).get(exercise.name, {})
    names = {"reference", *(misconception.name for misconception in exercise.misconceptions)}
    return stored if names <= stored.keys() else _measured(exercise)


@cache
def _stored(assignment: str) -> dict[str, dict[str, np.ndarray]]:
    path = resources.files("autograder.checks").joinpath(assignment, "fingerprints.json")
    measured = json.loads(path.read_text()) if path.is_file() else {}
    return {exercise: _arrays(numbers) for exercise, numbers in measured.items()}


@cache
def _measured(exercise: Exercise) -> dict[str, np.ndarray]:
    return _arrays(fingerprints(exercise))


def _arrays(measured: dict[str, list[float | None]]) -> dict[str, np.ndarray]:
    return {name: np.array(values, dtype=float) for name, values in measured.items()}
