"""Max pooling: `max_pool2d(x, size, stride) -> y`."""

import numpy as np

from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise, Own
from autograder.checks.expect import array, close, expect
from autograder.checks.pooling.windows import (
    TILING,
    clipped,
    counts_windows,
    keeps_apart,
    measured,
    pooled,
    pooled_shape,
    reduces,
    refuses_bad_arguments,
    require,
    shifted,
    zero_padded,
)
from autograder.reference.pooling import max_pool2d

exercise = Exercise(
    max_pool2d,
    page="keras/pooling#The maximum of a window, for each channel alone",
    onward="Exercise 5 sends a gradient back through it; try a picture that is moved by one pixel.",
    trap=("adds_no_zeros", "keeps_apart"),
    own=Own(("torch.nn.functional.max_pool2d",), (np.ones((1, 2, 2, 1)), 2, 1)),
)


exercise.requires("has one output for every window that fits, stride apart", 1)(counts_windows)


@exercise.requires("takes the maximum of each window", 2)
def takes_maximum(ask: Ask, draw: np.random.Generator) -> None:
    reduces(ask, draw, max_pool2d, "an image that is one window should give the maximum of its pixels")


exercise.requires("keeps images and channels apart", 1.5)(keeps_apart)


@exercise.requires("takes negative entries as any others", 1)
def adds_no_zeros(ask: Ask, draw: np.random.Generator) -> None:
    for h, w, size, stride in TILING:
        x = draw.uniform(-3, -1, (2, h, w, 2))
        below, above = ask(x, size, stride), ask(x + 5, size, stride)
        shape = np.shape(above)
        expect(
            close(array(below, shape, name="y"), array(above, shape, name="y") - 5),
            "where all pixels are lower by 5, the result should be too, also where they are negative: no zeros take part",
        )


exercise.requires("refuses a window that does not fit, and wrong shapes", 0.25)(refuses_bad_arguments)
exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(right=max_pool2d)
)
exercise.measures()(measured)


@exercise.mistake("mean")
def mean(x, size, stride):
    """This is average pooling: max pooling keeps the largest entry of each window."""
    require(x, size, stride)
    return pooled(x, size, stride, lambda window: window.mean(axis=(1, 2)))


@exercise.mistake("stride ignored")
def stride_ignored(x, size, stride):
    """The window moves by one pixel. It should move by stride, which makes the output smaller by about that factor."""
    require(x, size, stride)
    return pooled(x, size, 1, lambda window: window.max(axis=(1, 2)))


@exercise.mistake("stride = size")
def stride_is_size(x, size, stride):
    """The window moves by its own size, whatever stride is. The two are often equal, but a smaller stride makes windows
    overlap."""
    require(x, size, stride)
    return pooled(x, size, size, lambda window: window.max(axis=(1, 2)))


@exercise.mistake("zero padding")
def padded_with_zeros(x, size, stride):
    """Zeros are added until the last window is whole. Valid pooling drops what is left over, and a zero would win over
    negative entries."""
    require(x, size, stride)
    return pooled(zero_padded(x, size, stride), size, stride, lambda window: window.max(axis=(1, 2)))


@exercise.mistake("windows beyond the border")
def windows_beyond_the_border(x, size, stride):
    """There is a window for every stride, so that the last ones reach beyond the image and hold fewer pixels. Only
    windows that fit count: (h - size) // stride + 1 of them."""
    require(x, size, stride)
    return clipped(x, size, stride, lambda window: window.max(axis=(1, 2)))


@exercise.mistake("over channels")
def over_channels(x, size, stride):
    """The maximum runs over the channels too. A channel is a feature of its own: pooling leaves their number as it
    is."""
    require(x, size, stride)
    return pooled(x, size, stride, lambda window: window.max(axis=(1, 2, 3))[:, None])


@exercise.right
def window_by_window(x, size, stride):
    require(x, size, stride)
    return pooled(x, size, stride, lambda window: np.amax(window, axis=(1, 2)))


@exercise.right
def shift_by_shift(x, size, stride):
    """The maximum of size^2 shifted and strided copies of the image."""
    require(x, size, stride)
    return np.max(shifted(x, size, stride), axis=0)


@exercise.right
def entry_by_entry(x, size, stride):
    if len(x.shape) != 4:
        raise ValueError("x has the wrong shape")
    if not (1 <= size <= min(x.shape[1:3]) and stride >= 1):
        raise ValueError("bad size or stride")
    rows, columns = pooled_shape(x.shape[1], x.shape[2], size, stride)
    y = np.zeros((x.shape[0], rows, columns, x.shape[3]), dtype=x.dtype)
    for n, i, j, c in np.ndindex(y.shape):
        window = x[n, i * stride : i * stride + size, j * stride : j * stride + size, c]
        y[n, i, j, c] = max(window.ravel().tolist())
    return y


@exercise.right
def rows_then_columns(x, size, stride):
    """A maximum over a square is a maximum of maxima: first along columns, then along rows."""
    require(x, size, stride)
    tall = np.lib.stride_tricks.sliding_window_view(x, size, axis=1).max(axis=-1)[:, ::stride]
    return np.lib.stride_tricks.sliding_window_view(tall, size, axis=2).max(axis=-1)[:, :, ::stride]
