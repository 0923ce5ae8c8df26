"""Statistical judgments of random masks, shared by every exercise that drops something.

A right mask has independent entries, each kept with probability q, whatever x is and whatever was drawn before. The
questions here count entries, or disjoint pairs of entries, so that every count is exactly binomial for a right answer.
"""

import numpy as np

from autograder.checks.exercise import Unmet
from autograder.checks.expect import expect
from autograder.checks.statistics import binomial_pmf, plausible_count

TESTS = 160
"""An upper bound on the counts that one requirement puts, among which its false-alarm probability is shared."""


def believable(outcomes: np.ndarray, probability: float) -> bool:
    """Tell whether independent boolean outcomes are believable at this probability of true."""
    return plausible_count(int(outcomes.sum()), outcomes.size, probability, TESTS)


def keeps_fraction(mask: np.ndarray, rate: float) -> None:
    """Raise Unmet unless the fraction of kept entries is believable at this drop rate."""
    kept = mask.mean()
    expect(
        believable(mask, 1 - rate),
        f"at rate {rate:g} about {1 - rate:.3g} of the entries should be kept, but {kept:.3g} of {mask.size:,} were",
    )


def independent_of(masks: np.ndarray, x: np.ndarray, rate: float) -> None:
    """Raise Unmet when masks (..., *shape) keep entries more or less often by the size or the magnitude of x."""
    for order in (x, np.abs(x)):
        upper = order > np.median(order)
        if not (believable(masks[..., upper], 1 - rate) and believable(masks[..., ~upper], 1 - rate)):
            raise Unmet("whether an entry is kept should not depend on its value in x")


def independent_entries(masks: np.ndarray, rate: float) -> None:
    """Raise Unmet when the entries of masks (calls, *shape) depend on one another within a call or between calls."""
    agree = (1 - rate) ** 2 + rate**2
    for axis in range(masks.ndim):
        if masks.shape[axis] < 2:
            continue
        for first, second in (_halves(masks, axis), _neighbors(masks, axis), _mirrored(masks, axis)):
            if not believable(first == second, agree):
                raise Unmet(_explain(axis))
    flat = masks.reshape(len(masks), -1)
    _equal_chances(flat, rate)
    _no_shared_fate(flat, agree)
    _independent_counts(flat, rate)


def _halves(masks: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    half = masks.shape[axis] // 2
    return masks.take(np.arange(half), axis), masks.take(np.arange(half, 2 * half), axis)


def _neighbors(masks: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    even = np.arange(0, masks.shape[axis] - 1, 2)
    return masks.take(even, axis), masks.take(even + 1, axis)


def _mirrored(masks: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    half = masks.shape[axis] // 2
    return masks.take(np.arange(half), axis), masks.take(-1 - np.arange(half), axis)


def _explain(axis: int) -> str:
    if axis == 0:
        return "two calls in a row should draw independent masks, but their masks are related"
    return f"entries along axis {axis - 1} share their fate: draw one random number for every entry of x"


def _equal_chances(flat: np.ndarray, rate: float) -> None:
    """Look at every entry: over many calls none may be kept much more, or much less, often than the others."""
    calls, entries = flat.shape
    kept = flat.sum(axis=0)
    for extreme in (kept.min(), kept.max()):
        if not plausible_count(int(extreme), calls, 1 - rate, TESTS * entries):
            raise Unmet("every entry should have the same chance to be kept, but some are favored")


def _no_shared_fate(flat: np.ndarray, agree: float) -> None:
    """Look at every pair of entries: over many calls no two may agree much more, or much less, often than by chance."""
    calls, entries = flat.shape
    if entries < 2:
        return
    signs = np.where(flat, np.float32(1), np.float32(-1))  # exact, and multiplied by BLAS
    agreements = (signs.T @ signs + calls) / 2
    np.fill_diagonal(agreements, agreements[0, 1])  # an entry agrees with itself
    pairs = entries * (entries - 1) // 2
    for extreme in (agreements.min(), agreements.max()):
        if not plausible_count(int(extreme), calls, agree, TESTS * pairs):
            raise Unmet("some entries always share their fate: draw one random number for every entry of x")


def _independent_counts(flat: np.ndarray, rate: float) -> None:
    """Compare how often a call keeps a number of entries near the expected one with the binomial law.

    The middle holds about half of the law's mass, so that a number that never varies is seen wherever it lies.
    """
    trials = flat.shape[1]
    spread = 0.67 * (trials * rate * (1 - rate)) ** 0.5
    middle = [k for k in range(trials + 1) if abs(k - trials * (1 - rate)) <= spread]
    probability = sum(binomial_pmf(k, trials, 1 - rate) for k in middle)
    if not believable(np.isin(flat.sum(axis=1), middle), probability):
        raise Unmet("the number of kept entries should vary from call to call as independent coin flips make it vary")
