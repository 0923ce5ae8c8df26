"""The convolutional nets that are asked about, and small answers that the two counts share."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.checks.ask import Ask, Value
from autograder.checks.expect import describe_type, expect, number, refuses, untouched

Net = tuple[tuple[int, ...], list[tuple[Any, ...]]]
Count = Callable[..., int]
KNOWN = (32, 32, 3), [("conv", 15, 5), ("conv", 60, 5), ("flatten",), ("dense", 16), ("dense", 3)]
POOLED = (
    (32, 32, 3),
    [("conv", 15, 5), ("pool", 2), ("conv", 60, 5), ("flatten",), ("dropout", 0.3), ("dense", 16), ("dense", 3)],
)
"""A net without and with pooling: the numbers of the catalogue."""


def integer(draw: np.random.Generator, low: int, high: int) -> int:
    """Draw a whole number from low to high, both among them."""
    return int(draw.integers(low, high + 1))


def image(draw: np.random.Generator) -> tuple[int, int, int]:
    """Draw the shape of an image that is not square."""
    h = integer(draw, 26, 34)
    return h, h + integer(draw, 1, 5), integer(draw, 2, 4)


def conv(draw: np.random.Generator) -> tuple[str, int, int]:
    return ("conv", integer(draw, 3, 9), integer(draw, 2, 4))


def dense(draw: np.random.Generator) -> tuple[str, int]:
    return ("dense", integer(draw, 2, 12))


def net(draw: np.random.Generator) -> Net:
    """Draw a net of every kind of layer, whose pools leave rows over as often as not."""
    convolutions = [conv(draw), ("pool", integer(draw, 2, 3)), conv(draw), ("dropout", 0.2)]
    return image(draw), [*convolutions, ("pool", 2), ("flatten",), dense(draw), ("dropout", 0.6), dense(draw)]


def whole(value: Value) -> int:
    """Return an answer that must be a whole number of an integer type."""
    count = number(value)
    is_integer = isinstance(value, int) or (isinstance(value, np.ndarray) and value.dtype.kind in "iu")
    expect(is_integer, f"a count should be an int, but is {describe_type(value)}")
    return int(count)


def agrees(ask: Ask, count: Count, asked: Net, message: str) -> None:
    """Raise Unmet unless a net gets the same number from the student's function as from the reference."""
    expect(whole(ask(*asked)) == count(*asked), message)


def own(ask: Ask, shape: tuple[int, ...], *layers: tuple[Any, ...]) -> int:
    """Return what the student's function counts."""
    return whole(ask(shape, list(layers)))


def behind(ask: Ask, shape: tuple[int, ...], first: tuple[Any, ...], *layers: tuple[Any, ...]) -> int:
    """Return what layers cost behind another one, by the student's own count."""
    return own(ask, shape, first, *layers) - own(ask, shape, first)


def flattens(ask: Ask, draw: np.random.Generator) -> None:
    """Raise Unmet unless a layer costs behind flatten what, by the student's own count, it costs on a vector."""
    (h, w, c), last = image(draw), dense(draw)
    message = "flatten makes a vector of all h * w * c entries"
    expect(behind(ask, (h, w, c), ("flatten",), last) == own(ask, (h * w * c,), last), message)


def shrinks_by_valid_convolution(ask: Ask, draw: np.random.Generator) -> None:
    """Raise Unmet unless layers cost behind a convolution what, by the student's own count, they cost on its output."""
    h, w, c = image(draw)
    message = "a valid convolution makes each side shorter by kernel - 1, and has as many channels as filters"
    for first, other in ((conv(draw), conv(draw)), (("conv", 4, 1), conv(draw)), (("conv", 3, h), ("conv", 2, 1))):
        for layers in ([("flatten",), dense(draw)], [other]):
            expect(behind(ask, (h, w, c), first, *layers) == own(ask, after((h, w, c), first), *layers), message)


def shrinks_by_pooling(ask: Ask, draw: np.random.Generator) -> None:
    """Raise Unmet unless layers cost behind a pool what, by the student's own count, they cost on its output."""
    h, w, c = image(draw)
    message = "a pool divides each side by its size, rounded down, and leaves the channels"
    for size in (1, 2, 3, 5, h):
        for layers in ([("flatten",), dense(draw)], [("conv", 3, 1)]):
            shape = after((h, w, c), ("pool", size))
            expect(behind(ask, (h, w, c), ("pool", size), *layers) == own(ask, shape, *layers), message)


