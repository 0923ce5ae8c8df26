"""Normalization by the root mean square: `rmsnorm(x, gamma, eps=1e-6) -> y`."""

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
from autograder.reference.layernorm import rmsnorm

exercise = Exercise(
    rmsnorm,
    page="normalization/layernorm#The missing mean of RMSNorm",
    onward="Large language models often have it in place of LayerNorm; try rows of mean 0, and compare the two.",
    trap=("divides_by_rms", "adds_eps"),
    own=Own(("torch.nn.functional.rms_norm",), (np.eye(3), np.ones(3))),
)


def standard(ask: Ask, x: np.ndarray, **eps: float) -> np.ndarray:
    """Ask with gamma 1."""
    return array(ask(x, np.ones(x.shape[-1]), **eps), x.shape, name="y")


@exercise.requires("keeps the direction of each vector along the last axis", 1.5)
def keeps_direction(ask: Ask, draw: np.random.Generator) -> None:
    message = "with gamma 1, each vector in y should be a positive multiple of the vector in x: nothing is subtracted"
    for shape in MATRICES:
        x = vectors(draw, shape)
        gain(standard(ask, x), x, message)


@exercise.requires("divides by the root of the mean square", 1.75, after="keeps_direction")
def divides_by_rms(ask: Ask, draw: np.random.Generator) -> None:
    for x in (*(vectors(draw, shape) for shape in MATRICES), hidden.away_from_zero(draw, (4, 1))):
        mean_square = (standard(ask, x, eps=NEGLIGIBLE) ** 2).mean(axis=-1)
        expect(
            close(mean_square, np.ones_like(mean_square)),
            "with gamma 1, the squares of each vector in y should have mean 1: divide by the root of the mean square",
        )


@exercise.requires("adds eps inside the root", 1, after="keeps_direction")
def adds_eps(ask: Ask, draw: np.random.Generator) -> None:
    x = vectors(draw, (4, 7))
    small = {1e-10: standard(ask, 1e-3 * x, eps=1e-10), 1e-6: standard(ask, 1e-3 * x)}
    eps_is_added({**small, 1e-4: standard(ask, 1e-3 * x, eps=1e-4)}, 1e-3 * x)
    for scale, *given in ((0.05, NEGLIGIBLE, 1e-4, 0.02), (1.0, NEGLIGIBLE, 0.02, 0.7)):
        eps_is_added({eps: standard(ask, scale * x, eps=eps) for eps in given}, scale * x)


@exercise.requires("scales by gamma", 1)
def scales(ask: Ask, draw: np.random.Generator) -> None:
    for shape in MATRICES:
        x, gamma = vectors(draw, shape), hidden.away_from_zero(draw, shape[-1:])
        y = array(ask(x, gamma), shape, name="y")
        expect(close(y, gamma * standard(ask, x)), "y should be gamma times the normalized vector, entry by entry")


@exercise.requires("gives zeros for a vector of zeros", 1.25)
def gives_zeros_for_zeros(ask: Ask, draw: np.random.Generator) -> None:
    x = vectors(draw, (3, 5))
    x[1] = 0
    y = array(ask(x, hidden.away_from_zero(draw, (5,))), x.shape, name="y")
    expect(not y[1].any(), "a vector of zeros should stay a vector of zeros")


@exercise.requires("takes vectors in an array of any number of dimensions", 0.75)
def takes_any_dimensions(ask: Ask, draw: np.random.Generator) -> None:
    takes_any_shape(lambda x: standard(ask, x), draw)


@exercise.requires("refuses a gamma of another shape", 0.5)
def refuses_bad_shapes(ask: Ask, draw: np.random.Generator) -> None:
    x, gamma = vectors(draw, (4, 6)), hidden.away_from_zero(draw, (6,))
    ask(x, gamma)
    for wrong in (gamma[:1], gamma[:-1], gamma[0], gamma[None], gamma[:4, None]):
        refuses(ask, x, np.array(wrong), because=f"a gamma of shape {wrong.shape} for 6 features", mentions="gamma x")


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(right=rmsnorm)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    """Measure y for an eps that cannot be seen, and how eps is added, which tells mistakes apart that come together."""
    draw = np.random.default_rng(4)
    x = draw.normal(1, 1, (4, 4)) * np.array([[0.03], [0.5], [1], [3]])
    y = np.asarray(ask(x, draw.uniform(1, 2, 4), eps=NEGLIGIBLE))
    plain = [np.asarray(ask(x, np.ones(4), eps=eps)) for eps in (NEGLIGIBLE, 1e-3)]
    return [*y.ravel().tolist(), *marks_of_eps(1e-3, x, *plain)]


