"""Confidence against accuracy: `expected_calibration_error(probs, labels, bins=15)`."""

from itertools import pairwise

import numpy as np

from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, number, refuses
from autograder.reference.montecarlo import expected_calibration_error

exercise = Exercise(
    expected_calibration_error,
    page="montecarlo/uncertainty#calibration",
    onward="Try it with 5 and with 500 bins on the same predictions, and see which error you would rather report.",
)


def predictions(draw: np.random.Generator, n: int, k: int, spread: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    """Draw probabilities whose largest lies on no border of a bin, and labels that they hit about half of the time."""
    odds = np.exp(spread * draw.normal(0, 1, (4 * n, k)))
    probs = odds / odds.sum(axis=1, keepdims=True)
    distances = [np.abs(probs.max(axis=1) * bins % 1 - 0.5) for bins in range(1, 31)]
    probs = probs[np.max(distances, axis=0) < 0.4999][:n]
    labels = np.where(draw.random(len(probs)) < 0.5, probs.argmax(axis=1), draw.integers(0, k, len(probs)))
    return probs, labels


def error(ask: Ask, probs: np.ndarray, labels: np.ndarray, **settings: int) -> float:
    return number(ask(probs, labels, **settings))


def compare(ask: Ask, probs: np.ndarray, labels: np.ndarray, message: str, **settings: int) -> None:
    expect(close(error(ask, probs, labels, **settings), expected_calibration_error(probs, labels, **settings)), message)


@exercise.requires("averages the gaps of the bins, each weighted by its count", 2)
def weighs_bins(ask: Ask, draw: np.random.Generator) -> None:
    for n, k, spread in ((300, 3, 1.5), (200, 6, 2.5), (500, 2, 3), (6, 6, 1.5), (1, 4, 1)):
        probs, labels = predictions(draw, n, k, spread)
        compare(ask, probs, labels, "this is not the mean gap over the bins, each weighted by the examples in it")
        for kind in ("int32", "uint8"):
            compare(ask, probs, labels.astype(kind), f"labels of dtype {kind} should give what others give")


@exercise.requires("follows the number of bins", 1)
def follows_bins(ask: Ask, draw: np.random.Generator) -> None:
    for bins in (1, 2, 5, 10, 30):
        probs, labels = predictions(draw, 250, 4)
        compare(ask, probs, labels, f"with bins={bins} the result is not right", bins=bins)


@exercise.requires("takes absolute gaps", 1)
def takes_absolute_gaps(ask: Ask, draw: np.random.Generator) -> None:
    """One bin is too sure of itself, another too little: their gaps must not cancel."""
    n = int(draw.integers(20, 40))
    low, high = draw.uniform(0.55, 0.6), draw.uniform(0.9, 0.95)
    probs = np.repeat([[low, 1 - low], [1 - high, high]], n, axis=0)
    labels = np.concatenate([np.zeros(n, int), draw.integers(0, 2, n)])
    for bins in (10, 15):
        compare(
            ask, probs, labels, "too much confidence in one bin must not make up for too little in another", bins=bins
        )


@exercise.requires("closes bins on the right", 1)
def closes_bins_on_the_right(ask: Ask, draw: np.random.Generator) -> None:
    """Confidences on borders miss and meet hits of the bin to their left; in the bin to their right they meet misses."""
    for bins in (4, 8):
        top = (bins - 1) / bins
        confidences = np.array([top, top - 0.3 / bins, 1.0, 1 - 0.3 / bins])
        probs = np.repeat(np.stack([confidences, 1 - confidences], axis=1), draw.integers(3, 9, 4), axis=0)
        labels = np.isin(probs[:, 0], (top, 1.0)).astype(int)
        message = "bins should be closed on the right: a confidence of 1 / bins belongs to the first, and 1 to the last"
        compare(ask, probs, labels, message, bins=bins)


@exercise.requires("breaks ties for the first class", 0.5)
def breaks_ties_for_the_first(ask: Ask, draw: np.random.Generator) -> None:
    n = int(draw.integers(6, 12))
    probs = np.tile([0.125, 0.375, 0.375, 0.125], (n, 1))
    for label in (1, 2):
        compare(ask, probs, np.full(n, label), "when two classes tie, the first should count as predicted", bins=4)


@exercise.requires("refuses wrong shapes", 0.5)
def refuses_wrong_shapes(ask: Ask, draw: np.random.Generator) -> None:
    probs, labels = predictions(draw, 12, 3)
    error(ask, probs, labels)
    refuses(ask, probs, labels[:5], because="fewer labels than predictions", mentions="labels probs")
    refuses(ask, probs, labels[:1], because="one label for many predictions", mentions="labels probs")
    refuses(ask, probs[None], labels, because="probs with three dimensions", mentions="probs")


exercise.requires("takes float32 and float64 in any memory layout, and leaves its arguments alone", 0.5)(
    in_every_way(None)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    """Two bins, both with examples in them: one too sure of itself, the other too little."""
    numbers = []
    for low, high, n in ((0.35, 0.8, 7), (0.45, 0.95, 12)):
        probs = np.array([[low, (1 - low) / 2 + 0.01, (1 - low) / 2 - 0.01]] * 5 + [[1 - high, 0.0, high]] * n)
        labels = np.array([0, 0, 0, 0, 1] + [2] * (n // 2) + [0] * (n - n // 2))
        numbers.append(abs(float(ask(probs, labels, bins=2))))
    return numbers


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
