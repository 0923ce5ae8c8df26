"""Right answers to `repaired_predict` that are written in another way."""

import numpy as np


def blocks_of(weights):
    return [weights[start : start + 6] for start in range(0, len(weights) - 2, 6)]


def require(weights, X):
    if X.ndim != 2 or X.shape[1] != weights[0].shape[0]:
        raise ValueError(f"X must have shape (n, {weights[0].shape[0]}), got shape {X.shape}")


def with_iterator(weights, X):
    require(weights, X)
    arrays = iter(weights)
    h = X
    for _ in range(len(weights) // 6):
        W, b, gamma, beta, mean, var = (next(arrays) for _ in range(6))
        h = np.where((z := np.dot(h, W) + b) > 0, z, 0)
        h = (h - mean) * (gamma / np.sqrt(var + 0.001)) + beta
    return (h @ next(arrays) + next(arrays)).astype(X.dtype)


def folded(weights, X):
    """Every BatchNorm is folded into the Dense layer behind it."""
    if np.ndim(X) != 2 or np.shape(X)[1] != len(weights[0]):
        raise ValueError("X has the wrong shape")
    shift, scale, h = 0.0, 1.0, X.astype(np.float64)
    for W, b, gamma, beta, mean, var in blocks_of(weights):
        h = np.clip(h @ (np.reshape(scale, (-1, 1)) * W) + shift @ W + b if np.ndim(shift) else h @ W + b, 0, None)
        scale = gamma / (var + 1e-3) ** 0.5
        shift = beta - mean * scale
    return ((h * scale) @ weights[-2] + shift @ weights[-2] + weights[-1]).astype(X.dtype)


def row_by_row(weights, X):
    require(weights, X)
    rows = []
    for row in X:
        h = row
        for W, b, gamma, beta, mean, var in blocks_of(weights):
            h = [max(float(h @ W[:, j] + b[j]), 0.0) for j in range(W.shape[1])]
            h = (np.array(h) - mean) / np.sqrt(var + 1e-3) * gamma + beta
        rows.append(h @ weights[-2][:, 0] + weights[-1][0])
    return np.array(rows, dtype=X.dtype)[:, None]
