"""Confidence against accuracy: `expected_calibration_error(probs, labels, bins=15)`."""

from itertools import pairwise, product

import numpy as np

from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, number, refuses
from autograder.checks.monte_carlo.predictions import predictions, too_sure
from autograder.reference.montecarlo import expected_calibration_error

exercise = Exercise(
    expected_calibration_error,
    page="montecarlo/uncertainty#Calibration",
    onward="The figure after this looks for a temperature with it; try it with 5 and with 500 bins on the same predictions, and see which error you would rather report.",
    trap=("weighs_bins", "takes_absolute_gaps"),
)


def error(ask: Ask, probs: np.ndarray, labels: np.ndarray, **settings: int) -> float:
    return number(ask(probs, labels, **settings))


def unit(ask: Ask) -> float:
    """Return what an answer gives for a single gap, for each unit of it, so that its unit is judged once.

    The confidence is in the middle of its bin, as wherever it is not the subject.
    """
    return error(ask, np.array([[0.5, 0.25, 0.25]] * 4), np.ones(4, int), bins=1) / 0.5


def compare(ask: Ask, probs: np.ndarray, labels: np.ndarray, message: str, **settings: int) -> None:
    """Raise Unmet unless the magnitude of the result is right in the unit of the answer."""
    wanted = unit(ask) * expected_calibration_error(probs, labels, **settings)
    expect(close(abs(error(ask, probs, labels, **settings)), abs(wanted)), message)


@exercise.requires("averages the gaps of the bins, each weighted by its count", 2)
def weighs_bins(ask: Ask, draw: np.random.Generator) -> None:
    for n, k, spread in ((300, 3, 1.5), (200, 6, 2.5), (500, 2, 3), (6, 6, 1.5), (1, 4, 1)):
        probs, labels = too_sure(draw, n, k, spread)
        found = abs(error(ask, probs, labels))
        expect(
            close(found, expected_calibration_error(probs, labels)),
            "this is not the mean gap over the bins, each weighted by the examples in it, as a share of 1",
        )
        for kind in ("int32", "uint8"):
            same = close(abs(error(ask, probs, labels.astype(kind))), found)
            expect(same, f"labels of dtype {kind} should give what others give")


@exercise.requires("takes absolute gaps", 1.5, after="weighs_bins")
def takes_absolute_gaps(ask: Ask, draw: np.random.Generator) -> None:
    """One bin is too sure of itself, another too little: their gaps must not cancel.

    Both are of one size, so that it makes no difference how gaps are put together.
    """
    message = "too much confidence in one bin must not make up for too little in another"
    for n, low, high, hits in ((1, 9, 15, 8), (3, 11, 15, 10), (4, 9, 13, 6)):
        probs = np.repeat([[low, 16 - low], [16 - high, high]], 16 * n, axis=0) / 16
        labels = np.concatenate([np.zeros(16 * n, int), np.repeat([1, 0], [hits * n, (16 - hits) * n])])
        compare(ask, probs, labels, message, bins=8)


@exercise.requires("closes bins on the right", 1, after="weighs_bins")
def closes_bins_on_the_right(ask: Ask, draw: np.random.Generator) -> None:
    """Confidences on a border miss, those to their left hit: as they do when they lie a little inside the bin."""
    message = "bins should be closed on the right: a confidence of 1 / bins belongs to the first, and 1 to the last"
    for bins in (4, 8):
        for border, n in product(((bins - 1) / bins, 1.0), (3, 8)):
            found = []
            for confidence in (border, border - 1e-9):
                confidences = np.repeat([confidence, border - 0.3 / bins], n)
                probs = np.stack([confidences, 1 - confidences], axis=1)
                found.append(abs(error(ask, probs, np.repeat([1, 0], n), bins=bins)))
            expect(close(*found), message)


@exercise.requires("follows the number of bins", 1, after="weighs_bins takes_absolute_gaps closes_bins_on_the_right")
def follows_bins(ask: Ask, draw: np.random.Generator) -> None:
    for bins in ({}, *({"bins": value} for value in (1, 2, 5, 10, 30))):
        probs, labels = predictions(draw, 250, 4)
        message = (
            f"with {bins['bins']} bins the result is not right" if bins else "with 15 bins the result is not right"
        )
        compare(ask, probs, labels, message, **bins)


@exercise.requires("breaks ties for the first class", 0.5, after="weighs_bins")
def breaks_ties_for_the_first(ask: Ask, draw: np.random.Generator) -> None:
    n = int(draw.integers(6, 12))
    probs = np.tile([0.125, 0.375, 0.375, 0.125], (n, 1))
    for label in (1, 2):
        compare(ask, probs, np.full(n, label), "when two classes tie, the first should count as predicted", bins=4)


@exercise.requires("refuses wrong shapes", 0.25)
def refuses_wrong_shapes(ask: Ask, draw: np.random.Generator) -> None:
    probs, labels = predictions(draw, 12, 3)
    error(ask, probs, labels)
    refuses(ask, probs, labels[:5], because="fewer labels than predictions", mentions="labels probs")
    refuses(ask, probs, labels[:1], because="one label for many predictions", mentions="labels probs")
    refuses(ask, probs[None], labels, because="probs with three dimensions", mentions="probs")


