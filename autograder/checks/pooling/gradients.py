"""Right answers to `max_pool2d_backward`, and what wrong ones share with them."""

import numpy as np

from autograder.checks.pooling.windows import (
    every_window,
    pooled_shape,
    require,
)


def require_both(dy, x, size, stride):
    require(x, size, stride)
    if dy.shape != (len(x), *pooled_shape(*x.shape[1:3], size, stride), x.shape[3]):
        raise ValueError("dy must have the shape of the output")


def first_maximum(window):
    """Mark the first maximum of every image and channel of a window (n, size, size, c)."""
    n, size, _, c = window.shape
    flat = window.reshape(n, -1, c)
    return (np.arange(size * size)[:, None] == flat.argmax(axis=1)[:, None]).reshape(window.shape)


def window_by_window(dy, x, size, stride):
    require_both(dy, x, size, stride)
    dx = np.zeros(x.shape, dy.dtype)
    for i, j, window in every_window(x, size, stride):
        dx[:, i * stride : i * stride + size, j * stride : j * stride + size] += (
            first_maximum(window) * dy[:, i : i + 1, j : j + 1]
        )
    return dx


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
