"""Claims: what a sentence says about numbers, stated beside the numbers; where it does not hold, the page fails.

Each function takes the words it stands for, raises AssertionError with them and the numbers where they are not true,
and returns them, so that a caption can be written with it. Words are quoted from the page, with … for what is glued in.
The margin says how far a claim is from failing: in standard errors where numbers are measured, as a factor where they
are computed without chance. `python -m coursebook.ledger` lists the claims of all pages.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from coursebook.numbers import format_mean, format_number

SIGMAS = 2.0  # standard errors that a measured claim needs
# With fewer runs the standard error itself is uncertain: what Student's t makes as unlikely as 2 with five runs.
FEW = {2: (5.42, "two"), 3: (2.67, "three"), 4: (2.19, "four")}
ROUNDING = 1e-6

made: list["Claim"] = []  # the claims of this page, for its footer


@dataclass(frozen=True)
class Claim:
    """Words, the kind of their claim, how far it is from failing (None: it cannot tip), its numbers and its key."""

    words: str
    kind: str
    margin: float | None
    unit: str
    numbers: str
    key: str


def larger(words: str, runs: ArrayLike, than: ArrayLike = 0.0, *, paired: bool = True, key: str = "") -> str:
    """Claim that measured numbers are larger than others on average, beyond two standard errors.

    Args:
        words: the sentence or a part of it. With fewer than five runs it must say how many there are.
        runs: one number for each seed, shape (n,), or a row for each seed, shape (n, k): it is claimed of every column.
        than: numbers for the same seeds, or one for all.
        paired: False when the two come from different seeds, and may have different lengths.
        key: a name by which other pages refer to the claim.
    """
    margin, numbers = _excess(words, runs, than, paired)
    return _claim(words, "larger", margin, "se", numbers, key, needed=SIGMAS)


def ranked(words: str, *runs: ArrayLike, key: str = "") -> str:
    """Claim that measured numbers are in order, the largest first: each exceeds the next as in `larger`."""
    steps = [_excess(words, more, less, paired=True) for more, less in pairwise(runs)]
    numbers = "; ".join(numbers for _, numbers in steps)
    return _claim(words, "ranked", min(margin for margin, _ in steps), "se", numbers, key, needed=SIGMAS)


def alike(words: str, runs: ArrayLike, than: ArrayLike = 0.0, *, within: float, key: str = "") -> str:
    """Claim that measured numbers hardly differ: their mean difference and two standard errors stay within a bound."""
    margin, numbers = _room(words, np.asarray(runs, float) - than, within)
    return _claim(words, "alike", margin, "se", f"{numbers}, within {within:.3g}", key, needed=SIGMAS)


def converged(words: str, change: ArrayLike, difference: ArrayLike, *, key: str = "") -> str:
    """Claim that training was long enough for a comparison.

    Args:
        words: the sentence, as in `larger`.
        change: what the last part of the training still changed, one number for each seed.
        difference: the difference that is discussed, one number for each seed.
        key: as in `larger`.
    """
    discussed = abs(float(np.mean(difference)))
    margin, numbers = _room(words, np.asarray(change, float), discussed)
    return _claim(words, "converged", margin, "se", f"{numbers}, discussed {discussed:.3g}", key, needed=SIGMAS)


def above(words: str, value: ArrayLike, bound: ArrayLike, *, factor: float = 1.0, key: str = "") -> str:
    """Claim that numbers without chance in them exceed a bound, each of them, and by a factor if one is given."""
    value, bound = np.broadcast_arrays(np.asarray(value, float), factor * np.asarray(bound, float))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(bound == 0, np.where(value > 0, np.inf, 0.0), 1 + (value - bound) / np.abs(bound))
    place = np.unravel_index(np.argmin(ratios), ratios.shape)
    numbers = f"{value[place]:.4g} against {bound[place]:.4g}"
    return _claim(words, "above", float(ratios[place]), "×", numbers, key, needed=1 + ROUNDING)


def close(words: str, value: ArrayLike, target: ArrayLike, *, within: float, key: str = "") -> str:
    """Claim that numbers without chance in them are equal to others up to a bound on the difference."""
    error = float(np.max(np.abs(np.asarray(value, float) - target)))
    margin = within / error if error else np.inf
    return _claim(words, "close", margin, "×", f"off by {error:.2g}, within {within:.2g}", key, needed=1.0)


def holds(words: str, condition: bool, *, key: str = "") -> str:
    """Claim what is true or not, without a more or less: that two arrays are equal, that an error is raised."""
    return _claim(words, "holds", np.inf if condition else 0.0, "", str(bool(condition)), key, needed=1.0)


def _excess(words: str, runs: ArrayLike, than: ArrayLike, paired: bool) -> tuple[float, str]:
    """Return a difference of means in standard errors, and in words."""
    runs, than = np.asarray(runs, float), np.asarray(than, float)
    if paired:
        return _narrowest(lambda column: _distance(words, column, 0.0), runs - than)
    error = np.hypot(_error(words, runs), _error(words, than))
    sigmas = _scaled(words, runs.mean() - than.mean(), error, min(runs.size, than.size))
    return sigmas, f"{_mean(runs)} against {_mean(than)}"


def _room(words: str, runs: np.ndarray, bound: float) -> tuple[float, str]:
    """Return how many standard errors the mean of runs is away from ± a bound, inside it, and the mean in words."""
    return _narrowest(lambda column: _distance(words, column if column.mean() < 0 else -column, -bound), runs)


def _narrowest(distance: Callable[[np.ndarray], float], runs: np.ndarray) -> tuple[float, str]:
    """Return the distance of the column that is closest to failing, and its mean in words."""
    columns = np.atleast_1d(runs).reshape(len(np.atleast_1d(runs)), -1).T
    distances = [distance(column) for column in columns]
    place = int(np.argmin(distances))
    return distances[place], _mean(columns[place])


def _distance(words: str, runs: np.ndarray, bound: float) -> float:
    """Return how many standard errors the mean of runs lies above a bound."""
    return _scaled(words, runs.mean() - bound, _error(words, runs), runs.size)


def _error(words: str, runs: np.ndarray) -> float:
    if runs.ndim != 1 or runs.size < 2:
        raise ValueError(f"a measured claim needs a number for each of several seeds, not shape {runs.shape}: {words}")
    return float(runs.std(ddof=1) / np.sqrt(runs.size))


def _scaled(words: str, distance: float, error: float, count: int) -> float:
    """Return a distance in standard errors of five runs or more; fewer that the words hide raise ValueError."""
    needed, spelled = FEW.get(count, (SIGMAS, ""))
    if spelled and not re.search(rf"\b({count}|{spelled})\b", words, re.IGNORECASE):
        raise ValueError(f"rests on {count} seeds, and does not say so: {words}")
    if error == 0:
        return math.copysign(math.inf, distance) if distance else 0.0
    return float(distance / error * SIGMAS / needed)


def _mean(runs: np.ndarray) -> str:
    return f"{format_mean(runs, '.3g')} in {runs.size} runs"


def _claim(words: str, kind: str, margin: float, unit: str, numbers: str, key: str, needed: float) -> str:
    """Record a claim and return its words; one that does not hold raises AssertionError."""
    if not margin >= needed:
        short = f"{format_number(margin, '.3g')} {unit} where {needed:.3g} is needed; " if unit else ""
        raise AssertionError(f"“{words}” does not hold ({kind}): {short}{numbers}")
    made.append(Claim(words, kind, margin if math.isfinite(margin) else None, unit, numbers, key))
    return words