exercise.requires("takes float32 and float64 in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(None)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    """Two bins, both with examples in them: one too sure of itself, the other too little."""
    numbers = []
    for low, high, n in ((0.35, 0.8, 7), (0.45, 0.95, 12), (0.45, 1.0, 6), (0.5, 0.75, 9)):
        probs = np.array([[low, (1 - low) / 2 + 0.01, (1 - low) / 2 - 0.01]] * 5 + [[1 - high, 0.0, high]] * n)
        labels = np.array([0, 0, 0, 0, 1] + [2] * (n // 2) + [0] * (n - n // 2))
        numbers.append(abs(float(ask(probs, labels, bins=2))))
    borders = np.array([[0.5, 0.5]] * 3 + [[0.9, 0.1]] * 4)
    return [*numbers, abs(float(ask(borders, np.array([1, 1, 1, 0, 0, 0, 0]), bins=2)))]


def require(probs, labels):
    if probs.ndim != 2 or labels.shape != probs.shape[:1]:
        raise ValueError("probs and labels: wrong shape")


def over_bins(confidence, hit, bins, combine):
    """Apply `combine` to the gaps and shares of the bins that are not empty."""
    index = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    filled = [index == i for i in range(bins) if (index == i).any()]
    gaps = np.array([hit[inside].mean() - confidence[inside].mean() for inside in filled])
    return float(combine(gaps, np.array([inside.mean() for inside in filled])))


@exercise.mistake("mean over bins")
def mean_over_bins(probs, labels, bins=15):
    """All bins count alike, so a bin with three examples weighs as much as one with three hundred. Weight each gap by
    the share of examples in its bin."""
    require(probs, labels)
    hit = probs.argmax(axis=1) == labels
    return over_bins(probs.max(axis=1), hit, bins, lambda gaps, _: np.abs(gaps).mean())


@exercise.mistake("signed differences")
def signed_differences(probs, labels, bins=15):
    """Too much confidence in one bin makes up for too little in another. Take the absolute gap of each bin before
    adding."""
    require(probs, labels)
    hit = probs.argmax(axis=1) == labels
    return over_bins(probs.max(axis=1), hit, bins, lambda gaps, shares: (gaps * shares).sum())


@exercise.mistake("middle of the bin for its confidence")
def middle_of_bin(probs, labels, bins=15):
    """Accuracy is compared with the middle of a bin, which its examples need not have: take their mean confidence."""
    require(probs, labels)
    index = np.ceil(probs.max(axis=1) * bins) - 1
    hit = probs.argmax(axis=1) == labels
    return sum(abs((hit - (i + 0.5) / bins)[index == i].sum()) for i in set(index)) / len(probs)


@exercise.mistake("in percent")
def in_percent(probs, labels, bins=15):
    """The result is multiplied by 100. The exercise asks for a share: a gap between two numbers from 0 to 1."""
    require(probs, labels)
    hit = probs.argmax(axis=1) == labels
    return 100 * over_bins(probs.max(axis=1), hit, bins, lambda gaps, shares: (np.abs(gaps) * shares).sum())


@exercise.mistake("bins closed on the left")
def closed_on_the_left(probs, labels, bins=15):
    """A confidence on the border of two bins is put into the upper one, as `int(confidence * bins)` does. Here the lower
    one has it: round confidence * bins up and subtract 1."""
    require(probs, labels)
    confidence, hit = probs.max(axis=1), probs.argmax(axis=1) == labels
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    return float(np.abs(np.bincount(index, hit - confidence, minlength=bins)).sum() / len(probs))


@exercise.mistake("the largest gap")
def largest_gap(probs, labels, bins=15):
    """This is the largest gap of all bins, the maximum calibration error. The expected one is the mean over the bins, each
    weighted by its examples."""
    require(probs, labels)
    hit = probs.argmax(axis=1) == labels
    return over_bins(probs.max(axis=1), hit, bins, lambda gaps, _: np.abs(gaps).max())


@exercise.mistake("bins on the true class")
def bins_on_true_class(probs, labels, bins=15):
    """Examples are sorted by the probability of their label, which nobody knows when predicting. Confidence is the
    largest probability."""
    require(probs, labels)
    hit = probs.argmax(axis=1) == labels
    of_label = probs[np.arange(len(labels)), labels]
    return over_bins(of_label, hit, bins, lambda gaps, shares: (np.abs(gaps) * shares).sum())


@exercise.right
def with_edges(probs, labels, bins=15):
    if probs.ndim != 2:
        raise ValueError("probs must have shape (n, k)")
    if labels.shape != (len(probs),):
        raise ValueError("labels must have shape (n,)")
    confidence, hit = np.max(probs, axis=1).astype(np.float64), np.argmax(probs, axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    total = 0.0
    for left, right in pairwise(edges):
        inside = (confidence > left) & (confidence <= right)
        if inside.any():
            total += inside.mean() * abs(hit[inside].mean() - confidence[inside].mean())
    return total


@exercise.right
def with_digitize(probs, labels, bins=15):
    if len(probs.shape) != 2 or probs.shape[0] != labels.size or labels.ndim != 1:
        raise ValueError("probs or labels has a wrong shape")
    confidence = probs.astype(float).max(1)
    index = np.digitize(confidence, np.arange(1, bins) / bins, right=True)
    sums = np.zeros(bins)
    np.add.at(sums, index, (probs.argmax(1) == labels) - confidence)
    return np.abs(sums).sum() / len(labels)


@exercise.right
def with_dictionary(probs, labels, bins=15):
    if probs.ndim != 2 or labels.ndim != 1 or len(probs) != len(labels):
        raise ValueError("shape")
    found = {}
    for row, label in zip(probs.tolist(), labels.tolist(), strict=True):
        confidence = max(row)
        found.setdefault(-int(-confidence * bins // 1), []).append((row.index(confidence) == label, confidence))
    gaps = [abs(sum(hit for hit, _ in pairs) - sum(confidence for _, confidence in pairs)) for pairs in found.values()]
    return sum(gaps) / len(probs)
