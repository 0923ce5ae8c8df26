"""The gradient of max pooling: `max_pool2d_backward(dy, x, size, stride) -> dx`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise, Own
from autograder.checks.expect import array, close, expect, refuses
from autograder.checks.pooling.gradients import (
    entry_by_entry,
    first_maximum,
    require_both,
    window_by_window,
    with_bincount,
)
from autograder.checks.pooling.windows import (
    APART,
    OVERLAPPING,
    TOUCHING,
    every_window,
    pooled_shape,
    refuses_windows,
)
from autograder.reference.pooling import max_pool2d_backward

exercise = Exercise(
    max_pool2d_backward,
    page="keras/pooling#Two largest values",
    onward="The figure after this shows which pixels learn; try overlapping windows, and look for pixels that win twice.",
    trap=("adds_overlaps", "chooses_first"),
    challenge=True,
    own=Own(("torch.nn.functional.max_pool2d",), (np.ones((1, 1, 1, 1)), np.ones((1, 2, 2, 1)), 2, 1)),
)

Case = tuple[int, int, int, int]

MANY, SQUARE = (2, 4, 2, 2), (6, 6, 2, 2)
"""Cases that are asked of many images, and of square ones."""


def images(draw: np.random.Generator, case: Case, n: int = 2, c: int = 3) -> np.ndarray:
    """Draw images without equal entries."""
    return hidden.away_from_zero(draw, (n, *case[:2], c))


def tied_images(draw: np.random.Generator, case: Case) -> np.ndarray:
    """Draw images of few whole numbers, as after a ReLU and at low resolution; one channel is constant."""
    x = draw.integers(0, 3, (2, *case[:2], 3)).astype(float)
    x[..., 1] = 0
    return x


def gradient_of(draw: np.random.Generator, x: np.ndarray, case: Case) -> np.ndarray:
    return hidden.away_from_zero(draw, (len(x), *pooled_shape(*case), x.shape[3]))


def agrees(
    ask: Ask, draw: np.random.Generator, x: np.ndarray, case: Case, message: str, part: float | None = 1.0
) -> None:
    """Raise Unmet unless dx is right, or this part of it: without one, unless its sums over windows, or all, are right."""
    dy, (size, stride) = gradient_of(draw, x, case), case[2:]
    dx = array(ask(dy, x, size, stride), x.shape, name="dx")
    if part is not None:
        expect(close(dx, part * max_pool2d_backward(dy, x, size, stride)), message)
        return
    expect(close(dx.sum(axis=(1, 2)), dy.sum(axis=(1, 2)), scale=10), message)
    for i, j in np.ndindex(dy.shape[1:3]) if size <= stride else ():
        window = dx[:, i * stride : i * stride + size, j * stride : j * stride + size]
        expect(close(window.sum(axis=(1, 2)), dy[:, i, j]), message)


def part_of(ask: Ask, size: int) -> float | None:
    """Return what part of its gradient the maximum of a window gets; None where other entries get something, too."""
    x = np.arange(float(size * size)).reshape(1, size, size, 1)
    *others, maximum = array(ask(np.ones((1, 1, 1, 1)), x, size, size), x.shape, name="dx").ravel()
    return None if np.any(others) or not maximum else float(maximum)


@exercise.requires("sends each gradient to the maximum of its window", 2)
def finds_maximum(ask: Ask, draw: np.random.Generator) -> None:
    message = (
        "for images that are one window, dy should go to the maximum, in its image and channel, and dx be 0 elsewhere"
    )
    for size, stride in ((1, 1), (2, 3), (3, 2), (5, 5)):
        for n, c in ((1, 1), (3, 2)):
            case = (size, size, size, stride)
            agrees(ask, draw, images(draw, case, n, c), case, message)


@exercise.requires("finds the window of each gradient", 1, after="finds_maximum")
def follows_stride(ask: Ask, draw: np.random.Generator) -> None:
    message = "dy[:, i, j] belongs to the window of x and dx that begins at row i * stride and column j * stride"
    for case, n in (*((case, 2) for case in (*TOUCHING, *APART, SQUARE)), (MANY, 210)):
        agrees(ask, draw, images(draw, case, n, 1), case, message, part_of(ask, case[2]))


@exercise.requires("adds the gradients of overlapping windows up", 2.25, after="finds_maximum follows_stride")
def adds_overlaps(ask: Ask, draw: np.random.Generator) -> None:
    message = "a pixel that is the maximum of several windows should get the sum of their gradients"
    for case in OVERLAPPING:
        agrees(ask, draw, images(draw, case, c=1), case, message, part_of(ask, case[2]))


@exercise.requires("gives the first of equal maxima the whole gradient", 2, after="finds_maximum")
def chooses_first(ask: Ask, draw: np.random.Generator) -> None:
    message = "of equal maxima the first, row by row within the window, should get the whole gradient"
    for size, stride in ((1, 2), (2, 2), (3, 2), (4, 5), (5, 1)):
        case = (size, size, size, stride)
        agrees(ask, draw, tied_images(draw, case), case, message, part_of(ask, size) or 1.0)


@exercise.requires("refuses a dy of another shape and a window that does not fit", 0.5)
def refuses_bad_arguments(ask: Ask, draw: np.random.Generator) -> None:
    case = (7, 5, 2, 2)
    x = images(draw, case)
    dy = gradient_of(draw, x, case)
    ask(dy, x, 2, 2)
    for wrong in (dy[:1], dy[:, :1], dy[:, :, :1], dy[..., :1], dy[0], x):
        refuses(
            ask,
            wrong,
            x,
            2,
            2,
            because=f"a dy of shape {wrong.shape} for an output of shape {dy.shape}",
            mentions="dy x",
        )
    refuses(ask, dy[0], x[0], 2, 2, because="an x with three dimensions", mentions="x dy")
    refuses_windows(ask, dy, x)


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(right=max_pool2d_backward)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    """Measure images with and without ties, under windows that overlap, touch and lie apart."""
    draw = np.random.default_rng(4)
    questions = [(kind(draw, case), case) for kind in (images, tied_images) for case in ((7, 8, 3, 2), (6, 4, 2, 2))]
    questions.append((images(draw, (5, 8, 2, 3)), (5, 8, 2, 3)))
    return np.concatenate([np.ravel(ask(gradient_of(draw, x, case), x, *case[2:])) for x, case in questions]).tolist()


def spread(dy, x, size, stride, share, step=None):
    """Give every pixel of a window its share of the window's gradient, and add up; windows begin `step` apart."""
    require_both(dy, x, size, stride)
    dx, step = np.zeros(x.shape, dy.dtype), step or stride
    for i, j in np.ndindex(dy.shape[1:3]):
        rows, columns = slice(i * step, i * step + size), slice(j * step, j * step + size)
        dx[:, rows, columns] += dy[:, i : i + 1, j : j + 1] * share(x[:, rows, columns])
    return dx


