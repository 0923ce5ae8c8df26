"""A custom prediction with every bug out: `repaired_predict(weights, X)`."""

from itertools import pairwise

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask, Value
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect, refuses
from autograder.reference.detective import repaired_predict

exercise = Exercise(
    repaired_predict,
    page="normalization/inference#mistakes-about-epsilon-are-small-all-others-are-large",
    onward="The figure after this measures what each bug costs; try to find an input on which the smallest of them is large.",
    challenge=True,
)

EPS = 1e-3
Weights = list[np.ndarray]


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


def predictions(value: Value, n: int, dtype: str = "") -> np.ndarray:
    return array(value, (n, 1), dtype or None)


def agrees(ask: Ask, weights: Weights, X: np.ndarray, message: str) -> None:
    y = predictions(ask(weights, X), len(X))
    right = repaired_predict(weights, X)
    expect(close(y, right, scale=float(np.abs(right).max())), message)


@exercise.requires("chains Dense and ReLU layers and ends in a linear head", 1.5)
def chains(ask: Ask, draw: np.random.Generator) -> None:
    for sizes in ((5, 4), (4, 7, 3)):
        weights, X = without_norm(network(draw, sizes)), 10 * hidden.away_from_zero(draw, (9, sizes[0]))
        message = (
            "with BatchNorm made the identity, the prediction should be that of Dense and ReLU layers and a linear head"
        )
        agrees(ask, weights, X, message)


@exercise.requires("normalizes after the ReLU", 1)
def normalizes_after_relu(ask: Ask, draw: np.random.Generator) -> None:
    for _ in range(2):
        weights, X = network(draw, (5, 6)), hidden.away_from_zero(draw, (9, 5))
        weights[5] = np.full(6, 1 - EPS)
        agrees(ask, weights, X, "BatchNorm should follow ReLU: gamma and beta act on what the ReLU put out")


@exercise.requires("divides by the root of variance plus eps", 1)
def takes_root(ask: Ask, draw: np.random.Generator) -> None:
    for small in (1e-3, 0.3):
        weights, X = network(draw, (5, 6), small=small), hidden.away_from_zero(draw, (9, 5))
        weights[5][:3] = draw.uniform(small, 3 * small, 3)
        agrees(ask, weights, X, "BatchNorm should divide by sqrt(var + eps) with eps 1e-3 inside the root")


@exercise.requires("repeats this for every block", 1.5)
def repeats_blocks(ask: Ask, draw: np.random.Generator) -> None:
    for sizes in ((11, 10, 8, 6), (3, 5), (6, 4, 4), (4, 3, 5, 2, 6)):
        weights, X = network(draw, sizes), hidden.away_from_zero(draw, (210, sizes[0]))
        agrees(ask, weights, X, "the prediction should be right for any number of blocks, each fed by the one before")


@exercise.requires("gives a row the same prediction in any batch", 0.5)
def predicts_row_by_row(ask: Ask, draw: np.random.Generator) -> None:
    weights, X = network(draw, (5, 6, 4)), hidden.away_from_zero(draw, (7, 5))
    whole = predictions(ask(weights, X), 7)
    single = np.concatenate([predictions(ask(weights, X[i : i + 1]), 1) for i in range(7)])
    expect(close(whole, single, scale=10), "the prediction for a row should not depend on the batch it comes in")
    expect(close(whole, repaired_predict(weights, X), scale=10), "the predictions are not those of the trained network")


@exercise.requires("refuses an X of another shape", 0.5)
def refuses_wrong_shapes(ask: Ask, draw: np.random.Generator) -> None:
    weights, X = network(draw, (5, 6, 4)), hidden.away_from_zero(draw, (7, 5))
    predictions(ask(weights, X), 7)
    for wrong in (X[:, :4], X[0], X[None]):
        refuses(
            ask,
            weights,
            wrong,
            because=f"an X of shape {wrong.shape} for weights with 5 inputs",
            mentions="X weights W",
        )


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.5)(
    in_every_way(right=repaired_predict)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(3)
    weights, X = network(draw, (11, 10, 8, 6)), draw.normal(0, 1, (8, 11))
    return [float(value) for value in np.ravel(ask(weights, X))]


def normalize(h, gamma, beta, mean, var):
    return gamma * (h - mean) / np.sqrt(var + EPS) + beta


def blocks_of(weights):
    return [weights[start : start + 6] for start in range(0, len(weights) - 2, 6)]


@exercise.mistake("logits of the block before")
def logits_of_the_block_before(weights, X):
    """The head is applied to the last block's logits, as in the original code, and skips that block's ReLU and
    BatchNorm."""
    h = X
    for W, b, *norm in blocks_of(weights):
        logits = h @ W + b
        h = normalize(np.maximum(logits, 0), *norm)
    return logits @ weights[-2] + weights[-1]


@exercise.mistake("a missing root")
def missing_root(weights, X):
    """BatchNorm divides by var + eps, as an old documentation had it. It divides by the standard deviation,
    sqrt(var + eps)."""
    h = X
    for W, b, gamma, beta, mean, var in blocks_of(weights):
        h = gamma * (np.maximum(h @ W + b, 0) - mean) / (var + EPS) + beta
    return h @ weights[-2] + weights[-1]


@exercise.mistake("BatchNorm before ReLU")
def norm_before_relu(weights, X):
    """In this network BatchNorm comes behind the ReLU; its statistics belong to what the ReLU puts out."""
    h = X
    for W, b, *norm in blocks_of(weights):
        h = np.maximum(normalize(h @ W + b, *norm), 0)
    return h @ weights[-2] + weights[-1]


@exercise.mistake("softmax")
def softmax_head(weights, X):
    """Softmax over a single unit divides it by itself: the prediction is 1 whatever the input. The head is linear."""
    z = np.exp(repaired_predict(weights, X))
    return z / z.sum(axis=1, keepdims=True)


def require(weights, X):
    if X.ndim != 2 or X.shape[1] != weights[0].shape[0]:
        raise ValueError(f"X must have shape (n, {weights[0].shape[0]}), got shape {X.shape}")


@exercise.right
def with_iterator(weights, X):
    require(weights, X)
    arrays = iter(weights)
    h = X
    for _ in range(len(weights) // 6):
        W, b, gamma, beta, mean, var = (next(arrays) for _ in range(6))
        h = np.where((z := np.dot(h, W) + b) > 0, z, 0)
        h = (h - mean) * (gamma / np.sqrt(var + 0.001)) + beta
    return (h @ next(arrays) + next(arrays)).astype(X.dtype)


@exercise.right
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


@exercise.right
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
