"""One block at test time: `block_inference(x, gamma, beta, mean, var, eps=1e-3) -> y`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.batchnorm.batches import (
    NEGLIGIBLE,
    SHAPES,
    batch,
    gains,
    refuses_bad_shapes,
    slope_follows_eps,
    statistics,
    treats_rows_alone,
)
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect
from autograder.reference.inference import block_inference

exercise = Exercise(
    block_inference,
    page="normalization/inference#BatchNorm has four arrays, in this order",
    onward="The comparison after this holds it against Keras; try it with the root left out, and see how large the error is.",
    trap=("adds_eps", "rectifies_first", "treats_rows_alone"),
)


@exercise.requires("applies ReLU before BatchNorm", 1)
def rectifies_first(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        parameters = (*gains(draw, shape[1]), *statistics(draw, shape[1]))
        x = np.vstack([batch(draw, shape), np.zeros(shape[1])])
        y = array(ask(x, *parameters), x.shape, name="y")
        floor = np.broadcast_to(y[-1], x.shape)
        expect(close(y[x < 0], floor[x < 0]), "every negative entry should give what 0 gives: ReLU comes first")
        expect(
            not np.isclose(y[x > 0], floor[x > 0]).any(),
            "positive entries should give something else than 0 does, also where the output is negative",
        )


@exercise.requires("standardizes with the given mean and variance, without dropout", 2)
def standardizes(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        x, (mean, var) = np.abs(batch(draw, shape)), statistics(draw, shape[1])
        y = array(ask(x, np.ones(shape[1]), np.zeros(shape[1]), mean, var, eps=NEGLIGIBLE), shape, name="y")
        expect(
            close(y, (x - mean) / np.sqrt(var)),
            "with positive x, gamma 1 and beta 0, y should be x minus the given mean over the root of the given "
            "variance; dropout does nothing at test time",
        )


@exercise.requires("scales by gamma and shifts by beta", 0.5, after="rectifies_first")
def scales_and_shifts(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        x, (gamma, beta), (mean, var) = batch(draw, shape), gains(draw, shape[1]), statistics(draw, shape[1])
        plain = array(ask(x, np.ones(shape[1]), np.zeros(shape[1]), mean, var), shape, name="y")
        y = array(ask(x, gamma, beta, mean, var), shape, name="y")
        expect(close(y, gamma * plain + beta), "gamma should multiply what is standardized, and beta be added to it")


@exercise.requires("adds eps inside the root", 1.5, after="standardizes")
def adds_eps(ask: Ask, draw: np.random.Generator) -> None:
    for var in (np.zeros(4), draw.uniform(0.001, 0.01, 4), draw.uniform(0.5, 2, 4)):
        slope_follows_eps(ask, np.abs(hidden.away_from_zero(draw, (4,))), var)


exercise.requires("treats every row alone", 1.5)(treats_rows_alone)


exercise.requires("refuses wrong shapes", 0.25)(refuses_bad_shapes)


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(right=block_inference)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    """What entries below 0 give, and whether those above 0 give too little by a common factor, whatever the factor."""
    draw = np.random.default_rng(4)
    gamma, mean, beta = *draw.uniform(1, 2, (2, 3)), draw.uniform(6, 12, 3)
    var = np.array([0.5, 1, 3])
    below = np.asarray(ask(-draw.uniform(0.5, 2, (4, 3)), gamma, beta, mean, var))
    up = np.diff(np.asarray(ask(np.array([[1.0] * 3, [2.0] * 3]), gamma, beta, mean, var)), axis=0)[0]
    factor = up * np.sqrt(var + 1e-3) / gamma
    floor = beta - gamma * mean / np.sqrt(var + 1e-3)
    shrinks = np.allclose(below, floor) and np.allclose(factor, factor[0]) and 0 < factor[0] < 0.999
    return [*below.ravel().tolist(), float(shrinks)]


def require(x, *parameters):
    if x.ndim != 2:
        raise ValueError("x must have shape (n, d)")
    for name, parameter in zip(("gamma", "beta", "mean", "var"), parameters, strict=True):
        if parameter.shape != (x.shape[1],):
            raise ValueError(f"{name} must have shape ({x.shape[1]},)")


@exercise.mistake("no root")
def no_root(x, gamma, beta, mean, var, eps=1e-3):
    """The centered activation is divided by the variance. Only the standard deviation, its root, has the right unit."""
    require(x, gamma, beta, mean, var)
    return ((np.maximum(x, 0) - mean) / (var + eps) * gamma + beta).astype(x.dtype)


@exercise.mistake("eps outside")
def eps_outside(x, gamma, beta, mean, var, eps=1e-3):
    """eps is added to the standard deviation. Keras adds it to the variance, under the root."""
    require(x, gamma, beta, mean, var)
    return ((np.maximum(x, 0) - mean) / (np.sqrt(var) + eps) * gamma + beta).astype(x.dtype)


@exercise.mistake("BatchNorm before relu")
def batchnorm_before_relu(x, gamma, beta, mean, var, eps=1e-3):
    """BatchNorm is applied first and ReLU to its result. Both orders are in use, but a prediction must repeat the order
    in which the network was trained: here ReLU comes first."""
    require(x, gamma, beta, mean, var)
    return np.maximum((x - mean) / np.sqrt(var + eps) * gamma + beta, 0).astype(x.dtype)


@exercise.mistake("batch statistics")
def batch_statistics(x, gamma, beta, mean, var, eps=1e-3):
    """The statistics of the batch at hand are used, as in training. At test time the moving ones count: a prediction
    must not depend on the other rows."""
    require(x, gamma, beta, mean, var)
    a = np.maximum(x, 0)
    return ((a - a.mean(axis=0)) / np.sqrt(a.var(axis=0) + eps) * gamma + beta).astype(x.dtype)


@exercise.mistake("scales by q at test")
def scales_by_keep(x, gamma, beta, mean, var, eps=1e-3):
    """The activation is multiplied by a keep probability. Keras divides by it in training already (inverted dropout),
    so that dropout does nothing at all at test time."""
    require(x, gamma, beta, mean, var)
    return ((0.7 * np.maximum(x, 0) - mean) / np.sqrt(var + eps) * gamma + beta).astype(x.dtype)


@exercise.mistake("gamma and beta swapped")
def gamma_and_beta_swapped(x, gamma, beta, mean, var, eps=1e-3):
    """gamma is added and beta multiplies. The scale gamma comes first, then the shift beta."""
    require(x, gamma, beta, mean, var)
    return ((np.maximum(x, 0) - mean) / np.sqrt(var + eps) * beta + gamma).astype(x.dtype)


@exercise.right
def as_affine_map(x, gamma, beta, mean, var, eps=1e-3):
    require(x, gamma, beta, mean, var)
    scale = gamma * (var + eps) ** -0.5
    return (np.where(x > 0, x, 0) * scale + (beta - mean * scale)).astype(x.dtype)


@exercise.right
def entry_by_entry(x, gamma, beta, mean, var, eps=1e-3):
    if x.ndim != 2 or any(parameter.shape != x.shape[1:] for parameter in (gamma, beta, mean, var)):
        raise ValueError("a shape does not fit")
    y = np.empty_like(x)
    for i, row in enumerate(x):
        for j, value in enumerate(row):
            y[i, j] = gamma[j] * (max(value, 0) - mean[j]) / (var[j] + eps) ** 0.5 + beta[j]
    return y


@exercise.right
def by_diagonal_matrix(x, gamma, beta, mean, var, eps=1e-3):
    require(x, gamma, beta, mean, var)
    rectified = (x + np.abs(x)).astype(np.float64) / 2
    return ((rectified - mean) @ np.diag(gamma / np.sqrt(np.float64(eps) + var)) + beta).astype(x.dtype)
