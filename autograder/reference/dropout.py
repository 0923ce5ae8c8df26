"""Dropout by hand: masks, gradients, moments, the ensemble it averages and the ridge it adds.

Throughout, p = rate is the probability that an entry is dropped and q = 1 - p that it is kept.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from autograder.reference.validate import Array, require_ndim, require_rate, require_shape

MAX_INPUTS = 14


def bernoulli_mask(shape: tuple[int, ...], rate: float, rng: np.random.Generator) -> Array:
    """Draw a boolean mask whose entries are true with probability 1 - rate, independently.

    Args:
        shape: shape of the mask.
        rate: drop rate in [0, 1]; anything else raises ValueError.
        rng: the source of all randomness.
    """
    return rng.random(shape) >= require_rate(rate)


def inverted_scale(rate: float) -> float:
    """Return 1 / q, the factor on a kept entry, and 0 at rate 1, where nothing is kept."""
    return 0.0 if rate == 1 else 1 / (1 - rate)


def odds(rate: float) -> float:
    """Return p / q, the variance of an inverted mask entry; infinite at rate 1."""
    return float("inf") if rate == 1 else rate / (1 - rate)


def dropout_forward(x: Array, rate: float, rng: np.random.Generator, training: bool = True) -> tuple[Array, Array]:
    """Apply inverted dropout: y = x * mask / q in training, y = x otherwise.

    Args:
        x: float array of any shape; it is not modified.
        rate: drop rate in [0, 1]; anything else raises ValueError, in both modes.
        rng: the source of all randomness.
        training: whether entries are dropped.

    Returns:
        y with the shape and dtype of x, and the boolean mask of the same shape (true: kept).

    Source: Srivastava et al. (2014), section 10, with the scaling moved to training time.
    """
    require_rate(rate)
    mask = bernoulli_mask(x.shape, rate if training else 0.0, rng)
    scale = inverted_scale(rate) if training else 1.0
    return (x * mask * scale).astype(x.dtype), mask


def dropout_backward(dy: Array, mask: Array, rate: float) -> Array:
    """Propagate a gradient through inverted dropout: dx = dy * mask / q.

    Args:
        dy: gradient of the loss with respect to y, any shape.
        mask: the mask of the forward pass; exactly dy's shape, or ValueError.
        rate: the drop rate of the forward pass, in [0, 1].

    Returns:
        dx with the shape and dtype of dy.
    """
    require_rate(rate)
    require_shape(mask, dy.shape, "mask")
    return (dy * mask * inverted_scale(rate)).astype(dy.dtype)


def classic_dropout(x: Array, rate: float, rng: np.random.Generator, training: bool = True) -> Array:
    """Apply dropout in its 2014 form: y = x * mask in training, y = q x at test time.

    Args and dtype as in `dropout_forward`. Source: Srivastava et al. (2014), section 4.
    """
    require_rate(rate)
    factor = bernoulli_mask(x.shape, rate, rng) if training else np.array(1 - rate)
    y: Array = (x * factor).astype(x.dtype)
    return y


def gaussian_dropout(x: Array, rate: float, rng: np.random.Generator, training: bool = True) -> Array:
    """Multiply by noise drawn from N(1, p / q) in training; the identity otherwise.

    The noise has the mean and variance of an inverted mask. Rate 1, where the variance is
    infinite, drops everything. Args and dtype as in `dropout_forward`.
    Source: Srivastava et al. (2014), section 10.
    """
    require_rate(rate)
    if not training:
        return x.copy()
    if rate == 1:
        return np.zeros_like(x)
    noise: Array = 1 + np.sqrt(odds(rate)) * rng.standard_normal(x.shape)
    return (x * noise).astype(x.dtype)


def dropout_moments(mean: float, var: float, rate: float) -> tuple[float, float]:
    """Return mean and variance of an activation after inverted dropout: mu, v / q + (p / q) mu^2.

    Args:
        mean: mean mu of the activation before dropout.
        var: its variance v.
        rate: drop rate in [0, 1]; at 1 both moments are 0.
    """
    require_rate(rate)
    if rate == 1:
        return 0.0, 0.0
    return mean, var / (1 - rate) + odds(rate) * mean**2


def enumerate_masks(n: int, rate: float) -> Iterator[tuple[Array, float]]:
    """Return each of the 2^n masks of n inputs with its probability; n above 14 raises ValueError."""
    if n > MAX_INPUTS:
        raise ValueError(f"w has {n} inputs and 2^{n} masks; at most {MAX_INPUTS} can be enumerated")
    masks = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    kept = masks.sum(axis=1)
    return zip(masks, (1 - rate) ** kept * rate ** (n - kept), strict=True)


def sigmoid(z: ArrayLike) -> Array:
    """Return the logistic function of z without overflow."""
    return np.asarray(np.exp(-np.logaddexp(0, -np.asarray(z))))


def subnetwork_means(x: Array, w: Array, b: float, rate: float) -> tuple[float, float]:
    """Average one sigmoid unit over all 2^n dropout masks on its inputs, two ways.

    Args:
        x: inputs, shape (n,) with n at most 14.
        w: weights, shape (n,).
        b: bias.
        rate: drop rate in [0, 1] of inverted dropout; at 1 both means are sigmoid(b).

    Returns:
        The arithmetic mean, and the geometric mean normalised over the two classes; for rates
        below 1 the latter equals sigmoid(w.x + b) exactly.

    Source: Baldi and Sadowski (2013), section 2.
    """
    require_rate(rate)
    require_ndim(x, 1, "x")
    require_shape(w, x.shape, "w")
    masks, weights = zip(*enumerate_masks(len(x), rate), strict=True)
    logits = np.stack(masks) @ (w * x) * inverted_scale(rate) + b
    probability = np.array(weights)
    arithmetic = probability @ sigmoid(logits)
    log_yes = probability @ -np.logaddexp(0, -logits)
    log_no = probability @ -np.logaddexp(0, logits)
    return float(arithmetic), float(sigmoid(log_yes - log_no))


def dropout_ridge(X: Array, y: Array, rate: float) -> Array:
    """Minimise the expected squared error of a linear model under inverted dropout of its inputs.

    Args:
        X: inputs, shape (n, d), of full column rank.
        y: targets, shape (n,).
        rate: drop rate in [0, 1]; at 1 the weights are 0.

    Returns:
        w = (X'X + (p / q) diag(X'X))^-1 X'y, shape (d,), dtype of X.

    Source: Wager, Wang and Liang (2013), the linear case.
    """
    require_rate(rate)
    require_ndim(X, 2, "X")
    require_shape(y, X.shape[:1], "y")
    if rate == 1:
        return np.zeros(X.shape[1], X.dtype)
    gram = X.T @ X
    penalty = odds(rate) * np.diag(np.diag(gram))
    return np.linalg.solve(gram + penalty, X.T @ y).astype(X.dtype)
