"""Finding a bug and proving it: accuracies with error bars, a diagnosis from a report, and three repairs."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from autograder.reference.dropout import dropout_forward
from autograder.reference.inference import block_inference, dense
from autograder.reference.validate import Array, require_ndim, require_rate, require_shape

CHANCE_NLL = math.log(10)
"""Negative log-likelihood of ten classes that are all held equally likely, in nats."""


def accuracy_with_se(correct: int, n: int) -> tuple[float, float]:
    """Return an accuracy and its standard error: p = correct / n, sqrt(p (1 - p) / n).

    Args:
        correct: number of hits, in 0 .. n; anything else raises ValueError.
        n: number of examples, positive, or ValueError.

    Source: the binomial law, whose variance is n p (1 - p).
    """
    if n <= 0:
        raise ValueError(f"n must be positive, got {n}")
    if not 0 <= correct <= n:
        raise ValueError(f"correct must lie in 0 .. n = {n}, got {correct}")
    p = correct / n
    return p, math.sqrt(p * (1 - p) / n)


def differs(correct_a: int, correct_b: int, n: int, z: float = 1.96) -> bool:
    """Tell whether two models, each on n fresh examples, differ by more than z standard errors of the difference.

    Args:
        correct_a: hits of the first model, in 0 .. n, or ValueError.
        correct_b: hits of the second.
        n: number of examples of each.
        z: how many standard errors count as a difference.

    Returns:
        abs(a - b) > z sqrt(se_a^2 + se_b^2), unpooled. Equal accuracies of 0 or 1 do not differ.
    """
    (a, se_a), (b, se_b) = accuracy_with_se(correct_a, n), accuracy_with_se(correct_b, n)
    return abs(a - b) > z * math.hypot(se_a, se_b)


def diagnose(report: Mapping[str, float]) -> str:
    """Name what is wrong with a ten-class model from how it was measured; the first rule that applies decides.

    Args:
        report: nll_train_mode and nll_eval (nats), acc_train_mode and acc_eval, spread_eval (largest difference between
            two evaluations in eval mode) and spread_mc (standard deviation over Monte Carlo passes).
    """
    if abs(report["nll_eval"] - CHANCE_NLL) < 0.01 and report["acc_eval"] <= 0.11:
        return "collapsed weights"
    if report["nll_eval"] > 10:
        return "raw pixels"
    if report["spread_eval"] > 0:
        return "left in training mode"
    if report["spread_mc"] == 0:
        return "monte carlo off"
    if report["nll_eval"] > report["nll_train_mode"]:
        return "wrong scale"
    return "healthy"


class FreshMaskDropout:
    """Inverted dropout with a generator of its own and a new mask at every call.

    Args of the constructor:
        rate: drop rate in [0, 1], or ValueError.
        rng: the source of all randomness; without one, a new generator that no other object shares.
    """

    def __init__(self, rate: float, rng: np.random.Generator | None = None) -> None:
        self.rate = require_rate(rate)
        self.rng = np.random.default_rng() if rng is None else rng

    def __call__(self, x: Array, training: bool = True) -> Array:
        """Return x * mask / q in training and x otherwise, with the shape and dtype of x."""
        return dropout_forward(x, self.rate, self.rng, training)[0]


def ensemble_labels(probs: Array) -> Array:
    """Return the class of the mean probability; ties go to the smallest class.

    Args:
        probs: probabilities of T members, shape (T, n, k); another number of dimensions raises ValueError.

    Returns:
        Labels, shape (n,), integers.
    """
    require_ndim(probs, 3, "probs")
    return np.asarray(probs.mean(axis=0).argmax(axis=-1))


def repaired_predict(weights: Sequence[Array], X: Array) -> Array:
    """Predict with blocks of Dense, ReLU, (Dropout) and BatchNorm with eps 1e-3, and a linear head.

    Args:
        weights: W, b, gamma, beta, mean, var of every block, then W and b of the head.
        X: inputs, shape (n, d) with d the number of rows of the first W, or ValueError.

    Returns:
        Predictions, shape (n, 1), dtype of X.
    """
    require_ndim(X, 2, "X")
    require_shape(X, (len(X), len(weights[0])), "X")
    *blocks, W, b = weights
    h = X
    for start in range(0, len(blocks), 6):
        kernel, bias, gamma, beta, mean, var = blocks[start : start + 6]
        h = block_inference(dense(h, kernel, bias), gamma, beta, mean, var)
    return dense(h, W, b).astype(X.dtype)


def repaired_dropout_check(x: Array, y: Array, rate: float) -> float:
    """Return the sum that a dropout layer put out, over what the kept inputs should sum to; near 1 for a right layer.

    Args:
        x: inputs of the layer, any shape.
        y: its outputs in training, exactly the shape of x, or ValueError.
        rate: drop rate in [0, 1], or ValueError.

    Returns:
        y.sum() (1 - rate) / x[kept].sum() with kept where y is not 0; 1 at rate 1 when y is all zero.
    """
    require_rate(rate)
    require_shape(y, x.shape, "y")
    kept = y != 0
    if rate == 1 and not kept.any():
        return 1.0
    return float(y.sum() * (1 - rate) / x[kept].sum())
