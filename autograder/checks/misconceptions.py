"""Recognizing a wrong answer by what it does: it departs from the reference where, and as, a known mistake departs."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import combinations
from typing import Any

import numpy as np

from autograder.checks.ask import Ask, LocalTransport, StudentRaised
from autograder.checks.exercise import Exercise, Misconception, Unmet
from autograder.checks.expect import MALFORMED
from autograder.checks.implementation import Implementation, resolve
from autograder.checks.requirements import put

CLEARLY_APART = 4
"""How many tolerances lie between the reference and a mistake before the difference is believed."""

MOST = 2
"""How many mistakes are named at once."""


@dataclass(frozen=True, eq=False)
class Known:
    """A spelling of a mistake as it is stored: its fingerprint, and the keys of the requirements that it fails."""

    behaves: np.ndarray
    fails: frozenset[str]


@dataclass(frozen=True, eq=False)
class Fingerprints:
    """What is known of an exercise: the fingerprint of the reference, and every mistake in its spellings."""

    reference: np.ndarray
    mistakes: dict[str, list[Known]]


@dataclass(frozen=True)
class Candidate:
    """A mistake that an answer behaves like where that mistake departs from the reference, in so many numbers."""

    misconception: Misconception
    departs: int
    fails: frozenset[str]

    def costs(self, exercise: Exercise) -> float:
        """Return the points of the requirements that the mistake fails."""
        return sum(requirement.points for requirement in exercise.requirements if requirement.key in self.fails)


def measure(exercise: Exercise, ask: Ask) -> np.ndarray:
    """Return the fingerprint of what `ask` reaches; a single nan when its code raises or returns nothing usable."""
    try:
        with np.errstate(all="ignore"):
            return np.asarray(exercise.fingerprint.measure(ask), dtype=float).ravel()
    except (StudentRaised, Unmet, *MALFORMED):
        return np.array([np.nan])


def recognize(exercise: Exercise, ask: Ask, failed: Collection[str]) -> list[Misconception]:
    """Name the mistakes that explain what an answer fails, the costliest first; none when they do not.

    An answer has a mistake when it agrees with it wherever the mistake departs from the reference, and fails all that
    the mistake fails. One mistake, or two, must explain everything that fails; what is aside (refusals, dtypes,
    arguments) is left out of account. Of several that do so alone, the one that departs most is the most specific;
    among equals the first listed.

    Args:
        exercise: what was asked.
        ask: reaches the answer.
        failed: the keys of the requirements that do not hold.
    """
    aside = {requirement.key for requirement in exercise.requirements if requirement.aside}
    unexplained = frozenset(failed) - aside
    candidates = [item for item in _candidates(exercise, ask) if (item.fails - aside or item.fails) <= set(failed)]
    alone = [item for item in candidates if unexplained <= item.fails]
    if alone:
        return [max(alone, key=lambda item: item.departs).misconception]
    for together in combinations(candidates, MOST):
        named = [item.misconception for item in sorted(together, key=lambda item: -item.costs(exercise))]
        if named[0] != named[1] and unexplained <= frozenset().union(*(item.fails for item in together)):
            return named
    return []


def _candidates(exercise: Exercise, ask: Ask) -> Iterator[Candidate]:
    """Yield each mistake in the spelling that the answer behaves like, if there is one."""
    answer = measure(exercise, ask)
    stored = stored_fingerprints(exercise)
    tolerance = exercise.fingerprint.tolerance
    for misconception in exercise.misconceptions:
        found = []
        for known in stored.mistakes[misconception.name]:
            departs = _departs(stored.reference, known.behaves, tolerance)
            if departs.any() and _agrees(answer, known.behaves, departs, tolerance):
                found.append(Candidate(misconception, int(departs.sum()), known.fails))
        yield from sorted(found, key=lambda item: -item.departs)


def _departs(reference: np.ndarray, wrong: np.ndarray, tolerance: float) -> np.ndarray:
    """Tell in which numbers a mistake departs: in all of them where there are more, or fewer, than there should be."""
    if reference.shape != wrong.shape:
        return np.asarray(~np.isnan(wrong))
    return ~_close(reference, wrong, CLEARLY_APART * tolerance)


def _agrees(answer: np.ndarray, wrong: np.ndarray, where: np.ndarray, tolerance: float) -> bool:
    if answer.shape != wrong.shape:
        return False
    return bool(_close(answer, wrong, tolerance)[where].all())


def _close(a: np.ndarray, b: np.ndarray, tolerance: float) -> np.ndarray:
    return np.asarray(np.isclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True))


def fingerprints(exercise: Exercise) -> dict[str, Any]:
    """Measure the reference and every mistake of an exercise, ready for JSON (nan becomes null)."""
    return {
        "reference": _jsonable(_measured(exercise, exercise.reference)),
        "mistakes": {
            item.name: [_known(exercise, spelling) for spelling in item.spellings] for item in exercise.misconceptions
        },
    }


def _measured(exercise: Exercise, implementation: Implementation) -> np.ndarray:
    return measure(exercise, Ask(exercise.name, LocalTransport(resolve(implementation))))


def _known(exercise: Exercise, implementation: Implementation) -> dict[str, Any]:
    failed = put(exercise, Ask(exercise.name, LocalTransport(resolve(implementation)))).failed
    return {"behaves": _jsonable(_measured(exercise, implementation)), "fails": list(failed)}


def _jsonable(values: Sequence[float] | np.ndarray) -> list[Any]:
    return [None if np.isnan(value) else str(value) if np.isinf(value) else float(f"{value:.9g}") for value in values]


def stored_fingerprints(exercise: Exercise) -> Fingerprints:
    """Return the fingerprints stored beside the assignment, so that no framework is needed to read them.

    Those of an exercise that has none stored, or not of every mistake, are measured now.
    """
    stored = _stored(exercise.assignment).get(exercise.name)
    names = {misconception.name for misconception in exercise.misconceptions}
    return stored if stored and names <= stored.mistakes.keys() else _measured_now(exercise)


@cache
def _stored(assignment: str) -> dict[str, Fingerprints]:
    path = resources.files("autograder.checks").joinpath(assignment, "fingerprints.json")
    measured = json.loads(path.read_text()) if path.is_file() else {}
    return {exercise: _read(numbers) for exercise, numbers in measured.items()}


@cache
def _measured_now(exercise: Exercise) -> Fingerprints:
    return _read(fingerprints(exercise))


def _read(measured: dict[str, Any]) -> Fingerprints:
    mistakes = {
        name: [Known(_array(item["behaves"]), frozenset(item["fails"])) for item in spellings]
        for name, spellings in measured["mistakes"].items()
    }
    return Fingerprints(_array(measured["reference"]), mistakes)


def _array(values: Sequence[float | None]) -> np.ndarray:
    return np.array(values, dtype=float)
