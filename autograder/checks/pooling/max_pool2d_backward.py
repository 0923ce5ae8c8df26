"""The gradient of max pooling: `max_pool2d_backward(dy, x, size, stride) -> dx`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect, refuses
from autograder.checks.pooling.windows import (
    APART,
    OVERLAPPING,
    TOUCHING,
    every_window,
    pooled_shape,
    refuses_windows,
    require,
)
from autograder.reference.pooling import max_pool2d_backward

exercise = Exercise(
    max_pool2d_backward,
    page="keras/pooling#two-largest-values",
    onward="The figure after this shows which pixels learn; try overlapping windows, and look for pixels that win twice.",
    challenge=True,
)

Case = tuple[int, int, int, int]


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


def agrees(ask: Ask, draw: np.random.Generator, x: np.ndarray, case: Case, message: str) -> None:
    dy = gradient_of(draw, x, case)
    dx = array(ask(dy, x, *case[2:]), x.shape, name="dx")
    expect(close(dx, max_pool2d_backward(dy, x, *case[2:])), message)


@exercise.requires("sends each gradient to the maximum of its window", 3)
def finds_maximum(ask: Ask, draw: np.random.Generator) -> None:
    for case in TOUCHING + APART:
        for n, c in ((1, 1), (3, 2)):
            message = (
                "each entry of dy should go to the maximum of its window, in its image and channel, and dx be 0 "
                "elsewhere"
            )
            agrees(ask, draw, images(draw, case, n, c), case, message)
    for case, n in (((6, 6, 2, 2), 2), ((2, 4, 2, 2), 210)):
        agrees(ask, draw, images(draw, case, n, 1), case, message)


@exercise.requires("adds the gradients of overlapping windows up", 2)
def adds_overlaps(ask: Ask, draw: np.random.Generator) -> None:
    for case in OVERLAPPING:
        agrees(
            ask,
            draw,
            images(draw, case),
            case,
            "a pixel that is the maximum of several windows should get the sum of their gradients",
        )


@exercise.requires("gives the first of equal maxima the whole gradient", 2)
def chooses_first(ask: Ask, draw: np.random.Generator) -> None:
    for case in TOUCHING + APART:
        x = tied_images(draw, case)
        agrees(
            ask, draw, x, case, "of equal maxima the first, row by row within the window, should get the whole gradient"
        )


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


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.5)(
    in_every_way(right=max_pool2d_backward)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(4)
    case = (7, 8, 3, 2)
    x = tied_images(draw, case)
    return np.asarray(ask(gradient_of(draw, x, case), x, 3, 2)).ravel().tolist()


def require_both(dy, x, size, stride):
    require(x, size, stride)
    if dy.shape != (len(x), *pooled_shape(*x.shape[1:3], size, stride), x.shape[3]):
        raise ValueError("dy must have the shape of the output")


def first_maximum(window):
    """Mark the first maximum of every image and channel of a window (n, size, size, c)."""
    n, size, _, c = window.shape
    flat = window.reshape(n, -1, c)
    return (np.arange(size * size)[:, None] == flat.argmax(axis=1)[:, None]).reshape(window.shape)


@exercise.mistake("shared among ties")
def shared_among_ties(dy, x, size, stride):
    """Equal maxima share the gradient. PyTorch and TensorFlow give all of it to the first one, row by row within the
    window."""
    require_both(dy, x, size, stride)
    dx = np.zeros(x.shape, dy.dtype)
    for i, j, window in every_window(x, size, stride):
        largest = window == window.max(axis=(1, 2), keepdims=True)
        share = largest / largest.sum(axis=(1, 2), keepdims=True)
        dx[:, i * stride : i * stride + size, j * stride : j * stride + size] += dy[:, i : i + 1, j : j + 1] * share
    return dx


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


@exercise.right
def window_by_window(dy, x, size, stride):
    require_both(dy, x, size, stride)
    dx = np.zeros(x.shape, dy.dtype)
    for i, j, window in every_window(x, size, stride):
        dx[:, i * stride : i * stride + size, j * stride : j * stride + size] += (
            first_maximum(window) * dy[:, i : i + 1, j : j + 1]
        )
    return dx


@exercise.right
def entry_by_entry(dy, x, size, stride):
    require_both(dy, x, size, stride)
    dx = np.zeros_like(x, dtype=dy.dtype)
    for n, i, j, c in np.ndindex(*dy.shape):
        best = None
        for a in range(i * stride, i * stride + size):
            for b in range(j * stride, j * stride + size):
                if best is None or x[n, a, b, c] > x[n][best][c]:
                    best = (a, b)
        dx[n, best[0], best[1], c] += dy[n, i, j, c]
    return dx


@exercise.right
def with_bincount(dy, x, size, stride):
    """The flat position of every winner, then the sum of the gradients at each position."""
    require_both(dy, x, size, stride)
    n, h, w, c = x.shape
    places = np.arange(x.size).reshape(x.shape)
    winners = np.empty(dy.shape, dtype=np.int64)
    for i, j, window in every_window(x, size, stride):
        place = places[:, i * stride : i * stride + size, j * stride : j * stride + size].reshape(n, -1, c)
        winners[:, i, j] = np.take_along_axis(place, window.reshape(n, -1, c).argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.bincount(winners.ravel(), weights=dy.ravel(), minlength=x.size).reshape(n, h, w, c).astype(dy.dtype)