def maxima(window):
    """Mark all that equals the maximum of its image and channel."""
    return window == window.max(axis=(1, 2), keepdims=True)


@exercise.mistake("shared among ties")
def shared_among_ties(dy, x, size, stride):
    """Equal maxima share the gradient. PyTorch and TensorFlow give all of it to the first one, row by row within the
    window."""
    return spread(dy, x, size, stride, lambda window: maxima(window) / maxima(window).sum(axis=(1, 2), keepdims=True))


@exercise.mistake("every tied maximum gets all of it")
def every_tied_maximum(dy, x, size, stride):
    """Each entry that equals the maximum gets the whole gradient, so that ties, as of zeros behind a ReLU, multiply it.
    One of them gets it: the first, row by row within the window."""
    return spread(dy, x, size, stride, maxima)


@exercise.mistake("last of equal maxima")
def last_of_equal_maxima(dy, x, size, stride):
    """Of equal maxima the last one gets the gradient. PyTorch and TensorFlow give it to the first, row by row within the
    window."""
    return spread(dy, x, size, stride, lambda window: first_maximum(window[:, ::-1, ::-1])[:, ::-1, ::-1])


def row_and_column(window):
    """Mark where the first row that holds the maximum crosses the first column that does."""
    rows, columns = (maxima(window).any(axis=axis).argmax(axis=1) for axis in (2, 1))
    places = np.arange(window.shape[1])[:, None]
    return (places == rows[:, None])[:, :, None] & (places == columns[:, None])[:, None]


@exercise.mistake("row and column sought apart")
def row_and_column_apart(dy, x, size, stride):
    """The row and the column of the maximum are sought one after the other. With ties they may belong to two maxima, and
    cross at a pixel that is none: seek the first maximum in the flattened window."""
    return spread(dy, x, size, stride, row_and_column)


@exercise.mistake("stride forgotten")
def stride_forgotten(dy, x, size, stride):
    """The window of dy[:, i, j] is sought at row i and column j, as if stride were 1. It begins at row i * stride and
    column j * stride, in x and in dx."""
    return spread(dy, x, size, stride, first_maximum, step=1)


@exercise.mistake("spread over the window")
def spread_over_the_window(dy, x, size, stride):
    """Every pixel of a window gets an equal share: that is the gradient of average pooling. A maximum depends on one
    pixel alone."""
    return spread(dy, x, size, stride, lambda window: np.full(window.shape, 1 / size**2))


@exercise.mistake("overwrites overlaps")
def overwrites_overlaps(dy, x, size, stride):
    """A pixel that wins in several windows keeps the gradient of the last one only. It had an influence on all of them:
    add up."""
    require_both(dy, x, size, stride)
    dx = np.zeros(x.shape, dy.dtype)
    for i, j, window in every_window(x, size, stride):
        target = dx[:, i * stride : i * stride + size, j * stride : j * stride + size]
        np.copyto(target, np.broadcast_to(dy[:, i : i + 1, j : j + 1], target.shape), where=first_maximum(window))
    return dx


exercise.right(window_by_window)
exercise.right(entry_by_entry)
exercise.right(with_bincount)
