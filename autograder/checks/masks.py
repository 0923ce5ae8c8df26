"""Statistical judgments of random masks, shared by every exercise that drops something.

A right mask has independent entries, each kept with probability q, whatever x is and whatever was drawn before. The
questions here count entries, or disjoint pairs of entries, so that every count is exactly binomial for a right answer.

Whether entries depend on one another is judged by the share of them that an answer keeps, be it the right one or not:
a wrong share has a requirement of its own.
"""

import numpy as np

from autograder.checks.exercise import Unmet
from autograder.checks.expect import expect
from autograder.checks.statistics import binomial_pmf, plausible_count, relative_entropy

TESTS = 160
"""An upper bound on the counts that one requirement puts, among which its false-alarm probability is shared."""


def believable(outcomes: np.ndarray, probability: float) -> bool:
    """Tell whether independent boolean outcomes are believable at this probability of true."""
    return plausible_count(int(outcomes.sum()), outcomes.size, probability, TESTS)


def keeps_fraction(mask: np.ndarray, rate: float, at: str = "", of: str = "entries") -> None:
    """Raise Unmet unless the fraction of kept entries is believable at this drop rate.

    Args:
        mask: whether each entry was kept.
        rate: the drop rate.
        at: what was asked, when that is no `rate`.
        of: what is kept or dropped.
    """
    expect(
        believable(mask, 1 - rate),
        f"at {at or f'rate {rate:g}'} about {1 - rate:.3g} of the {of} should be kept, "
        f"but {share(mask)} of {mask.size:,} were",
    )


def share(mask: np.ndarray) -> str:
    """Return which share of a mask is true, so that it is not read as a count."""
    return "all" if mask.all() else f"{mask.mean():.3g}" if mask.any() else "none"


def own_rate(masks: np.ndarray, rate: float) -> float:
    """Return the drop rate that masks go by: the one that was asked, else the one that they show.

    Raises Unmet when they keep everything or nothing, so that nothing can be seen of how they are drawn.
    """
    if believable(masks, 1 - rate):
        return rate
    dropped = 1 - float(masks.mean())
    expect(0 < dropped < 1, "nothing is dropped in any of many calls" if dropped == 0 else "nothing is ever kept")
    return dropped


def independent_of(masks: np.ndarray, x: np.ndarray, rate: float) -> None:
    """Raise Unmet when masks (..., *shape) keep entries more or less often by the size or the magnitude of x."""
    kept = 1 - own_rate(masks, rate)
    for order in (x, np.abs(x)):
        upper = order > np.median(order)
        if not (believable(masks[..., upper], kept) and believable(masks[..., ~upper], kept)):
            raise Unmet("whether an entry is kept should not depend on its value in x")


def independent_entries(
    masks: np.ndarray, rate: float, of: str = "entries", array: str = "x", does: str = "are kept"
) -> None:
    """Raise Unmet when the entries of masks (calls, *shape) depend on one another within a call or between calls.

    Args:
        masks: whether each entry was kept in each call.
        rate: the drop rate that was asked.
        of: what is kept or dropped.
        array: the name of what has these entries.
        does: what a mask says of an entry.
    """
    rate = own_rate(masks, rate)
    agree = (1 - rate) ** 2 + rate**2
    if axes := {axis: surprise for axis in range(masks.ndim) if (surprise := _surprise(masks, axis, agree))}:
        raise Unmet(_explain(max(axes, key=lambda axis: axes[axis]), of, array, does))
    flat = masks.reshape(len(masks), -1)
    _equal_chances(flat, rate, f"{of} {does}")
    _no_shared_fate(flat, agree, of, array)
    _independent_counts(flat, rate, f"{of} that {does}")


def _surprise(masks: np.ndarray, axis: int, agree: float) -> float:
    """Return how far from chance entries along an axis agree with one another: 0 where chance explains it.

    What depends along one axis may seem to depend along another; there it is further from chance.
    """
    if masks.shape[axis] < 2:
        return 0.0
    pairs = (_halves(masks, axis), _neighbors(masks, axis), _mirrored(masks, axis))
    same = [first == second for first, second in pairs]
    return max(
        (relative_entropy(float(seen.mean()), agree) for seen in same if not believable(seen, agree)), default=0.0
    )


def _halves(masks: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    half = masks.shape[axis] // 2
    return masks.take(np.arange(half), axis), masks.take(np.arange(half, 2 * half), axis)


def _neighbors(masks: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    even = np.arange(0, masks.shape[axis] - 1, 2)
    return masks.take(even, axis), masks.take(even + 1, axis)


def _mirrored(masks: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    half = masks.shape[axis] // 2
    return masks.take(np.arange(half), axis), masks.take(-1 - np.arange(half), axis)


def _explain(axis: int, of: str, array: str, does: str) -> str:
    if axis == 0:
        return f"which {of} {does} in one call should not depend on those of another call, but it does"
    return f"the {of} along axis {axis - 1} depend on one another: draw one random number for every entry of {array}"


def _equal_chances(flat: np.ndarray, rate: float, kept: str) -> None:
    """Look at every entry: over many calls none may be kept much more, or much less, often than the others."""
    calls, entries = flat.shape
    counts = flat.sum(axis=0)
    for extreme in (counts.min(), counts.max()):
        if not plausible_count(int(extreme), calls, 1 - rate, TESTS * entries):
            raise Unmet(f"all should have the same chance, but some {kept} more often than others")


def _no_shared_fate(flat: np.ndarray, agree: float, of: str, array: str) -> None:
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
            raise Unmet(f"some {of} always share their fate: draw one random number for every entry of {array}")


def _independent_counts(flat: np.ndarray, rate: float, those: str) -> None:
    """Compare how often a call keeps a number of entries near the expected one with the binomial law.

    The middle holds about half of the law's mass, so that a number that never varies is seen wherever it lies.
    """
    trials = flat.shape[1]
    spread = 0.67 * (trials * rate * (1 - rate)) ** 0.5
    middle = [k for k in range(trials + 1) if abs(k - trials * (1 - rate)) <= spread]
    probability = sum(binomial_pmf(k, trials, 1 - rate) for k in middle)
    if not believable(np.isin(flat.sum(axis=1), middle), probability):
        raise Unmet(f"the number of {those} should vary from call to call as independent coin flips make it vary")
