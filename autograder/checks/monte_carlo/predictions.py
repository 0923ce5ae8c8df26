"""Hidden predictions of a classifier: how sure it is, and how often that is right."""

import numpy as np


def predictions(draw: np.random.Generator, n: int, k: int, spread: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    """Draw probabilities whose largest lies on no border of a bin, and labels that they hit about half of the time."""
    odds = np.exp(spread * draw.normal(0, 1, (4 * n, k)))
    probs = odds / odds.sum(axis=1, keepdims=True)
    distances = [np.abs(probs.max(axis=1) * bins % 1 - 0.5) for bins in range(1, 31)]
    probs = probs[np.max(distances, axis=0) < 0.4999][:n]
    labels = np.where(draw.random(len(probs)) < 0.5, probs.argmax(axis=1), draw.integers(0, k, len(probs)))
    return probs, labels


def too_sure(draw: np.random.Generator, n: int, k: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw predictions that are too sure of themselves in each of 15 bins, so that all gaps have one sign.

    The surest of a bin miss, so that the gaps of a part of a bin have both.
    """
    probs, _ = predictions(draw, n, k, spread)
    confidence, labels = probs.max(axis=1), (probs.argmax(axis=1) + 1) % k
    index = np.ceil(confidence * 15).astype(int) - 1
    for inside in (np.flatnonzero(index == i) for i in range(15) if i >= 6):
        hits = inside[np.argsort(confidence[inside])][: int(0.39 * len(inside))]
        labels[hits] = probs[hits].argmax(axis=1)
    return probs, labels
