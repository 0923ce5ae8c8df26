"""The gradient of BatchNorm: `batchnorm_backward(dy, x, gamma, eps=1e-3) -> (dx, dgamma, dbeta)`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.batchnorm.batches import NEGLIGIBLE, SHAPES, batch, gains, refuses_wrong_parameters
from autograder.checks.batchnorm.gradients import EPS, PARTS, part, refuses_misfitting_dy
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect, parts, refuses
from autograder.reference.batchnorm import batchnorm_backward, standardize

exercise = Exercise(
    batchnorm_backward,
    page="normalization/backward#An input acts along three paths",
    onward="The figure after this sends three gradients through it; try a dy of ones, and explain what comes out.",
    trap=("flows_through_mean", "flows_through_variance"),
)


def problem(draw: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw dy, x and gamma."""
    return hidden.away_from_zero(draw, shape), batch(draw, shape), gains(draw, shape[1])[0]


def exact(actual: np.ndarray, expected: np.ndarray) -> bool:
    """Tell whether a gradient agrees to 1e-9, which no difference quotient reaches."""
    scale = max(1.0, np.abs(expected).max())
    return actual.shape == expected.shape and np.allclose(actual, expected, rtol=1e-9, atol=1e-9 * scale)


@exercise.requires("sums dbeta over the batch", 2)
def sums_dbeta(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        dy, x, gamma = problem(draw, shape)
        expect(exact(part(ask, "dbeta", dy, x, gamma), dy.sum(axis=0)), "dbeta should be dy summed over the batch")


@exercise.requires("sums dgamma over the batch", 1.5)
def sums_dgamma(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        for eps in EPS:
            dy, x, gamma = problem(draw, shape)
            expect(
                exact(part(ask, "dgamma", dy, x, gamma, eps=eps), batchnorm_backward(dy, x, gamma, eps)[1]),
                "dgamma should be dy times the standardized x, summed over the batch",
            )


@exercise.requires("lets the gradient flow through the mean", 1.5)
def flows_through_mean(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        dx = part(ask, "dx", *problem(draw, shape))
        expect(
            close(dx.sum(axis=0), np.zeros(shape[1]), scale=10),
            "adding a constant to a feature does not change y, so over the batch dx should sum to 0: the mean "
            "depends on x",
        )


@exercise.requires("lets the gradient flow through the variance", 1.5)
def flows_through_variance(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        dy, x, gamma = problem(draw, shape)
        standard = standardize(x, x.mean(axis=0), x.var(axis=0), 0.0)
        along = (part(ask, "dx", dy, x, gamma, eps=NEGLIGIBLE) * standard).sum(axis=0)
        expect(
            close(along, np.zeros_like(along), scale=10),
            "with an eps near 0 stretching a feature does not change y, so dx should have no part along x minus its "
            "mean: the variance depends on x",
        )


@exercise.requires("is the exact gradient with respect to x", 1)
def is_exact(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        dy, x, gamma = problem(draw, shape)
        message = "dx is not the gradient with respect to x"
        expect(exact(part(ask, "dx", dy, x, gamma), batchnorm_backward(dy, x, gamma)[0]), message)
        for eps in EPS:
            dx = part(ask, "dx", dy, x, gamma, eps=eps)
            expect(exact(dx, batchnorm_backward(dy, x, gamma, eps)[0]), f"{message} for another eps")


@exercise.requires("gives no gradient to a batch of one", 0.25)
def takes_batch_of_one(ask: Ask, draw: np.random.Generator) -> None:
    dy, x, gamma = (argument[:1] if argument.ndim == 2 else argument for argument in problem(draw, (2, 4)))
    dx, dgamma, dbeta = parts(ask(dy, x, gamma), PARTS)
    expect(
        close(array(dx, (1, 4), name="dx"), np.zeros((1, 4)))
        and close(array(dgamma, (4,), name="dgamma"), np.zeros(4)),
        "a batch of one always gives beta, so neither x nor gamma has any influence: their gradients are 0",
    )
    expect(close(array(dbeta, (4,), name="dbeta"), dy[0]), "for a batch of one, dbeta should be its row of dy")


@exercise.requires("refuses wrong shapes", 0.5)
def refuses_bad_shapes(ask: Ask, draw: np.random.Generator) -> None:
    dy, x, gamma = problem(draw, (6, 4))
    ask(dy, x, gamma)
    refuses_wrong_parameters(ask, {"dy": dy, "x": x, "gamma": gamma}, ("gamma",))
    refuses_misfitting_dy(ask, dy, x, gamma)
    for wrong in (x[0], x[None]):
        given = (dy.reshape(wrong.shape) if wrong.size == dy.size else dy[0], wrong, gamma)
        refuses(ask, *given, because=f"an x of shape {wrong.shape}", mentions="x dy gamma")


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(right=batchnorm_backward)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    gradients = ask(*problem(np.random.default_rng(4), (4, 3)))
    return np.concatenate([np.asarray(gradient).ravel() for gradient in gradients]).tolist()


def require(dy, x, gamma):
    if x.ndim != 2:
        raise ValueError("x must have shape (n, d)")
    if dy.shape != x.shape:
        raise ValueError("dy must have the shape of x")
    if gamma.shape != (x.shape[1],):
        raise ValueError("gamma must have one entry for each feature")


def terms(dy, x, gamma, eps):
    """Return g, the terms through mean and variance, the divisor, dgamma and dbeta."""
    require(dy, x, gamma)
    sd = np.sqrt(x.var(axis=0) + eps)
    xhat = (x - x.mean(axis=0)) / sd
    g = dy * gamma
    return g, g.mean(axis=0), xhat * (g * xhat).mean(axis=0), sd, (dy * xhat).sum(axis=0), dy.sum(axis=0)


@exercise.mistake("statistics treated as constants")
def statistics_constant(dy, x, gamma, eps=1e-3):
    """Mean and variance are treated as constants, as they are at test time. In training both depend on every row of x,
    and the gradient flows through them."""
    g, _, _, sd, dgamma, dbeta = terms(dy, x, gamma, eps)
    return g / sd, dgamma, dbeta


@exercise.mistake("dvar term missing")
def dvar_missing(dy, x, gamma, eps=1e-3):
    """The variance is treated as a constant. It depends on every row, which takes away the part of the gradient along
    x."""
    g, mean, _, sd, dgamma, dbeta = terms(dy, x, gamma, eps)
    return (g - mean) / sd, dgamma, dbeta


@exercise.mistake("dmean term missing")
def dmean_missing(dy, x, gamma, eps=1e-3):
    """The mean is treated as a constant. It depends on every row, which takes the mean of the gradient away again."""
    g, _, variance, sd, dgamma, dbeta = terms(dy, x, gamma, eps)
    return (g - variance) / sd, dgamma, dbeta


@exercise.mistake("forgets 1/n")
def forgets_n(dy, x, gamma, eps=1e-3):
    """Sums over the batch stand where means belong. Each row has only the n-th part of the mean and of the variance."""
    g, mean, variance, sd, dgamma, dbeta = terms(dy, x, gamma, eps)
    return (g - len(x) * (mean + variance)) / sd, dgamma, dbeta


@exercise.right
def step_by_step(dy, x, gamma, eps=1e-3):
    """The chain rule through variance, mean and x, one after the other, as in the paper."""
    require(dy, x, gamma)
    n = len(x)
    mean, var = x.mean(axis=0), x.var(axis=0)
    xhat = (x - mean) / (var + eps) ** 0.5
    dxhat = dy * gamma
    dvar = (dxhat * (x - mean)).sum(axis=0) * -0.5 * (var + eps) ** -1.5
    dmean = -(dxhat / (var + eps) ** 0.5).sum(axis=0) - 2 * dvar * (x - mean).mean(axis=0)
    dx = dxhat / (var + eps) ** 0.5 + dvar * 2 * (x - mean) / n + dmean / n
    return dx.astype(dy.dtype), (dy * xhat).sum(axis=0).astype(dy.dtype), dy.sum(axis=0)


@exercise.right
def by_jacobian(dy, x, gamma, eps=1e-3):
    """The n x n Jacobian of each feature, written out."""
    require(dy, x, gamma)
    n, d = x.shape
    dx, dgamma = np.empty_like(dy), np.empty_like(dy[0])
    for j in range(d):
        column = x[:, j].astype(float)
        sd = np.sqrt(column.var() + eps)
        xhat = (column - column.mean()) / sd
        jacobian = gamma[j] * (np.eye(n) - 1 / n - np.outer(xhat, xhat) / n) / sd
        dx[:, j] = jacobian @ dy[:, j]
        dgamma[j] = xhat @ dy[:, j]
    return dx, dgamma, dy.sum(axis=0)


@exercise.right
def in_one_line(dy, x, gamma, eps=1e-3):
    if dy.shape != x.shape or x.ndim != 2 or gamma.shape != x.shape[1:]:
        raise ValueError("shapes of dy, x and gamma do not fit")
    n = x.shape[0]
    inverse = (x.var(0) + eps) ** -0.5
    h = (x - x.mean(0)) * inverse
    dgamma, dbeta = np.einsum("nd,nd->d", dy, h), np.einsum("nd->d", dy)
    return [(gamma * inverse / n * (n * dy - dbeta - h * dgamma)).astype(dy.dtype), dgamma, dbeta]
