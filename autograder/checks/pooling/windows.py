"""What the poolings share: the windows that are asked, and requirements that hold whatever is taken of a window."""

import itertools
from collections.abc import Callable

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask, Value
from autograder.checks.expect import array, close, expect, refuses

OVERLAPPING = ((7, 10, 3, 2), (6, 9, 4, 1), (9, 5, 2, 1))
TOUCHING = ((9, 5, 2, 2), (6, 9, 3, 3), (3, 4, 1, 1))
APART = ((8, 5, 2, 3), (7, 9, 1, 2), (5, 8, 5, 4))
CASES = OVERLAPPING + TOUCHING + APART
MANY, SQUARE = (3, 4, 2, 1), (6, 6, 2, 2)
"""Height, width, window size and stride: some windows leave rows and columns over, some fill the image."""

TILING = ((6, 9, 4, 1), (6, 9, 3, 3), (8, 5, 2, 3))
"""Those of different kinds that leave nothing over, for questions about something else than the border."""


def pooled_shape(h: int, w: int, size: int, stride: int) -> tuple[int, int]:
    """Return how many windows fit below and beside one another."""
    return (h - size) // stride + 1, (w - size) // stride + 1


def counts_windows(ask: Ask, draw: np.random.Generator) -> None:
    """Raise Unmet unless each output is the student's own of one window, which begins where it should."""
    for n, (h, w, size, stride) in (*((2, case) for case in (*CASES, SQUARE)), (210, MANY)):
        x, (rows, columns) = hidden.away_from_zero(draw, (n, h, w, 3)), pooled_shape(h, w, size, stride)
        y = array(ask(x, size, stride), (n, rows, columns, 3), name="y")
        windows = np.concatenate([window for *_, window in every_window(x, size, stride)])
        alone = array(ask(windows, size, stride), (len(windows), 1, 1, 3), name="y of images that are one window each")
        expect(
            close(y, alone.reshape(rows, columns, n, 3).transpose(2, 0, 1, 3)),
            "y[:, i, j] should be what your function gives for that window alone, which begins at row i * stride and "
            "column j * stride",
        )


def keeps_apart(ask: Ask, draw: np.random.Generator) -> None:
    """Raise Unmet unless each image and channel gets what the student's function gives for it alone."""
    for h, w, size, stride in TILING[:2]:
        x = hidden.away_from_zero(draw, (3, h, w, 2))
        alone = [[ask(x[[n]][..., [c]], size, stride) for c in range(2)] for n in range(3)]
        rows, columns = np.shape(alone[0][0])[1:3]
        channels = [[array(y, (1, rows, columns, 1), name="y of one channel") for y in image] for image in alone]
        joined = np.concatenate([np.concatenate(image, axis=3) for image in channels])
        expect(
            close(array(ask(x, size, stride), (3, rows, columns, 2), name="y"), joined),
            "each channel of each image should be pooled on its own, as when it is passed alone",
        )


def refuses_bad_arguments(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (2, 5, 8, 3))
    ask(x, 2, 3)
    for turned in (x, x.transpose(0, 2, 1, 3).copy()):
        refuses_windows(ask, turned)
    for wrong in (x[0], x[None], x[..., 0]):
        refuses(ask, wrong, 2, 3, because=f"an x with {wrong.ndim} dimensions", mentions="x")


def refuses_windows(ask: Ask, *arrays: Value) -> None:
    """Ask for windows that images of 5 by 8 or 8 by 5 pixels cannot have."""
    for size, stride in ((6, 1), (8, 3), (9, 9)):
        refuses(
            ask, *arrays, size, stride, because=f"a window of size {size} on an image with a side of 5", mentions="size"
        )
    for wrong in (0, -1):
        refuses(ask, *arrays, wrong, 2, because=f"a size of {wrong}", mentions="size")
        refuses(ask, *arrays, 2, wrong, because=f"a stride of {wrong}", mentions="stride")


def require(x, size, stride):
    """Check arguments as the right and wrong answers of this assignment do."""
    if x.ndim != 4:
        raise ValueError("x must have shape (n, h, w, c)")
    if size < 1 or stride < 1:
        raise ValueError("size and stride must be positive")
    if size > x.shape[1] or size > x.shape[2]:
        raise ValueError("size is larger than the image")


def every_window(x, size, stride):
    """Yield the place of each window and the window itself, shape (n, size, size, c)."""
    rows, columns = pooled_shape(*x.shape[1:3], size, stride)
    for i, j in itertools.product(range(rows), range(columns)):
        top, left = i * stride, j * stride
        yield i, j, x[:, top : top + size, left : left + size]


def pooled(x, size, stride, take):
    """Pool with any function of a window that reduces axes 1 and 2."""
    y = np.empty((len(x), *pooled_shape(*x.shape[1:3], size, stride), x.shape[3]), x.dtype)
    for i, j, window in every_window(x, size, stride):
        y[:, i, j] = take(window)
    return y


def clipped(x, size, stride, take):
    """Pool with a window for every stride; those that reach beyond the border hold fewer pixels."""
    y = np.empty((len(x), -(-x.shape[1] // stride), -(-x.shape[2] // stride), x.shape[3]), x.dtype)
    for i, j in np.ndindex(y.shape[1:3]):
        y[:, i, j] = take(x[:, i * stride : i * stride + size, j * stride : j * stride + size])
    return y


def shifted(x, size, stride):
    """Return size^2 shifted and strided copies of the image: entry by entry they hold the windows."""
    rows, columns = (stride * (length - 1) + 1 for length in pooled_shape(*x.shape[1:3], size, stride))
    corners = itertools.product(range(size), repeat=2)
    return [x[:, top : top + rows : stride, left : left + columns : stride] for top, left in corners]


def zero_padded(x, size, stride):
    """Add rows and columns of zeros below and to the right until the last window is whole."""
    below, right = ((size - length) % stride for length in x.shape[1:3])
    return np.pad(x, ((0, 0), (0, below), (0, right), (0, 0)))


def measured(ask: Ask, size: int = 3, stride: int = 2) -> list[float]:
    """Ask for windows that leave a row and a column over; return the output's shape and some of its values."""
    x = np.random.default_rng(4).normal(-1, 1, (2, 8, 10, 3))
    y = np.asarray(ask(x, size, stride))
    n, h, w, c = y.shape
    places = itertools.product((0, n - 1), (0, 1, h - 1), (0, 1, w - 1), (0, c - 1))
    return [h, w, c, *(y[place] for place in places)]


def reduces(ask: Ask, draw: np.random.Generator, reduce: Callable[..., np.ndarray], message: str) -> None:
    """Raise Unmet unless images that are one window each, some pixels of which are 0, are reduced like this."""
    for size, stride in ((1, 1), (2, 2), (2, 3), (3, 2), (4, 1), (5, 4)):
        for _ in range(3):
            x = hidden.away_from_zero(draw, (1, size, size, 1)) * (draw.random((1, size, size, 1)) < 0.8)
            expect(close(array(ask(x, size, stride), (1, 1, 1, 1), name="y"), reduce(x, size, stride)), message)
