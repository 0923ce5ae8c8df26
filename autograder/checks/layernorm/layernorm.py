"""Layer normalization: `layernorm(x, gamma, beta, eps=1e-3) -> y`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise, Own
from autograder.checks.expect import array, close, expect, refuses
from autograder.checks.layernorm.gain import (
    MATRICES,
    NEGLIGIBLE,
    eps_is_added,
    gain,
    marks_of_eps,
    takes_any_shape,
    vectors,
)
from autograder.reference.layernorm import layernorm

exercise = Exercise(
    layernorm,
    page="normalization/layernorm#Layers differ in what they average over",
    onward="Exercises 4 and 5 are about this function; try a row of equal numbers, and see which number eps keeps finite.",
    trap=("divides_by_deviation", "adds_eps"),
    own=Own(("torch.nn.functional.layer_norm",), (np.eye(3), np.ones(3), np.ones(3))),
)


def standard(ask: Ask, x: np.ndarray, **eps: float) -> np.ndarray:
    """Ask with gamma 1 and beta 0."""
    d = x.shape[-1]
    return array(ask(x, np.ones(d), np.zeros(d), **eps), x.shape, name="y")


@exercise.requires("subtracts the mean of each vector along the last axis", 1.25)
def subtracts_mean(ask: Ask, draw: np.random.Generator) -> None:
    message = "with gamma 1 and beta 0, y should be a positive multiple of x minus its mean along the last axis"
    for shape in MATRICES:
        x = vectors(draw, shape)
        gain(standard(ask, x), x - x.mean(axis=-1, keepdims=True), message)


@exercise.requires("divides by the root of the biased variance", 1.5, after="subtracts_mean")
def divides_by_deviation(ask: Ask, draw: np.random.Generator) -> None:
    for shape in (*MATRICES, (1, 2), (5, 3)):
        x = vectors(draw, shape)
        spread = (standard(ask, x, eps=NEGLIGIBLE) ** 2).mean(axis=-1)
        expect(
            close(spread, np.ones_like(spread)),
            "with gamma 1 and beta 0, the squares of each vector in y should have mean 1: divide by the root of the "
            "biased variance",
        )


@exercise.requires("adds eps inside the root", 1.75, after="subtracts_mean")
def adds_eps(ask: Ask, draw: np.random.Generator) -> None:
    for scale in (0.05, 1.0):
        x = scale * vectors(draw, (4, 7))
        ys = {eps: standard(ask, x, eps=eps) for eps in (NEGLIGIBLE, 1e-5, 0.02, 0.7)}
        eps_is_added({**ys, 1e-3: standard(ask, x)}, x - x.mean(axis=-1, keepdims=True))


@exercise.requires("scales by gamma and shifts by beta", 1.5)
def scales_and_shifts(ask: Ask, draw: np.random.Generator) -> None:
    for shape in MATRICES:
        x, gamma, beta = vectors(draw, shape), *hidden.away_from_zero(draw, (2, shape[-1]))
        y = array(ask(x, gamma, beta), shape, name="y")
        expect(
            close(y, gamma * standard(ask, x) + beta),
            "y should be gamma times the standardized vector plus beta, entry by entry",
        )


@exercise.requires("gives beta for a constant vector", 0.5)
def gives_beta_for_constants(ask: Ask, draw: np.random.Generator) -> None:
    for shape in ((3, 5), (4, 1), (1, 1)):
        x = np.broadcast_to(hidden.short(draw, (*shape[:-1], 1)), shape).copy()
        gamma, beta = hidden.away_from_zero(draw, (2, shape[-1]))
        y = array(ask(x, gamma, beta), shape, name="y")
        expect(close(y, np.broadcast_to(beta, shape)), "a vector whose entries are all equal should become beta")


@exercise.requires("takes vectors in an array of any number of dimensions", 0.75)
def takes_any_dimensions(ask: Ask, draw: np.random.Generator) -> None:
    takes_any_shape(lambda x: standard(ask, x), draw)


@exercise.requires("refuses gamma and beta of another shape", 0.25)
def refuses_bad_shapes(ask: Ask, draw: np.random.Generator) -> None:
    x, gamma, beta = vectors(draw, (4, 6)), *hidden.away_from_zero(draw, (2, 6))
    ask(x, gamma, beta)
    for wrong in (gamma[:1], gamma[:-1], gamma[0], gamma[None], gamma[:4, None]):
        refuses(
            ask, x, np.array(wrong), beta, because=f"a gamma of shape {wrong.shape} for 6 features", mentions="gamma x"
        )
        refuses(
            ask, x, gamma, np.array(wrong), because=f"a beta of shape {wrong.shape} for 6 features", mentions="beta x"
        )


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.5)(
    in_every_way(right=layernorm)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    """Measure y for an eps that cannot be seen, and how eps is added, which tells mistakes apart that come together."""
    draw = np.random.default_rng(4)
    x = draw.normal(1, 1, (4, 4)) * np.array([[0.03], [0.5], [1], [3]])
    y = np.asarray(ask(x, draw.uniform(1, 2, 4), draw.uniform(1, 2, 4), eps=NEGLIGIBLE))
    plain = [np.asarray(ask(x, np.ones(4), np.zeros(4), eps=eps)) for eps in (NEGLIGIBLE, 1e-3)]
    return [*y.ravel().tolist(), *marks_of_eps(1e-3, x - x.mean(axis=-1, keepdims=True), *plain)]


def require(x, gamma, beta):
    for name, parameter in (("gamma", gamma), ("beta", beta)):
        if parameter.shape != (x.shape[-1],):
            raise ValueError(f"{name} must have shape ({x.shape[-1]},)")


@exercise.mistake("over the batch")
def over_batch(x, gamma, beta, eps=1e-3):
    """Mean and variance are taken over the batch, feature by feature. That is BatchNorm; LayerNorm looks at one vector
    and no other."""
    require(x, gamma, beta)
    return ((x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps) * gamma + beta).astype(x.dtype)


@exercise.mistake("ddof 1")
def unbiased(x, gamma, beta, eps=1e-3):
    """The variance is divided by d - 1. Nothing is estimated here: the biased variance of the d entries makes their
    mean square 1."""
    require(x, gamma, beta)
    mean, var = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True, ddof=min(1, x.shape[-1] - 1))
    return ((x - mean) / np.sqrt(var + eps) * gamma + beta).astype(x.dtype)


@exercise.mistake("ddof 1")
def unbiased_everywhere(x, gamma, beta, eps=1e-3):
    require(x, gamma, beta)
    y = (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True, ddof=1) + eps)
    return (y * gamma + beta).astype(x.dtype)


@exercise.mistake("eps outside")
def eps_outside(x, gamma, beta, eps=1e-3):
    """eps is added to the standard deviation. It belongs under the root, var + eps: for small variances the two differ
    visibly."""
    require(x, gamma, beta)
    mean, sd = x.mean(axis=-1, keepdims=True), x.std(axis=-1, keepdims=True)
    return ((x - mean) / (sd + eps) * gamma + beta).astype(x.dtype)


@exercise.mistake("over the whole array")
def over_everything(x, gamma, beta, eps=1e-3):
    """One mean and one variance are taken over all entries of x. Each vector along the last axis has its own."""
    require(x, gamma, beta)
    return ((x - x.mean()) / np.sqrt(x.var() + eps) * gamma + beta).astype(x.dtype)


@exercise.mistake("no root")
def no_root(x, gamma, beta, eps=1e-3):
    """x minus its mean is divided by the variance. Only the standard deviation, its root, has the unit of x."""
    require(x, gamma, beta)
    mean, var = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return ((x - mean) / (var + eps) * gamma + beta).astype(x.dtype)


@exercise.mistake("no eps")
def no_eps(x, gamma, beta, eps=1e-3):
    """eps has no influence on y. Added to the variance under the root, it keeps a vector whose entries are all equal from
    a division by 0."""
    require(x, gamma, beta)
    mean, sd = x.mean(axis=-1, keepdims=True), x.std(axis=-1, keepdims=True)
    return ((x - mean) / np.where(sd > 0, sd, 1) * gamma + beta).astype(x.dtype)


@exercise.mistake("no gamma, beta")
def no_parameters(x, gamma, beta, eps=1e-3):
    """The standardized vector is returned as it is. gamma and beta let the network undo the standardization, feature by
    feature."""
    require(x, gamma, beta)
    return ((x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + eps)).astype(x.dtype)


@exercise.right
def by_moments(x, gamma, beta, eps=1e-3):
    """The variance as mean of squares minus square of the mean, in double precision."""
    require(x, gamma, beta)
    wide = x.astype(np.float64)
    mean = wide.mean(-1)[..., None]
    var = (wide**2).mean(-1)[..., None] - mean**2
    return ((wide - mean) * (gamma / np.sqrt(var + eps)) + beta).astype(x.dtype)


@exercise.right
def vector_by_vector(x, gamma, beta, eps=1e-3):
    d = x.shape[-1]
    if np.shape(gamma) != (d,) or np.shape(beta) != (d,):
        raise ValueError("gamma and beta need one entry for each feature")
    y = np.empty_like(x)
    for index in np.ndindex(*x.shape[:-1]):
        vector = x[index]
        mean = sum(vector) / d
        var = sum((entry - mean) ** 2 for entry in vector) / d
        for j in range(d):
            y[(*index, j)] = gamma[j] * (vector[j] - mean) / (var + eps) ** 0.5 + beta[j]
    return y


@exercise.right
def in_single_precision(x, gamma, beta, eps=1e-3):
    """As language models do it, whatever the dtype of x is."""
    require(x, gamma, beta)
    h = x.astype(np.float32)
    h = h - h.mean(-1, keepdims=True)
    h = h / np.sqrt((h * h).mean(-1, keepdims=True) + np.float32(eps))
    return (h.astype(x.dtype) * gamma + beta).astype(x.dtype)


@exercise.right
def by_matrix(x, gamma, beta, eps=1e-3):
    """Centering as multiplication by I - 1/d."""
    require(x, gamma, beta)
    d = x.shape[-1]
    centered = x @ (np.eye(d) - np.full((d, d), 1 / d))
    scale = np.sqrt(np.einsum("...i,...i->...", centered, centered) / d + eps)
    return (centered / scale[..., np.newaxis] * gamma + beta).astype(x.dtype)
