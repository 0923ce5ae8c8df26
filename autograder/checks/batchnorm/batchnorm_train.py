"""BatchNorm in training: `batchnorm_train(x, gamma, beta, eps=1e-3) -> (y, mean, var)`."""

import numpy as np

from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.batchnorm.batches import (
    NEGLIGIBLE,
    SHAPES,
    batch,
    eps_is_added,
    gains,
    marks_of_eps,
    refuses_wrong_parameters,
    standard,
)
from autograder.checks.exercise import Exercise, Own
from autograder.checks.expect import array, close, expect, parts, refuses
from autograder.reference.batchnorm import batchnorm_train

exercise = Exercise(
    batchnorm_train,
    page="normalization/training#What BatchNorm computes in training",
    onward="Exercises 2 and 4 call it; try a batch of one row, and see what is left of it.",
    trap=("divides_by_deviation", "adds_eps"),
    own=Own(("torch.nn.functional.batch_norm",), (np.eye(3), np.ones(3), np.ones(3))),
)

PARTS = ("y", "mean", "var")


@exercise.requires("subtracts the mean of each feature over the batch", 1)
def centers(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        x = batch(draw, shape)
        y, centered = standard(ask, x), x - x.mean(axis=0)
        gain = (y * centered).sum(axis=0) / (centered**2).sum(axis=0)
        expect(
            (gain > 0).all() and close(y, gain * centered),
            "with gamma 1 and beta 0, every column of y should be a multiple of that column of x minus its mean",
        )


@exercise.requires("divides by the root of the biased variance", 1.75, after="centers")
def divides_by_deviation(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        spread = (standard(ask, batch(draw, shape), eps=NEGLIGIBLE) ** 2).mean(axis=0)
        expect(
            close(spread, np.ones_like(spread)),
            "with gamma 1 and beta 0, the squares in every column of y should have mean 1: divide by the root of the "
            "biased variance",
        )


@exercise.requires("adds eps inside the root", 1.25, after="centers")
def adds_eps(ask: Ask, draw: np.random.Generator) -> None:
    for scale in (0.05, 1.0):
        eps_is_added(ask, batch(draw, (7, 3), scale), 1e-5, 0.02, 0.7)


@exercise.requires("scales by gamma and shifts by beta", 2)
def scales_and_shifts(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        x, (gamma, beta) = batch(draw, shape), gains(draw, shape[1])
        y = array(parts(ask(x, gamma, beta), PARTS)[0], shape, name="y")
        expect(
            close(y, gamma * standard(ask, x) + beta),
            "y should be gamma times the standardized column plus beta, feature by feature",
        )


@exercise.requires("returns the mean and the biased variance of the batch", 0.75)
def returns_statistics(ask: Ask, draw: np.random.Generator) -> None:
    for x in (*(batch(draw, shape) for shape in SHAPES), batch(draw, (2, 4))[:1]):
        _, mean, var = parts(ask(x, *gains(draw, x.shape[1])), PARTS)
        expect(close(array(mean, x.shape[1:], name="mean"), x.mean(axis=0)), "mean should be the mean over the batch")
        expect(
            close(array(var, x.shape[1:], name="var"), x.var(axis=0)),
            "var should be the biased variance over the batch, without eps",
        )


@exercise.requires("gives beta for a batch of one", 0.5)
def takes_batch_of_one(ask: Ask, draw: np.random.Generator) -> None:
    x, (gamma, beta) = batch(draw, (2, 4))[:1], gains(draw, 4)
    y = array(parts(ask(x, gamma, beta), PARTS)[0], x.shape, name="y")
    expect(close(y, beta[None]), "a batch of one has no spread: y should be beta")


@exercise.requires("refuses wrong shapes", 0.5)
def refuses_bad_shapes(ask: Ask, draw: np.random.Generator) -> None:
    x, (gamma, beta) = batch(draw, (6, 4)), gains(draw, 4)
    ask(x, gamma, beta)
    refuses_wrong_parameters(ask, {"x": x, "gamma": gamma, "beta": beta}, ("gamma", "beta"))
    for wrong in (x[0], x[None]):
        refuses(ask, wrong, gamma, beta, because=f"an x of shape {wrong.shape}", mentions="x gamma beta")


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(right=batchnorm_train)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    """Measure y for an eps that cannot be seen, and how eps is added, which tells mistakes apart that come together."""
    draw = np.random.default_rng(4)
    x = draw.normal(1, 1, (4, 4)) * np.array([0.03, 0.5, 1, 3])
    y, _, var = ask(x, draw.uniform(1, 2, 4), draw.uniform(1, 2, 4), eps=NEGLIGIBLE)
    with_eps = np.asarray(ask(x, np.ones(4), np.zeros(4), eps=1.0)[2]) - np.asarray(var)
    return [*np.asarray(y).ravel().tolist(), *marks_of_eps(ask, x), *with_eps.ravel().tolist()]


def require(x, gamma, beta):
    if x.ndim != 2:
        raise ValueError("x must have shape (n, d)")
    for name, parameter in (("gamma", gamma), ("beta", beta)):
        if parameter.shape != (x.shape[1],):
            raise ValueError(f"{name} must have shape ({x.shape[1]},)")


@exercise.mistake("no root")
def no_root(x, gamma, beta, eps=1e-3):
    """x minus its mean is divided by the variance. Only the standard deviation, its root, has the unit of x."""
    require(x, gamma, beta)
    mean, var = x.mean(axis=0), x.var(axis=0)
    return ((x - mean) / (var + eps) * gamma + beta).astype(x.dtype), mean, var


@exercise.mistake("eps outside the root")
def eps_outside(x, gamma, beta, eps=1e-3):
    """eps is added to the standard deviation. It belongs under the root, var + eps: for small variances the two differ
    visibly."""
    require(x, gamma, beta)
    mean, var = x.mean(axis=0), x.var(axis=0)
    return ((x - mean) / (np.sqrt(var) + eps) * gamma + beta).astype(x.dtype), mean, var


@exercise.mistake("unbiased variance")
def unbiased(x, gamma, beta, eps=1e-3):
    """The variance is divided by n - 1. The batch itself is standardized, so its own mean square counts: divide by n.
    Only PyTorch's running variance is unbiased."""
    require(x, gamma, beta)
    mean, var = x.mean(axis=0), x.var(axis=0, ddof=min(1, len(x) - 1))
    return ((x - mean) / np.sqrt(var + eps) * gamma + beta).astype(x.dtype), mean, var


@exercise.mistake("eps in the variance that is returned")
def returns_variance_with_eps(x, gamma, beta, eps=1e-3):
    """The variance comes back with eps in it. eps belongs to the division alone: a running variance that is averaged from
    it would be too large."""
    require(x, gamma, beta)
    mean, var = x.mean(axis=0), x.var(axis=0) + eps
    return ((x - mean) / np.sqrt(var) * gamma + beta).astype(x.dtype), mean, var.astype(x.dtype)


@exercise.mistake("over features")
def over_features(x, gamma, beta, eps=1e-3):
    """Mean and variance are taken along each row. That is LayerNorm; BatchNorm looks at one feature over all rows of
    the batch."""
    require(x, gamma, beta)
    mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
    return ((x - mean) / np.sqrt(var + eps) * gamma + beta).astype(x.dtype), mean[:, 0], var[:, 0]


@exercise.right
def by_moments(x, gamma, beta, eps=1e-3):
    """The variance as mean of squares minus square of the mean, in double precision."""
    require(x, gamma, beta)
    wide = x.astype(np.float64)
    mean = wide.mean(axis=0)
    var = np.maximum((wide**2).mean(axis=0) - mean**2, 0)
    slope = gamma / np.sqrt(var + eps)
    return (slope * wide + (beta - slope * mean)).astype(x.dtype), mean.astype(x.dtype), var.astype(x.dtype)


@exercise.right
def column_by_column(x, gamma, beta, eps=1e-3):
    if len(x.shape) != 2:
        raise ValueError(f"expected two dimensions, got shape {x.shape}")
    n, d = x.shape
    if np.shape(gamma) != (d,) or np.shape(beta) != (d,):
        raise ValueError("gamma and beta need one entry for each feature")
    y, mean, var = np.empty_like(x), np.empty_like(x[0]), np.empty_like(x[0])
    for j in range(d):
        column = [float(value) for value in x[:, j]]
        mean[j] = m = sum(column) / n
        var[j] = v = sum((value - m) ** 2 for value in column) / n
        y[:, j] = [gamma[j] * (value - m) / (v + eps) ** 0.5 + beta[j] for value in column]
    return y, mean, var


@exercise.right
def in_single_precision(x, gamma, beta, eps=1e-3):
    require(x, gamma, beta)
    h = x.astype(np.float32)
    mean, var = h.mean(axis=0), h.var(axis=0)
    y = ((h - mean) / np.sqrt(var + np.float32(eps))).astype(x.dtype)
    return (y * gamma + beta).astype(x.dtype), mean.astype(x.dtype), var.astype(x.dtype)


@exercise.right
def by_matrix(x, gamma, beta, eps=1e-3):
    """Centering as multiplication by I - 1/n, the variance as a diagonal."""
    require(x, gamma, beta)
    n = len(x)
    centered = (np.eye(n) - np.full((n, n), 1 / n)) @ x
    var = np.einsum("nd,nd->d", centered, centered) / n
    y = centered * (gamma * (var + eps) ** -0.5) + beta
    return [y.astype(x.dtype), (np.ones(n) @ x / n).astype(x.dtype), var.astype(x.dtype)]