def require(x, gamma):
    if gamma.shape != (x.shape[-1],):
        raise ValueError(f"gamma must have shape ({x.shape[-1]},)")


@exercise.mistake("subtracts the mean")
def subtracts_mean(x, gamma, eps=1e-6):
    """This is LayerNorm without beta. RMSNorm leaves the mean in the vector and divides by the root mean square
    alone."""
    require(x, gamma)
    return ((x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + eps) * gamma).astype(x.dtype)


@exercise.mistake("sum for mean")
def sum_for_mean(x, gamma, eps=1e-6):
    """The squares are added up, not averaged: the vector gets length 1, and its entries shrink as it gets longer."""
    require(x, gamma)
    return (x / np.sqrt((x**2).sum(axis=-1, keepdims=True) + eps) * gamma).astype(x.dtype)


@exercise.mistake("eps outside")
def eps_outside(x, gamma, eps=1e-6):
    """eps is added to the root mean square. It belongs under the root: for small vectors the two differ visibly."""
    require(x, gamma)
    return (x / (np.sqrt((x**2).mean(axis=-1, keepdims=True)) + eps) * gamma).astype(x.dtype)


@exercise.mistake("no root")
def no_root(x, gamma, eps=1e-6):
    """x is divided by its mean square. Only the root of the mean square has the unit of x."""
    require(x, gamma)
    return (x / ((x**2).mean(axis=-1, keepdims=True) + eps) * gamma).astype(x.dtype)


@exercise.mistake("no eps")
def no_eps(x, gamma, eps=1e-6):
    """eps has no influence on y. Added to the mean square under the root, it keeps a vector of zeros from a division by
    0."""
    require(x, gamma)
    root = np.sqrt((x**2).mean(axis=-1, keepdims=True))
    return (x / np.where(root > 0, root, 1) * gamma).astype(x.dtype)


@exercise.mistake("over the batch")
def over_batch(x, gamma, eps=1e-6):
    """Squares are averaged over the batch, feature by feature. RMSNorm looks at one vector along the last axis and no
    other."""
    require(x, gamma)
    return (x / np.sqrt((x**2).mean(axis=0) + eps) * gamma).astype(x.dtype)


@exercise.right
def in_single_precision(x, gamma, eps=1e-6):
    """As language models do it, whatever the dtype of x is."""
    require(x, gamma)
    h = x.astype(np.float32)
    h = h / np.sqrt((h * h).mean(-1, keepdims=True) + np.float32(eps))
    return (h.astype(x.dtype) * gamma).astype(x.dtype)


@exercise.right
def by_norm(x, gamma, eps=1e-6):
    """The root mean square as norm over root of d."""
    require(x, gamma)
    d = x.shape[-1]
    norm = np.linalg.norm(x.astype(np.float64), axis=-1, keepdims=True)
    return (gamma * x * np.sqrt(d) / np.sqrt(norm**2 + d * eps)).astype(x.dtype)


@exercise.right
def vector_by_vector(x, gamma, eps=1e-6):
    if np.shape(gamma) != x.shape[-1:]:
        raise ValueError("wrong shape")
    rows = x.reshape(-1, x.shape[-1])
    scaled = [row * (1 / (np.dot(row, row) / len(row) + eps) ** 0.5) * gamma for row in rows]
    return np.array(scaled, dtype=x.dtype).reshape(x.shape)


@exercise.right
def by_hypotenuse(x, gamma, eps=1e-6):
    """Under the root, mean and variance add up to the mean square."""
    require(x, gamma)
    mean_square = np.mean(x, -1, keepdims=True) ** 2 + np.var(x, -1, keepdims=True)
    return np.multiply(gamma, x / np.sqrt(mean_square + eps), dtype=x.dtype, casting="same_kind")
