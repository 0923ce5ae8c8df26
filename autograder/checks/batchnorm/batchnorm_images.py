"""BatchNorm of images, channels last: `batchnorm_images(x, gamma, beta, eps=1e-3) -> (y, mean, var)`."""

import numpy as np

from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.batchnorm.batches import (
    NEGLIGIBLE,
    batch,
    eps_is_added,
    gains,
    refuses_wrong_parameters,
    standard,
)
from autograder.checks.exercise import Exercise, Own
from autograder.checks.expect import array, close, expect, parts, refuses
from autograder.reference.batchnorm import batchnorm_images

exercise = Exercise(
    batchnorm_images,
    page="normalization/training#What BatchNorm computes in training",
    onward="Convolutional networks use this form; try an image of one color, and look at the variance.",
    trap=("standardizes",),
    own=Own(("torch.nn.functional.batch_norm",), (np.ones((2, 2, 2, 3)), np.ones(3), np.ones(3))),
)

PARTS = ("y", "mean", "var")
SHAPES = ((3, 2, 5, 4), (1, 4, 3, 2), (2, 1, 1, 6), (2, 4, 4, 4), (220, 2, 1, 1))
PIXELS = (0, 1, 2)


def images(draw: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Draw images whose channels, pixels and images all have means of their own, the first image the largest."""
    n, h, w, _ = shape
    brightness = -np.sort(draw.uniform(-3, 3, n))
    return batch(draw, shape) + brightness.reshape(n, 1, 1, 1) + draw.uniform(-3, 3, (1, h, w, 1))


@exercise.requires("standardizes each channel over all pixels of all images", 3)
def standardizes(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        x = images(draw, shape)
        expect(
            close(standard(ask, x, eps=NEGLIGIBLE), (x - x.mean(axis=PIXELS)) / x.std(axis=PIXELS)),
            "with gamma 1 and beta 0, every channel of y should have mean 0 and variance 1 over all pixels of all "
            "images",
        )


@exercise.requires("adds eps inside the root", 1.5, after="standardizes")
def adds_eps(ask: Ask, draw: np.random.Generator) -> None:
    for scale in (0.03, 1.0):
        eps_is_added(ask, scale * images(draw, (3, 2, 5, 4)), 1e-5, 0.02)


@exercise.requires("scales by gamma and shifts by beta", 1.25)
def scales_and_shifts(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        x, (gamma, beta) = images(draw, shape), gains(draw, shape[3])
        y = array(parts(ask(x, gamma, beta), PARTS)[0], shape, name="y")
        expect(
            close(y, gamma * standard(ask, x) + beta),
            "y should be gamma times the standardized channel plus beta, channel by channel",
        )


@exercise.requires("returns mean and biased variance of each channel", 1)
def returns_statistics(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        x = images(draw, shape)
        _, mean, var = parts(ask(x, *gains(draw, shape[3])), PARTS)
        message = "{} should be that of each channel over images, rows and columns{}"
        expect(close(array(mean, shape[3:], name="mean"), x.mean(axis=PIXELS)), message.format("mean", ""))
        expect(
            close(array(var, shape[3:], name="var"), x.var(axis=PIXELS)),
            message.format("the biased variance", ", without eps"),
        )


@exercise.requires("gives beta for a single pixel", 0.5)
def gives_beta_for_one_pixel(ask: Ask, draw: np.random.Generator) -> None:
    x, (gamma, beta) = images(draw, (2, 1, 1, 3))[:1], gains(draw, 3)
    y = array(parts(ask(x, gamma, beta), PARTS)[0], x.shape, name="y")
    expect(close(y, beta.reshape(1, 1, 1, 3)), "one image of one pixel has no spread: y should be beta")


@exercise.requires("refuses wrong shapes", 0.5)
def refuses_bad_shapes(ask: Ask, draw: np.random.Generator) -> None:
    x, (gamma, beta) = images(draw, (3, 2, 5, 4)), gains(draw, 4)
    ask(x, gamma, beta)
    refuses_wrong_parameters(ask, {"x": x, "gamma": gamma, "beta": beta}, ("gamma", "beta"))
    for wrong in (x[0], x[0, 0], x[None]):
        refuses(ask, wrong, gamma, beta, because=f"an x of shape {wrong.shape}", mentions="x gamma beta")


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(right=batchnorm_images)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(4)
    y, *_ = ask(draw.normal(1, 1, (3, 3, 3, 3)), *draw.uniform(1, 2, (2, 3)))
    return np.asarray(y).ravel().tolist()


def require(x, gamma, beta):
    if x.ndim != 4:
        raise ValueError("x must have shape (n, h, w, c)")
    for name, parameter in (("gamma", gamma), ("beta", beta)):
        if parameter.shape != (x.shape[3],):
            raise ValueError(f"{name} must have shape ({x.shape[3]},)")


def over_axes(x, gamma, beta, eps, axes):
    mean, var = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
    return ((x - mean) / np.sqrt(var + eps) * gamma + beta).astype(x.dtype), mean.squeeze(), var.squeeze()


@exercise.mistake("per pixel")
def per_pixel(x, gamma, beta, eps=1e-3):
    """Every pixel position has statistics of its own, over the images alone. A convolution treats all positions alike,
    and so does BatchNorm behind it: average over rows and columns too."""
    require(x, gamma, beta)
    return over_axes(x, gamma, beta, eps, 0)


@exercise.mistake("per image (instance norm)")
def per_image(x, gamma, beta, eps=1e-3):
    """Every image is standardized by itself. That is instance normalization; BatchNorm averages over the images as
    well."""
    require(x, gamma, beta)
    return over_axes(x, gamma, beta, eps, (1, 2))


@exercise.mistake("unbiased variance")
def unbiased(x, gamma, beta, eps=1e-3):
    """The variance is divided by one less than the number of pixels. The batch itself is standardized, so its own mean
    square counts: divide by their number."""
    require(x, gamma, beta)
    mean, var = x.mean(axis=PIXELS), x.var(axis=PIXELS, ddof=min(1, x[..., 0].size - 1))
    return ((x - mean) / np.sqrt(var + eps) * gamma + beta).astype(x.dtype), mean, var


@exercise.mistake("channels first")
def channels_first(x, gamma, beta, eps=1e-3):
    """The second axis is taken for the channels, as in PyTorch. Here images are (n, h, w, c), channels last, as in
    Keras."""
    if x.ndim != 4:
        raise ValueError("x must have shape (n, c, h, w)")
    for name, parameter in (("gamma", gamma), ("beta", beta)):
        if parameter.shape != (x.shape[1],):
            raise ValueError(f"{name} must have shape ({x.shape[1]},)")
    y, mean, var = over_axes(x, gamma[:, None, None], beta[:, None, None], eps, (0, 2, 3))
    return y, mean.reshape(-1), var.reshape(-1)


@exercise.right
def by_reshape(x, gamma, beta, eps=1e-3):
    require(x, gamma, beta)
    rows = x.reshape(-1, x.shape[-1])
    mean, var = rows.mean(axis=0), rows.var(axis=0)
    y = (rows - mean) / np.sqrt(var + eps) * gamma + beta
    return y.reshape(x.shape).astype(x.dtype), mean, var


@exercise.right
def channel_by_channel(x, gamma, beta, eps=1e-3):
    if len(x.shape) != 4 or gamma.shape != x.shape[3:] or beta.shape != x.shape[3:]:
        raise ValueError("shape of x, gamma or beta")
    y = np.zeros(x.shape, x.dtype)
    mean, var = np.zeros((2, x.shape[3]), x.dtype)
    for c in range(x.shape[3]):
        channel = x[..., c]
        mean[c], var[c] = np.mean(channel), np.mean((channel - channel.mean()) ** 2)
        y[..., c] = gamma[c] * (channel - mean[c]) / (var[c] + eps) ** 0.5 + beta[c]
    return y, mean, var


@exercise.right
def with_einsum(x, gamma, beta, eps=1e-3):
    require(x, gamma, beta)
    pixels = x.size // x.shape[-1]
    mean = np.einsum("nhwc->c", x) / pixels
    centered = x - mean
    var = np.einsum("nhwc,nhwc->c", centered, centered) / pixels
    scale = gamma / np.sqrt(var + eps)
    return [(centered * scale + beta).astype(x.dtype), mean.astype(x.dtype), var.astype(x.dtype)]
