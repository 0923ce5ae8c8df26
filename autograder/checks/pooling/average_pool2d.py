"""Average pooling: `average_pool2d(x, size, stride) -> y`."""

import numpy as np

from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise, Own
from autograder.checks.expect import array, close, expect
from autograder.checks.pooling.windows import (
    CASES,
    clipped,
    counts_windows,
    keeps_apart,
    measured,
    pooled,
    reduces,
    refuses_bad_arguments,
    require,
    shifted,
    zero_padded,
)
from autograder.reference.pooling import average_pool2d

exercise = Exercise(
    average_pool2d,
    page="keras/pooling#Averages that count the padding",
    onward="The figure after this sets it beside the maximum; try a picture of noise, and compare what is left of it.",
    trap=("keeps_apart", "keeps_constants"),
    own=Own(("torch.nn.functional.avg_pool2d",), (np.ones((1, 2, 2, 1)), 2, 1)),
)


exercise.requires("has one output for every window that fits, stride apart", 1)(counts_windows)


@exercise.requires("takes the mean of each window", 2)
def averages(ask: Ask, draw: np.random.Generator) -> None:
    reduces(ask, draw, average_pool2d, "an image that is one window should give the mean of all its pixels, zeros too")


exercise.requires("keeps images and channels apart", 1.5)(keeps_apart)


@exercise.requires("keeps the level of a constant image", 1)
def keeps_constants(ask: Ask, draw: np.random.Generator) -> None:
    for h, w, size, stride in CASES:
        level = draw.uniform(1, 3)
        y = ask(np.full((2, h, w, 2), level), size, stride)
        y = array(y, np.shape(y), name="y")
        expect(
            close(y, np.full(y.shape, level)),
            "where all pixels have one value, so should every entry of the result, up to the border",
        )


exercise.requires("refuses a window that does not fit, and wrong shapes", 0.25)(refuses_bad_arguments)
exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(right=average_pool2d)
)
exercise.measures()(measured)


@exercise.mistake("divides by stride^2")
def divides_by_stride(x, size, stride):
    """The sum is divided by stride^2. A window has size^2 entries, however far the next one is."""
    require(x, size, stride)
    return pooled(x, size, stride, lambda window: window.sum(axis=(1, 2)) / stride**2)


@exercise.mistake("sum in place of the mean")
def sum_of_the_window(x, size, stride):
    """The entries of a window are added up and not divided by their number, size^2."""
    require(x, size, stride)
    return pooled(x, size, stride, lambda window: window.sum(axis=(1, 2)))


@exercise.mistake("over channels")
def over_channels(x, size, stride):
    """The mean runs over the channels too. A channel is a feature of its own: pooling leaves their number as it is."""
    require(x, size, stride)
    return pooled(x, size, stride, lambda window: window.mean(axis=(1, 2, 3))[:, None])


@exercise.mistake("windows beyond the border")
def windows_beyond_the_border(x, size, stride):
    """There is a window for every stride, so that the last ones reach beyond the image and hold fewer pixels. Only
    windows that fit count: (h - size) // stride + 1 of them."""
    require(x, size, stride)
    return clipped(x, size, stride, lambda window: window.mean(axis=(1, 2)))


@exercise.mistake("stride ignored")
def stride_ignored(x, size, stride):
    """The window moves by one pixel. It should move by stride, which makes the output smaller by about that factor."""
    require(x, size, stride)
    return pooled(x, size, 1, lambda window: window.mean(axis=(1, 2)))


@exercise.mistake("stride = size")
def stride_is_size(x, size, stride):
    """The window moves by its own size, whatever stride is. The two are often equal, but a smaller stride makes windows
    overlap."""
    require(x, size, stride)
    return pooled(x, size, size, lambda window: window.mean(axis=(1, 2)))


@exercise.mistake("includes padding")
def includes_padding(x, size, stride):
    """Zeros are added until the last window is whole, and counted in its mean. Valid pooling drops what is left
    over."""
    require(x, size, stride)
    return pooled(zero_padded(x, size, stride), size, stride, lambda window: window.mean(axis=(1, 2)))


@exercise.right
def window_by_window(x, size, stride):
    require(x, size, stride)
    return pooled(x, size, stride, lambda window: window.mean(axis=(1, 2)))


@exercise.right
def shift_by_shift(x, size, stride):
    """The mean of size^2 shifted and strided copies of the image."""
    require(x, size, stride)
    return (sum(shifted(x, size, stride)) / size**2).astype(x.dtype)


@exercise.right
def by_integral_image(x, size, stride):
    """The sum over a window from four corners of the image of running sums."""
    require(x, size, stride)
    total = np.pad(x.astype(np.float64).cumsum(1).cumsum(2), ((0, 0), (1, 0), (1, 0), (0, 0)))
    sums = total[:, size:, size:] - total[:, :-size, size:] - total[:, size:, :-size] + total[:, :-size, :-size]
    return (sums[:, ::stride, ::stride] / size**2).astype(x.dtype)


@exercise.right
def by_matrices(x, size, stride):
    """One banded matrix averages rows, another one columns."""
    require(x, size, stride)

    def band(length, count):
        offset = np.arange(length) - stride * np.arange(count)[:, None]
        return ((offset >= 0) & (offset < size)) / size

    down, right = (band(length, (length - size) // stride + 1) for length in x.shape[1:3])
    return np.einsum("ih,nhwc,jw->nijc", down, x, right).astype(x.dtype)
