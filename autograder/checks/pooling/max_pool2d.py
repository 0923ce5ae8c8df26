"""Max pooling: `max_pool2d(x, size, stride) -> y`."""

import numpy as np

from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise, Fingerprint, Misconception, Requirement
from autograder.checks.expect import array, close, expect
from autograder.checks.pooling.windows import (
    CASES,
    counts_windows,
    keeps_dtype_and_input,
    measured,
    pooled,
    pooled_shape,
    refuses_bad_arguments,
    require,
    takes,
    zero_padded,
)
from autograder.reference.pooling import max_pool2d

PAGE = "keras/pooling"


def adds_no_zeros(ask: Ask, draw: np.random.Generator) -> None:
    for h, w, size, stride in CASES:
        x = draw.uniform(-3, -1, (2, h, w, 2))
        y = array(ask(x, size, stride), (2, *pooled_shape(h, w, size, stride), 2), name="y")
        expect(
            close(y, max_pool2d(x, size, stride)),
            "where all entries are negative, so are their maxima: nothing is padded with zeros",
        )


def measure(ask: Ask) -> list[float]:
    return measured(ask)


def mean(x, size, stride):
    require(x, size, stride)
    return pooled(x, size, stride, lambda window: window.mean(axis=(1, 2)))


def stride_ignored(x, size, stride):
    require(x, size, stride)
    return pooled(x, size, 1, lambda window: window.max(axis=(1, 2)))


def stride_is_size(x, size, stride):
    require(x, size, stride)
    return pooled(x, size, size, lambda window: window.max(axis=(1, 2)))


def padded_with_zeros(x, size, stride):
    require(x, size, stride)
    return pooled(zero_padded(x, size, stride), size, stride, lambda window: window.max(axis=(1, 2)))


def over_channels(x, size, stride):
    require(x, size, stride)
    return pooled(x, size, stride, lambda window: window.max(axis=(1, 2, 3))[:, None])


def window_by_window(x, size, stride):
    require(x, size, stride)
    return pooled(x, size, stride, lambda window: np.amax(window, axis=(1, 2)))


def shift_by_shift(x, size, stride):
    """The maximum of size^2 shifted and strided copies of the image."""
    require(x, size, stride)
    rows, columns = (stride * (length - 1) + 1 for length in pooled_shape(x.shape[1], x.shape[2], size, stride))
    y = np.full_like(x[:, :rows:stride, :columns:stride], -np.inf)
    for top in range(size):
        for left in range(size):
            y = np.maximum(y, x[:, top : top + rows : stride, left : left + columns : stride])
    return y


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


def rows_then_columns(x, size, stride):
    """A maximum over a square is a maximum of maxima: first along columns, then along rows."""
    require(x, size, stride)
    tall = np.lib.stride_tricks.sliding_window_view(x, size, axis=1).max(axis=-1)[:, ::stride]
    return np.lib.stride_tricks.sliding_window_view(tall, size, axis=2).max(axis=-1)[:, :, ::stride]


exercise = Exercise(
    name="max_pool2d",
    assignment="pooling",
    page=PAGE,
    requirements=(
        Requirement("has one output for every window that fits, stride apart", 1, counts_windows),
        Requirement(
            "takes the maximum of each window",
            2,
            takes(max_pool2d, "every entry of y should be the maximum of its window", 1, 1),
        ),
        Requirement(
            "keeps images and channels apart",
            1,
            takes(max_pool2d, "the maximum should be taken image by image and channel by channel", 3, 2),
        ),
        Requirement("adds no zeros at the border", 1, adds_no_zeros),
        Requirement("keeps the dtype and leaves x alone", 0.5, keeps_dtype_and_input),
        Requirement("refuses a window that does not fit, and wrong shapes", 0.5, refuses_bad_arguments),
    ),
    reference=max_pool2d,
    misconceptions=(
        Misconception(
            "mean", "This is average pooling: max pooling keeps the largest entry of each window.", PAGE, mean
        ),
        Misconception(
            "stride ignored",
            "The window moves by one pixel. It should move by stride, which makes the output smaller by about that "
            "factor.",
            PAGE,
            stride_ignored,
        ),
        Misconception(
            "stride = size",
            "The window moves by its own size, whatever stride is. The two are often equal, but a smaller stride "
            "makes windows overlap.",
            PAGE,
            stride_is_size,
        ),
        Misconception(
            "zero padding",
            "Zeros are added until the last window is whole. Valid pooling drops what is left over, and a zero would "
            "win over negative entries.",
            PAGE,
            padded_with_zeros,
        ),
        Misconception(
            "over channels",
            "The maximum runs over the channels too. A channel is a feature of its own: pooling leaves their number "
            "as it is.",
            PAGE,
            over_channels,
        ),
    ),
    variants=(window_by_window, shift_by_shift, entry_by_entry, rows_then_columns),
    fingerprint=Fingerprint(measure),
)
