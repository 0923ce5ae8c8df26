"""Group normalization of images: `groupnorm(x, groups, gamma, beta, eps=1e-3) -> y`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise, Own
from autograder.checks.expect import array, close, expect, refuses
from autograder.checks.layernorm.gain import NEGLIGIBLE, eps_is_added, gain, marks_of_eps
from autograder.reference.layernorm import groupnorm

exercise = Exercise(
    groupnorm,
    page="normalization/layernorm#Layers differ in what they average over",
    onward="With one group it is another function of this notebook, on images; try as many groups as channels, and see what that is.",
    trap=("subtracts_mean",),
    own=Own(("torch.nn.functional.group_norm",), (np.ones((1, 2, 2, 4)), 2, np.ones(4), np.ones(4))),
)

CASES = ((6, 3), (6, 2), (8, 2), (5, 1), (4, 4))
"""Channels and groups: neither equals channels per group where both could be meant, and both ends are among them."""


def images(draw: np.random.Generator, c: int, n: int = 3, h: int = 3, w: int = 4) -> np.ndarray:
    """Draw images in which every example, pixel and channel has a level of its own, shape (n, h, w, c)."""
    level = hidden.away_from_zero(draw, (n, 1, 1, 1)) + hidden.away_from_zero(draw, (1, 1, 1, c))
    return level + hidden.away_from_zero(draw, (1, h, w, 1)) + hidden.away_from_zero(draw, (n, h, w, c))


def standard(ask: Ask, x: np.ndarray, groups: int, **eps: float) -> np.ndarray:
    """Ask with gamma 1 and beta 0; the last axis is split into groups and the channels of each."""
    c = x.shape[-1]
    y = array(ask(x, groups, np.ones(c), np.zeros(c), **eps), x.shape, name="y")
    return y.reshape(*x.shape[:3], groups, c // groups)


def centered(x: np.ndarray, groups: int) -> np.ndarray:
    """Return x minus the mean of each group, with the last axis split as in `standard`."""
    grouped = x.reshape(*x.shape[:3], groups, -1)
    return np.asarray(grouped - grouped.mean(axis=(1, 2, 4), keepdims=True))


@exercise.requires("subtracts the mean of each group of consecutive channels, image by image", 3)
def subtracts_mean(ask: Ask, draw: np.random.Generator) -> None:
    message = (
        "with gamma 1 and beta 0, y should be a positive multiple of x minus its mean over the pixels and the "
        "consecutive channels of each group, image by image"
    )
    asked = [(images(draw, c, n), groups) for c, groups in CASES for n in (3, 1)]
    asked += [(images(draw, 4, h=4), 2), (images(draw, 4, 220, h=1, w=2), 2)]
    for x, groups in asked:
        gain(standard(ask, x, groups), centered(x, groups), message, axis=(1, 2, 4))


@exercise.requires("divides by the root of the group's biased variance", 0.5, after="subtracts_mean")
def divides_by_deviation(ask: Ask, draw: np.random.Generator) -> None:
    for c, groups in CASES:
        mean_square = (standard(ask, images(draw, c), groups, eps=NEGLIGIBLE) ** 2).mean(axis=(1, 2, 4))
        expect(
            close(mean_square, np.ones_like(mean_square)),
            "with gamma 1 and beta 0, the squares of each group should have mean 1: divide by the root of its biased "
            "variance",
        )


@exercise.requires("adds eps inside the root", 1.75, after="subtracts_mean")
def adds_eps(ask: Ask, draw: np.random.Generator) -> None:
    for scale in (0.05, 1.0):
        x = scale * images(draw, 6)
        ys = {eps: standard(ask, x, 3, eps=eps) for eps in (NEGLIGIBLE, 1e-5, 0.02, 0.7)}
        eps_is_added({**ys, 1e-3: standard(ask, x, 3)}, centered(x, 3), axis=(1, 2, 4))


@exercise.requires("scales and shifts every channel", 1.5)
def scales_and_shifts(ask: Ask, draw: np.random.Generator) -> None:
    for c, groups in CASES:
        x, gamma, beta = images(draw, c), *hidden.away_from_zero(draw, (2, c))
        y = array(ask(x, groups, gamma, beta), x.shape, name="y")
        expected = gamma * standard(ask, x, groups).reshape(x.shape) + beta
        expect(close(y, expected), "every channel should be multiplied by its own gamma and shifted by its own beta")


@exercise.requires("gives beta for a constant image", 0.5)
def gives_beta_for_constants(ask: Ask, draw: np.random.Generator) -> None:
    gamma, beta = hidden.away_from_zero(draw, (2, 4))
    x = np.broadcast_to(hidden.short(draw, (2, 1, 1, 1)), (2, 3, 4, 4)).copy()
    y = array(ask(x, 2, gamma, beta), x.shape, name="y")
    expect(close(y, np.broadcast_to(beta, x.shape)), "a group whose entries are all equal should become beta")


@exercise.requires("refuses groups that do not divide the channels, and wrong shapes", 0.5)
def refuses_bad_arguments(ask: Ask, draw: np.random.Generator) -> None:
    x, gamma, beta = images(draw, 6), *hidden.away_from_zero(draw, (2, 6))
    ask(x, 3, gamma, beta)
    for groups in (4, 5, 12, 0, -3):
        refuses(ask, x, groups, gamma, beta, because=f"{groups} groups of 6 channels", mentions="groups")
    for wrong in (gamma[:3], gamma[:1], gamma[None], gamma[0]):
        refuses(
            ask,
            x,
            3,
            np.array(wrong),
            beta,
            because=f"a gamma of shape {wrong.shape} for 6 channels",
            mentions="gamma x",
        )
        refuses(
            ask,
            x,
            3,
            gamma,
            np.array(wrong),
            because=f"a beta of shape {wrong.shape} for 6 channels",
            mentions="beta x",
        )
    refuses(ask, x[0], 3, gamma, beta, because="an x with three dimensions", mentions="x")
    refuses(ask, x[None], 3, gamma, beta, because="an x with five dimensions", mentions="x")


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(right=groupnorm)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    """Measure y for an eps that cannot be seen, and how eps is added, which tells mistakes apart that come together."""
    draw = np.random.default_rng(4)
    x = images(draw, 6)
    y = np.asarray(ask(x, 3, draw.uniform(1, 2, 6), draw.uniform(1, 2, 6), eps=NEGLIGIBLE))
    plain = [np.asarray(ask(0.1 * x, 3, np.ones(6), np.zeros(6), eps=eps)) for eps in (NEGLIGIBLE, 1e-3)]
    signal, *both = (np.moveaxis(array.reshape(3, 12, 3, 2), 2, 1).reshape(3, 3, -1) for array in (0.1 * x, *plain))
    return [*y.ravel().tolist(), *marks_of_eps(1e-3, signal - signal.mean(axis=-1, keepdims=True), *both)]


def require(x, groups, gamma, beta):
    if x.ndim != 4:
        raise ValueError("x must have shape (n, h, w, c)")
    c = x.shape[3]
    if gamma.shape != (c,) or beta.shape != (c,):
        raise ValueError("gamma and beta must have shape (c,)")
    if groups < 1 or c % groups != 0:
        raise ValueError("groups must divide the number of channels")


def standardized(grouped, axis, eps):
    return (grouped - grouped.mean(axis, keepdims=True)) / np.sqrt(grouped.var(axis, keepdims=True) + eps)


@exercise.mistake("over the batch")
def over_batch(x, groups, gamma, beta, eps=1e-3):
    """The statistics of a group are taken over all images. An image should be normalized as if it were alone."""
    require(x, groups, gamma, beta)
    grouped = x.reshape(*x.shape[:3], groups, -1)
    return (standardized(grouped, (0, 1, 2, 4), eps).reshape(x.shape) * gamma + beta).astype(x.dtype)


@exercise.mistake("groups of rows")
def groups_of_rows(x, groups, gamma, beta, eps=1e-3):
    """x.reshape(n, groups, -1) cuts each image into runs of rows, because the channels are last. Split the channels off:
    x.reshape(n, h, w, groups, c // groups)."""
    require(x, groups, gamma, beta)
    if x[0].size % groups:
        return x
    grouped = x.reshape(len(x), groups, -1)
    return (standardized(grouped, -1, eps).reshape(x.shape) * gamma + beta).astype(x.dtype)


@exercise.mistake("groups read as group size")
def size_for_number(x, groups, gamma, beta, eps=1e-3):
    """groups is read as the number of channels in a group. It is the number of groups, each of c / groups channels."""
    require(x, groups, gamma, beta)
    grouped = x.reshape(*x.shape[:3], -1, groups)
    return (standardized(grouped, (1, 2, 4), eps).reshape(x.shape) * gamma + beta).astype(x.dtype)


@exercise.mistake("ddof 1")
def unbiased(x, groups, gamma, beta, eps=1e-3):
    """The variance is divided by one less than the number of entries in the group. Nothing is estimated here: the biased
    variance makes their mean square 1."""
    require(x, groups, gamma, beta)
    grouped, axes = x.reshape(*x.shape[:3], groups, -1), (1, 2, 4)
    centered = grouped - grouped.mean(axes, keepdims=True)
    y = centered / np.sqrt(grouped.var(axes, keepdims=True, ddof=1) + eps)
    return (y.reshape(x.shape) * gamma + beta).astype(x.dtype)


@exercise.mistake("eps outside")
def eps_outside(x, groups, gamma, beta, eps=1e-3):
    """eps is added to the standard deviation. It belongs under the root, var + eps: for small variances the two differ
    visibly."""
    require(x, groups, gamma, beta)
    grouped, axes = x.reshape(*x.shape[:3], groups, -1), (1, 2, 4)
    y = (grouped - grouped.mean(axes, keepdims=True)) / (grouped.std(axes, keepdims=True) + eps)
    return (y.reshape(x.shape) * gamma + beta).astype(x.dtype)


@exercise.mistake("interleaved channels")
def interleaved(x, groups, gamma, beta, eps=1e-3):
    """Every groups-th channel is put together. A group is a run of consecutive channels: split c into (groups,
    c / groups), in this order."""
    require(x, groups, gamma, beta)
    grouped = x.reshape(*x.shape[:3], -1, groups)
    return (standardized(grouped, (1, 2, 3), eps).reshape(x.shape) * gamma + beta).astype(x.dtype)


@exercise.mistake("per channel")
def per_channel(x, groups, gamma, beta, eps=1e-3):
    """Every channel is normalized alone, which is instance norm: the case groups = c."""
    require(x, groups, gamma, beta)
    return (standardized(x, (1, 2), eps) * gamma + beta).astype(x.dtype)


@exercise.right
def group_by_group(x, groups, gamma, beta, eps=1e-3):
    require(x, groups, gamma, beta)
    y = np.zeros_like(x)
    width = x.shape[3] // groups
    for i in range(len(x)):
        for start in range(0, x.shape[3], width):
            channels = slice(start, start + width)
            block = x[i, :, :, channels]
            y[i, :, :, channels] = (
                gamma[channels] * (block - block.mean()) / np.sqrt(block.var() + eps) + beta[channels]
            )
    return y


@exercise.right
def channels_first(x, groups, gamma, beta, eps=1e-3):
    """As PyTorch does it: channels to the front, so that every group is one run of memory."""
    require(x, groups, gamma, beta)
    n, h, w, c = x.shape
    runs = np.moveaxis(x, 3, 1).reshape(n, groups, -1).astype(np.float64)
    runs = standardized(runs, -1, eps)
    return (np.moveaxis(runs.reshape(n, c, h, w), 1, 3) * gamma + beta).astype(x.dtype)


@exercise.right
def by_membership(x, groups, gamma, beta, eps=1e-3):
    """Averages over a group as a matrix product with the indicator of its channels."""
    require(x, groups, gamma, beta)
    member = np.arange(x.shape[3]) * groups // x.shape[3]
    same = (member[:, None] == member) * (groups / x.shape[3])
    mean = x.mean((1, 2), keepdims=True) @ same
    var = ((x - mean) ** 2).mean((1, 2), keepdims=True) @ same
    return ((x - mean) * gamma / np.sqrt(var + eps) + beta).astype(x.dtype)
