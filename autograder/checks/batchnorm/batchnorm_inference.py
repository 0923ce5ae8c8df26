"""BatchNorm at test time: `batchnorm_inference(x, gamma, beta, mean, var, eps=1e-3) -> y`."""

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
from autograder.checks.exercise import Exercise, Own
from autograder.checks.expect import array, close, expect
from autograder.reference.batchnorm import batchnorm_inference

exercise = Exercise(
    batchnorm_inference,
    page="normalization/inference#BatchNorm has four arrays, in this order",
    onward="The notebook *Inference by hand* repeats a trained network by this formula; try numbers of another batch in place of the stored ones.",
    trap=("uses_given_statistics", "treats_rows_alone"),
    own=Own(("torch.nn.functional.batch_norm",), (np.eye(3), *[np.ones(3)] * 4)),
)


def standard(ask: Ask, x: np.ndarray, mean: np.ndarray, var: np.ndarray, **eps: float) -> np.ndarray:
    """Ask for y with gamma 1 and beta 0."""
    d = x.shape[1]
    return array(ask(x, np.ones(d), np.zeros(d), mean, var, **eps), x.shape, name="y")


@exercise.requires("standardizes with the given mean and variance", 1.5)
def uses_given_statistics(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        x, (mean, var) = batch(draw, shape), statistics(draw, shape[1])
        expect(
            close(standard(ask, x, mean, var, eps=NEGLIGIBLE), (x - mean) / np.sqrt(var)),
            "with gamma 1 and beta 0, y should be x minus the given mean over the root of the given variance",
        )


@exercise.requires("scales by gamma and shifts by beta", 1.5)
def scales_and_shifts(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        x, (gamma, beta), (mean, var) = batch(draw, shape), gains(draw, shape[1]), statistics(draw, shape[1])
        y = array(ask(x, gamma, beta, mean, var), shape, name="y")
        expect(
            close(y, gamma * standard(ask, x, mean, var) + beta),
            "y should be gamma times the standardized x plus beta, feature by feature",
        )


@exercise.requires("adds eps inside the root", 1, after="uses_given_statistics")
def adds_eps(ask: Ask, draw: np.random.Generator) -> None:
    for var in (np.zeros(4), draw.uniform(0.001, 0.01, 4), draw.uniform(0.5, 2, 4)):
        slope_follows_eps(ask, hidden.away_from_zero(draw, (4,)), var)


exercise.requires("treats every row alone", 1.5)(treats_rows_alone)


exercise.requires("refuses wrong shapes", 0.25)(refuses_bad_shapes)


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(right=batchnorm_inference)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(4)
    x, gamma, beta, mean = draw.normal(1, 1, (5, 3)), *draw.uniform(1, 2, (3, 3))
    return np.asarray(ask(x, gamma, beta, mean, np.array([0.004, 0.2, 3]))).ravel().tolist()


def require(x, gamma, beta, mean, var):
    if x.ndim != 2:
        raise ValueError("x must have shape (n, d)")
    for name, parameter in (("gamma", gamma), ("beta", beta), ("mean", mean), ("var", var)):
        if parameter.shape != (x.shape[1],):
            raise ValueError(f"{name} must have shape ({x.shape[1]},)")


@exercise.mistake("batch statistics")
def batch_statistics(x, gamma, beta, mean, var, eps=1e-3):
    """The statistics of the batch at hand are used, as in training. At test time the given ones count: a prediction
    must not depend on the other rows."""
    require(x, gamma, beta, mean, var)
    return ((x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps) * gamma + beta).astype(x.dtype)


@exercise.mistake("gamma and beta swapped")
def gamma_and_beta_swapped(x, gamma, beta, mean, var, eps=1e-3):
    """gamma is added and beta multiplies. The scale gamma comes first, then the shift beta."""
    require(x, gamma, beta, mean, var)
    return ((x - mean) / np.sqrt(var + eps) * beta + gamma).astype(x.dtype)


@exercise.mistake("no root")
def no_root(x, gamma, beta, mean, var, eps=1e-3):
    """x minus its mean is divided by the variance. Only the standard deviation, its root, has the unit of x."""
    require(x, gamma, beta, mean, var)
    return ((x - mean) / (var + eps) * gamma + beta).astype(x.dtype)


@exercise.mistake("eps outside the root")
def eps_outside(x, gamma, beta, mean, var, eps=1e-3):
    """eps is added to the standard deviation. It belongs under the root, var + eps: for small variances the two differ
    visibly."""
    require(x, gamma, beta, mean, var)
    return ((x - mean) / (np.sqrt(var) + eps) * gamma + beta).astype(x.dtype)


@exercise.mistake("torch's eps")
def eps_of_torch(x, gamma, beta, mean, var, eps=1e-5):
    """eps is 1e-5 by default, as in PyTorch. The exercise asks for the default of Keras, 1e-3: for small variances the
    two differ visibly."""
    require(x, gamma, beta, mean, var)
    return ((x - mean) / np.sqrt(var + eps) * gamma + beta).astype(x.dtype)


@exercise.right
def as_affine_map(x, gamma, beta, mean, var, eps=1e-3):
    """One product and one sum for each entry."""
    require(x, gamma, beta, mean, var)
    scale = gamma * (var + eps) ** -0.5
    return (x * scale + (beta - mean * scale)).astype(x.dtype)


@exercise.right
def entry_by_entry(x, gamma, beta, mean, var, eps=1e-3):
    if x.ndim != 2 or any(parameter.shape != x.shape[1:] for parameter in (gamma, beta, mean, var)):
        raise ValueError("a shape does not fit")
    y = np.zeros_like(x)
    for i, j in np.ndindex(*x.shape):
        y[i, j] = gamma[j] * (x[i, j] - mean[j]) / (var[j] + eps) ** 0.5 + beta[j]
    return y


@exercise.right
def by_diagonal_matrix(x, gamma, beta, mean, var, eps=1e-3):
    require(x, gamma, beta, mean, var)
    wide = x.astype(np.float64) - mean
    return np.add(wide @ np.diag(gamma / np.sqrt(np.float64(eps) + var)), beta).astype(x.dtype)
