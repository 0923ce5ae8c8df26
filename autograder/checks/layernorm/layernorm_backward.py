"""The gradient of layer normalization: `layernorm_backward(dy, x, gamma, eps=1e-3) -> (dx, dgamma, dbeta)`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.batchnorm.gradients import EPS, part, refuses_misfitting_dy
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, refuses
from autograder.checks.layernorm.gain import MATRICES, NEGLIGIBLE, SHAPES, takes_any_shape, vectors
from autograder.reference.layernorm import layernorm_backward, standardize

exercise = Exercise(
    layernorm_backward,
    page="normalization/layernorm#The gradient is that of BatchNorm, over another set",
    onward="The figure after this shows what it does to large inputs; try it with gamma 1 and the output of `layernorm` as dy, and explain why so little is left.",
    trap=("flows_through_mean", "flows_through_variance"),
    challenge=True,
)


def problem(draw: np.random.Generator, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw dy, x and gamma."""
    return hidden.away_from_zero(draw, shape), vectors(draw, shape), hidden.away_from_zero(draw, shape[-1:])


@exercise.requires("sums dbeta over every axis but the last", 1.5)
def sums_dbeta(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        dy, x, gamma = problem(draw, shape)
        expected = dy.reshape(-1, shape[-1]).sum(axis=0)
        expect(
            close(part(ask, "dbeta", dy, x, gamma), expected), "dbeta should be dy summed over every axis but the last"
        )


@exercise.requires("sums dgamma over every axis but the last", 1.75)
def sums_dgamma(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        for eps in EPS:
            dy, x, gamma = problem(draw, shape)
            expect(
                close(part(ask, "dgamma", dy, x, gamma, eps=eps), layernorm_backward(dy, x, gamma, eps)[1]),
                "dgamma should be dy times the standardized x, summed over every axis but the last",
            )


@exercise.requires("lets the gradient flow through the mean", 1.5)
def flows_through_mean(ask: Ask, draw: np.random.Generator) -> None:
    for shape in MATRICES:
        dx = part(ask, "dx", *problem(draw, shape))
        expect(
            close(dx.sum(axis=-1), np.zeros(shape[:-1]), scale=10),
            "adding a constant to a vector does not change y, so along the last axis dx should sum to 0: the mean "
            "depends on x",
        )


@exercise.requires("lets the gradient flow through the variance", 1.25)
def flows_through_variance(ask: Ask, draw: np.random.Generator) -> None:
    for shape in MATRICES:
        dy, x, gamma = problem(draw, shape)
        along = (part(ask, "dx", dy, x, gamma, eps=NEGLIGIBLE) * standardize(x, 0.0)[0]).sum(axis=-1)
        expect(
            close(along, np.zeros_like(along), scale=10),
            "with an eps near 0 stretching a vector does not change y, so dx should have no part along x minus its "
            "mean: the variance depends on x",
        )


@exercise.requires("is the exact gradient with respect to x", 0.75)
def is_exact(ask: Ask, draw: np.random.Generator) -> None:
    for shape in (*MATRICES, (1, 8), (5, 2)):
        dy, x, gamma = problem(draw, shape)
        expect(
            close(part(ask, "dx", dy, x, gamma), layernorm_backward(dy, x, gamma)[0]),
            "dx is not the gradient with respect to x",
        )
        for eps in EPS:
            dx = part(ask, "dx", dy, x, gamma, eps=eps)
            expect(
                close(dx, layernorm_backward(dy, x, gamma, eps)[0]),
                "dx is not the gradient with respect to x for another eps",
            )


@exercise.requires("finds dx in an array of any number of dimensions", 0.5)
def takes_any_dimensions(ask: Ask, draw: np.random.Generator) -> None:
    takes_any_shape(lambda x: part(ask, "dx", np.cos(x), x, np.linspace(0.5, 2, x.shape[-1])), draw)


@exercise.requires("refuses dy and gamma of another shape", 0.5)
def refuses_bad_shapes(ask: Ask, draw: np.random.Generator) -> None:
    dy, x, gamma = problem(draw, (4, 6))
    ask(dy, x, gamma)
    for wrong in (gamma[:1], gamma[:-1], gamma[0], gamma[None]):
        refuses(
            ask, dy, x, np.array(wrong), because=f"a gamma of shape {wrong.shape} for 6 features", mentions="gamma x"
        )
    refuses_misfitting_dy(ask, dy, x, gamma)


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(right=layernorm_backward)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(4)
    gradients = [gradient for shape in ((4, 4), (2, 3, 4)) for gradient in ask(*problem(draw, shape))]
    return np.concatenate([np.asarray(gradient).ravel() for gradient in gradients]).tolist()


def require(dy, x, gamma):
    if dy.shape != x.shape:
        raise ValueError("dy must have the shape of x")
    if gamma.shape != (x.shape[-1],):
        raise ValueError("gamma must have one entry for each feature")


def terms(dy, x, gamma, eps):
    """Return the three terms of dx before the division, the divisor, dgamma and dbeta."""
    require(dy, x, gamma)
    sd = np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    xhat = (x - x.mean(axis=-1, keepdims=True)) / sd
    g = dy * gamma
    rows = tuple(range(x.ndim - 1))
    mean, variance = g.mean(axis=-1, keepdims=True), xhat * (g * xhat).mean(axis=-1, keepdims=True)
    return g, mean, variance, sd, (dy * xhat).sum(axis=rows), dy.sum(axis=rows)


@exercise.mistake("mean term missing")
def mean_term_missing(dy, x, gamma, eps=1e-3):
    """The mean is treated as a constant. It depends on every entry of x, which takes the mean of the gradient away
    again."""
    g, _, variance, sd, dgamma, dbeta = terms(dy, x, gamma, eps)
    return (g - variance) / sd, dgamma, dbeta


@exercise.mistake("variance term missing")
def variance_term_missing(dy, x, gamma, eps=1e-3):
    """The variance is treated as a constant. It depends on every entry of x, which takes away the part of the gradient
    along x."""
    g, mean, _, sd, dgamma, dbeta = terms(dy, x, gamma, eps)
    return (g - mean) / sd, dgamma, dbeta


@exercise.mistake("statistics treated as constants")
def statistics_constant(dy, x, gamma, eps=1e-3):
    """Mean and variance are treated as constants, so only the direct path counts. Both depend on every entry of the
    vector, and the gradient flows through them."""
    g, _, _, sd, dgamma, dbeta = terms(dy, x, gamma, eps)
    return g / sd, dgamma, dbeta


@exercise.mistake("forgets 1/d")
def forgets_d(dy, x, gamma, eps=1e-3):
    """Sums over the vector stand where means belong. Each entry has only the d-th part of the mean and of the
    variance."""
    g, mean, variance, sd, dgamma, dbeta = terms(dy, x, gamma, eps)
    return (g - x.shape[-1] * (mean + variance)) / sd, dgamma, dbeta


@exercise.mistake("sums over the first axis alone")
def sums_over_first_axis(dy, x, gamma, eps=1e-3):
    """dgamma and dbeta are summed over axis 0 alone. gamma and beta act on every vector, so that all axes but the last are
    summed over, however many there are."""
    g, mean, variance, sd, _, _ = terms(dy, x, gamma, eps)
    xhat = (x - x.mean(axis=-1, keepdims=True)) / sd
    return (g - mean - variance) / sd, (dy * xhat).sum(axis=0), dy.sum(axis=0)


@exercise.mistake("sums gamma's gradient over features")
def sums_over_features(dy, x, gamma, eps=1e-3):
    """gamma has an entry for each feature, and so has its gradient: sum over the examples, along every axis but the
    last."""
    g, mean, variance, sd, _, dbeta = terms(dy, x, gamma, eps)
    xhat = (x - x.mean(axis=-1, keepdims=True)) / sd
    return (g - mean - variance) / sd, (dy * xhat).sum(axis=-1), dbeta


@exercise.right
def step_by_step(dy, x, gamma, eps=1e-3):
    """The chain rule through variance, mean and x, one after the other."""
    require(dy, x, gamma)
    d = x.shape[-1]
    centered = x - x.mean(-1, keepdims=True)
    var = (centered**2).mean(-1, keepdims=True)
    xhat = centered / (var + eps) ** 0.5
    dxhat = dy * gamma
    dvar = (dxhat * centered).sum(-1, keepdims=True) * -0.5 * (var + eps) ** -1.5
    dcentered = dxhat / (var + eps) ** 0.5 + dvar * 2 * centered / d
    dx = dcentered - dcentered.mean(-1, keepdims=True)
    flat = (-1, d)
    return dx, (dy * xhat).reshape(flat).sum(0), dy.reshape(flat).sum(0)


@exercise.right
def by_jacobian(dy, x, gamma, eps=1e-3):
    """The d x d Jacobian of each vector, written out."""
    require(dy, x, gamma)
    d = x.shape[-1]
    rows, upstream = x.reshape(-1, d).astype(float), dy.reshape(-1, d).astype(float)
    dx, dgamma = np.empty_like(rows), np.zeros(d)
    for i, row in enumerate(rows):
        sd = np.sqrt(row.var() + eps)
        xhat = (row - row.mean()) / sd
        jacobian = (np.eye(d) - 1 / d - np.outer(xhat, xhat) / d) / sd
        dx[i] = jacobian @ (gamma * upstream[i])
        dgamma += upstream[i] * xhat
    kind = dy.dtype
    return dx.reshape(x.shape).astype(kind), dgamma.astype(kind), upstream.sum(axis=0).astype(kind)


@exercise.right
def with_einsum(dy, x, gamma, eps=1e-3):
    require(dy, x, gamma)
    d = x.shape[-1]
    inverse = 1 / np.sqrt(np.var(x, axis=-1) + eps)[..., None]
    xhat = (x - np.mean(x, axis=-1)[..., None]) * inverse
    dgamma, dbeta = np.einsum("nd,nd->d", dy.reshape(-1, d), xhat.reshape(-1, d)), np.einsum("nd->d", dy.reshape(-1, d))
    total, weighted = np.einsum("...d,d->...", dy, gamma), np.einsum("...d,...d,d->...", dy, xhat, gamma)
    dx = inverse / d * (d * gamma * dy - total[..., None] - xhat * weighted[..., None])
    return [dx, dgamma, dbeta]