def costs_nothing(ask: Ask, draw: np.random.Generator, message: str) -> None:
    """Raise Unmet unless pooling, flatten and dropout add nothing to a count, and dropout changes no shape."""
    for layers in (
        [],
        [("pool", 2)],
        [("flatten",)],
        [("dropout", 0.3)],
        [("dropout", 0.0), ("pool", 3), ("flatten",), ("dropout", 1.0)],
    ):
        expect(own(ask, image(draw), *layers) == 0, message)
    size, first, second = (integer(draw, 5, 30),), dense(draw), dense(draw)
    with_dropout = own(ask, size, first, ("dropout", 0.4), second)
    expect(with_dropout == own(ask, size, first, second), "between two layers, dropout should change no count")


def counts_whole_nets(ask: Ask, draw: np.random.Generator) -> None:
    """Raise Unmet unless a net gets the sum of what the student's function counts for each layer, and is left alone."""
    for shape, layers in (KNOWN, POOLED, net(draw), net(draw)):
        total, now = 0, shape
        for layer in layers:
            total, now = total + own(ask, now, layer), after(now, layer)
        expect(own(ask, shape, *layers) == total, "the count of a whole net should be the sum of those of its layers")
    answer = ask.answer(*net(draw))
    whole(ask.value(answer))
    untouched(answer)


def after(shape: tuple[int, ...], layer: tuple[Any, ...]) -> tuple[int, ...]:
    """Return the shape behind a layer."""
    match layer:
        case ("conv", filters, kernel):
            return (shape[0] - kernel + 1, shape[1] - kernel + 1, filters)
        case ("pool", size):
            return (shape[0] // size, shape[1] // size, shape[2])
        case ("flatten",):
            return (math.prod(shape),)
        case ("dense", units):
            return (units,)
    return shape


def measured(ask: Ask) -> list[float]:
    """Return the counts of some nets."""
    draw = np.random.default_rng(4)
    return [float(ask(*asked)) for asked in (KNOWN, POOLED, net(draw), net(draw))]


def refuses_impossible_nets(ask: Ask, draw: np.random.Generator) -> None:
    shape = image(draw)
    whole(ask(shape, [conv(draw), ("flatten",), dense(draw)]))
    impossible = (
        ("a dense layer on an image", shape, [dense(draw)]),
        ("a dense layer after a pool without flatten", shape, [("pool", 2), dense(draw)]),
        ("a convolution after flatten", shape, [("flatten",), conv(draw)]),
        ("a convolution on a vector", (20,), [conv(draw)]),
        ("a pool after flatten", shape, [("flatten",), ("pool", 2)]),
        ("a pool on a vector", (20,), [("pool", 2)]),
        ("a kernel larger than the image", shape, [("conv", 3, 60)]),
        ("a kernel one pixel larger than the image", (9, 12, 2), [("conv", 3, 10)]),
        ("a kernel larger than what the first one left", (9, 12, 2), [("conv", 3, 6), ("conv", 2, 5)]),
        ("an unknown layer", shape, [conv(draw), ("lstm", 4)]),
        ("an input shape of two numbers", shape[:2], [conv(draw)]),
        ("a dropout rate of -0.1", (20,), [("dropout", -0.1), dense(draw)]),
        ("a dropout rate of 1.2", (20,), [("dropout", 1.2), dense(draw)]),
    )
    for because, input_shape, layers in impossible:
        refuses(ask, input_shape, layers, because=because, mentions="")


def tally(input_shape, layers, conv, dense, pool=lambda *_: 0, valid=True, channels=True):
    """Add up what each layer costs; `valid`: convolutions shrink the image, `channels`: flatten counts channels."""
    shape, total = tuple(input_shape), 0
    if len(shape) not in (1, 3):
        raise ValueError("input_shape must be (h, w, c) or (d,)")
    for kind, *numbers in layers:
        if kind == "dropout":
            if not 0 <= numbers[0] <= 1:
                raise ValueError("rate must be in [0, 1]")
        elif kind == "conv" and len(shape) == 3:
            (filters, kernel), (h, w, c) = numbers, shape
            if kernel > min(h, w):
                raise ValueError("the kernel is larger than the image")
            after = (h - kernel + 1, w - kernel + 1) if valid else (h, w)
            total += conv(shape, after, filters, kernel)
            shape = (*after, filters)
        elif kind == "pool" and len(shape) == 3:
            (size,), (h, w, c) = numbers, shape
            shape = (h // size, w // size, c)
            total += pool(*shape, size)
        elif kind == "flatten":
            shape = (int(np.prod(shape if channels else shape[:2])),)
        elif kind == "dense" and len(shape) == 1:
            total += dense(shape[0], numbers[0])
            shape = (numbers[0],)
        else:
            raise ValueError(f"layers: {kind} cannot be applied to shape {shape}")
    return total
