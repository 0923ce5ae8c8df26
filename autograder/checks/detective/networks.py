"""Networks of Dense - ReLU - BatchNorm blocks and a linear head, as lists of weights."""

from itertools import pairwise

import numpy as np

EPS = 1e-3
Weights = list[np.ndarray]


def normalize(h, gamma, beta, mean, var):
    return gamma * (h - mean) / np.sqrt(var + EPS) + beta


def network(draw: np.random.Generator, sizes: tuple[int, ...], dtype: str = "float64", small: float = 0.3) -> Weights:
    """Draw W, b, gamma, beta, mean, var of every block (variances from `small` to 3), and W, b of the head."""
    weights: Weights = []
    for fan_in, units in pairwise(sizes):
        weights += [draw.normal(0, 1 / np.sqrt(fan_in), (fan_in, units)), draw.normal(0, 0.7, units)]
        weights += [draw.uniform(0.5, 2, units), draw.normal(0, 1, units)]
        weights += [draw.uniform(0, 1, units), draw.uniform(small, 3, units)]
    weights += [draw.normal(0, 1, (sizes[-1], 1)), draw.normal(0, 1, 1)]
    return [array.astype(dtype) for array in weights]


def without_norm(weights: Weights) -> Weights:
    """Return the weights with every BatchNorm made the identity."""
    neutral = [1.0, 0.0, 0.0, 1 - EPS]
    replaced = [np.full_like(w, neutral[i % 6 - 2]) if i % 6 > 1 else w for i, w in enumerate(weights[:-2])]
    return replaced + weights[-2:]


def calm(weights: Weights, X: np.ndarray) -> Weights:
    """Return weights whose blocks have logits of 5 at most, and whose predictions are positive, for these inputs.

    How large logits and negative predictions are treated is asked apart.
    """
    scaled, h = list(weights), X
    for start in range(0, len(weights) - 2, 6):
        W, b, *norm = weights[start : start + 6]
        size = max(1.0, float(np.abs(h @ W + b).max()) / 5)
        scaled[start : start + 2] = [W / size, b / size]
        h = normalize(np.maximum((h @ W + b) / size, 0), *norm)
    scaled[-1] = 1 - (h @ weights[-2]).min(axis=0)
    return scaled
