"""Pooling by windows, forward and backward, and where the parameters and the work of a convolutional net are."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograder.reference.validate import Array, require_ndim, require_rate, require_shape

Shape = tuple[int, ...]
Layer = tuple[Any, ...]


def pooled_length(length: int, size: int, stride: int) -> int:
    """Return how many windows fit along an axis; raise ValueError when none does, or for a size or stride below 1."""
    if size < 1 or stride < 1:
        raise ValueError(f"size and stride must be positive, got size {size} and stride {stride}")
    if size > length:
        raise ValueError(f"size {size} is larger than the image: its shape allows at most {length}")
    return (length - size) // stride + 1


def windows(x: Array, size: int, stride: int) -> Array:
    """Return the size x size windows of images (n, h, w, c), stride apart, flattened: shape (n, h', w', c, size^2)."""
    require_ndim(x, 4, "x")
    rows, columns = (pooled_length(length, size, stride) for length in x.shape[1:3])
    every = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    return every[:, ::stride, ::stride].reshape(len(x), rows, columns, x.shape[3], size * size)


def max_pool2d(x: Array, size: int, stride: int) -> Array:
    """Take the maximum of every window, channel by channel.

    Args:
        x: images, shape (n, h, w, c), or ValueError.
        size: side of the square window, a positive int no larger than h and w, or ValueError.
        stride: distance between windows, a positive int, or ValueError.

    Returns:
        Shape (n, (h - size) // stride + 1, (w - size) // stride + 1, c), dtype of x: only whole windows count.
    """
    maximum: Array = windows(x, size, stride).max(axis=-1)
    return maximum


def average_pool2d(x: Array, size: int, stride: int) -> Array:
    """Take the mean of every window, channel by channel; arguments, shape, dtype and errors as in `max_pool2d`."""
    mean: Array = windows(x, size, stride).mean(axis=-1)
    return mean


def max_pool2d_backward(dy: Array, x: Array, size: int, stride: int) -> Array:
    """Propagate a gradient through `max_pool2d`: each entry goes to the maximum of its window.

    Args:
        dy: gradient of the loss with respect to the output, exactly the output's shape, or ValueError.
        x: the images of the forward pass, shape (n, h, w, c), or ValueError.
        size: side of the window, as in `max_pool2d`.
        stride: distance between windows, as in `max_pool2d`.

    Returns:
        dx with the shape of x and the dtype of dy. Of equal maxima the first gets everything, row by row within the
        window, as in PyTorch and TensorFlow; where windows overlap, their gradients add up.
    """
    view = windows(x, size, stride)
    require_shape(dy, view.shape[:-1], "dy")
    row, column = np.divmod(view.argmax(axis=-1), size)
    image, top, left, channel = np.indices(dy.shape)
    dx = np.zeros(x.shape, dy.dtype)
    np.add.at(dx, (image, top * stride + row, left * stride + column, channel), dy)
    return dx


def output_shape(shape: Shape, layer: Layer) -> Shape:
    """Return the shape that a layer makes of (h, w, c) or (d,); raise ValueError when it cannot be applied."""
    match layer, shape:
        case ("conv", filters, kernel), (h, w, _):
            return (pooled_length(h, kernel, 1), pooled_length(w, kernel, 1), filters)
        case ("pool", size), (h, w, c):
            return (pooled_length(h, size, size), pooled_length(w, size, size), c)
        case ("flatten",), _:
            return (math.prod(shape),)
        case ("dense", units), (_,):
            return (units,)
        case ("dropout", rate), _:
            require_rate(rate)
            return shape
    raise ValueError(f"layers has {layer}, which cannot be applied to the shape {shape}")


def walk(input_shape: Shape, layers: Sequence[Layer]) -> Iterator[tuple[Layer, Shape, Shape]]:
    """Yield each layer with the shape before it and the shape after it."""
    if len(input_shape) not in (1, 3):
        raise ValueError(f"input_shape must be (h, w, c) or (d,), got {input_shape}")
    shape = tuple(input_shape)
    for layer in layers:
        after = output_shape(shape, layer)
        yield layer, shape, after
        shape = after


def weights_per_output(layer: Layer, before: Shape) -> int:
    """Return the number of weights that one output channel or unit of a layer has, biases not counted."""
    match layer:
        case ("conv", _, kernel):
            return int(kernel**2 * before[-1])
        case ("dense", _):
            return before[-1]
    return 0


def count_parameters(input_shape: Shape, layers: Sequence[Layer]) -> int:
    """Return the number of trainable parameters of a chain of layers.

    Args:
        input_shape: (h, w, c) or (d,).
        layers: ("conv", filters, kernel), valid, stride 1, with bias; ("pool", size), stride = size; ("flatten",);
            ("dense", units), with bias, after flatten or on (d,); ("dropout", rate).

    Raises:
        ValueError: anything else, or a layer that cannot be applied to the shape before it.
    """
    total = 0
    for layer, before, after in walk(input_shape, layers):
        weights = weights_per_output(layer, before)
        if weights:
            total += (weights + 1) * after[-1]
    return total


def count_macs(input_shape: Shape, layers: Sequence[Layer]) -> int:
    """Return the number of multiply-accumulates of one forward pass: weights per output times outputs, over all layers.

    Args and errors as in `count_parameters`.
    """
    return sum(
        weights_per_output(layer, before) * math.prod(after) for layer, before, after in walk(input_shape, layers)
    )
