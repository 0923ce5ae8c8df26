"""The work of a convolutional net: `count_macs(input_shape, layers) -> int`."""

import math

import numpy as np

from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise, Fingerprint, Misconception, Requirement
from autograder.checks.expect import expect, untouched
from autograder.checks.pooling.chains import (
    KNOWN,
    POOLED,
    Net,
    conv,
    dense,
    image,
    integer,
    net,
    refuses_impossible_nets,
    tally,
    whole,
)
from autograder.reference.pooling import count_macs

PAGE = "keras/pooling"


def agrees(ask: Ask, asked: Net, message: str) -> None:
    expect(whole(ask(*asked)) == count_macs(*asked), message)


def counts_convolutions(ask: Ask, draw: np.random.Generator) -> None:
    for depth in (1, 2, 3):
        layers = [conv(draw) for _ in range(depth)]
        agrees(
            ask,
            (image(draw), layers),
            "every entry of a convolution's output costs kernel * kernel * channels multiply-accumulates",
        )


def counts_dense(ask: Ask, draw: np.random.Generator) -> None:
    for depth in (1, 3):
        layers = [dense(draw) for _ in range(depth)]
        agrees(
            ask,
            ((integer(draw, 5, 30),), layers),
            "every unit of a dense layer costs one multiply-accumulate for each of its inputs",
        )


def follows_shapes(ask: Ask, draw: np.random.Generator) -> None:
    h, w, c = image(draw)
    agrees(ask, ((h, w, c), [("flatten",), dense(draw)]), "flatten makes a vector of all h * w * c entries")
    for size in (1, 2, 3, 5):
        asked = ((h, w, c), [("pool", size), conv(draw)])
        agrees(ask, asked, "after a pool there is less work: each side is divided by its size, rounded down")
    for kernel in (1, h):
        asked = ((h, w, c), [("conv", 4, kernel), ("flatten",), dense(draw)])
        agrees(ask, asked, "a valid convolution makes each side shorter by kernel - 1")


def counts_nothing_else(ask: Ask, draw: np.random.Generator) -> None:
    for layers in (
        [],
        [("pool", 2)],
        [("flatten",)],
        [("dropout", 0.3)],
        [("dropout", 0.0), ("pool", 3), ("flatten",), ("dropout", 1.0)],
    ):
        expect(whole(ask(image(draw), layers)) == 0, "pooling, flatten and dropout cost no multiply-accumulates")
    layers = [dense(draw), ("dropout", 0.4), dense(draw)]
    agrees(ask, ((integer(draw, 5, 30),), layers), "dropout changes no shape")


def counts_whole_nets(ask: Ask, draw: np.random.Generator) -> None:
    for asked in (KNOWN, POOLED, net(draw), net(draw)):
        agrees(ask, asked, "the count of a whole net is not right")
    answer = ask.answer(*net(draw))
    whole(ask.value(answer))
    untouched(answer)


def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(4)
    return [float(ask(*asked)) for asked in (KNOWN, POOLED, net(draw), net(draw))]


def conv_macs(before, after, filters, kernel):
    return math.prod(after) * filters * kernel**2 * before[2]


def dense_macs(inputs, units):
    return inputs * units


def counts_biases(input_shape, layers):
    def conv_and_bias(before, after, filters, kernel):
        return math.prod(after) * filters * (kernel**2 * before[2] + 1)

    return tally(input_shape, layers, conv_and_bias, lambda inputs, units: (inputs + 1) * units)


def size_of_the_input(input_shape, layers):
    def conv_everywhere(before, after, filters, kernel):
        return math.prod(before) * filters * kernel**2

    return tally(input_shape, layers, conv_everywhere, dense_macs)


def counts_pooling(input_shape, layers):
    return tally(input_shape, layers, conv_macs, dense_macs, pool=lambda h, w, c, size: h * w * c * size**2)


def by_tally(input_shape, layers):
    return tally(input_shape, layers, conv_macs, dense_macs)


def by_shapes(input_shape, layers):
    """First all shapes, then the work between them."""
    shapes = [tuple(input_shape)]
    for layer in layers:
        match layer, shapes[-1]:
            case ("dropout", rate), shape:
                if rate < 0 or rate > 1:
                    raise ValueError("the rate of a dropout layer")
                shapes.append(shape)
            case ("flatten",), shape:
                shapes.append((math.prod(shape),))
            case ("conv", filters, kernel), (h, w, _) if h >= kernel <= w:
                shapes.append((h + 1 - kernel, w + 1 - kernel, filters))
            case ("pool", size), (h, w, c):
                shapes.append((*(side // size for side in (h, w)), c))
            case ("dense", units), (_,):
                shapes.append((units,))
            case _:
                raise ValueError("cannot apply the layer")
    work = np.int64(0)
    for (kind, *numbers), before, after in zip(layers, shapes, shapes[1:], strict=False):
        if kind == "conv":
            work += after[0] * after[1] * after[2] * before[2] * numbers[1] * numbers[1]
        elif kind == "dense":
            work += before[0] * after[0]
    return work


def by_counting_loops(input_shape, layers):
    """Walks over the output as a naive program would, one row of it at a time."""
    if len(input_shape) == 2:
        raise ValueError("input_shape has two numbers")
    shape, work = list(input_shape), 0
    for kind, *numbers in layers:
        if kind == "conv" and len(shape) == 3:
            filters, kernel = numbers
            rows = range(shape[0] - kernel + 1)
            columns = range(shape[1] - kernel + 1)
            if shape[0] < kernel or shape[1] < kernel:
                raise ValueError("no room for the kernel")
            for _ in rows:
                work += len(columns) * kernel * kernel * shape[2] * filters
            shape = [len(rows), len(columns), filters]
        elif kind == "pool" and len(shape) == 3:
            shape = [shape[0] // numbers[0], shape[1] // numbers[0], shape[2]]
        elif kind == "flatten":
            shape = [int(np.prod(shape))]
        elif kind == "dense" and len(shape) == 1:
            work += shape[0] * numbers[0]
            shape = numbers
        elif kind != "dropout" or not 0 <= numbers[0] <= 1:
            raise ValueError("rate or layers")
    return work


exercise = Exercise(
    name="count_macs",
    assignment="pooling",
    page=PAGE,
    requirements=(
        Requirement("counts the work of convolutions", 2, counts_convolutions),
        Requirement("counts the work of dense layers", 1, counts_dense),
        Requirement("follows the shapes through pooling and flatten", 1, follows_shapes),
        Requirement("counts nothing for pooling, flatten and dropout", 0.5, counts_nothing_else),
        Requirement("counts whole nets", 1, counts_whole_nets),
        Requirement("refuses layers that cannot be applied", 0.5, refuses_impossible_nets),
    ),
    reference=count_macs,
    misconceptions=(
        Misconception(
            "counts biases",
            "A bias is added, not multiplied: it costs an addition, which is not counted.",
            PAGE,
            counts_biases,
        ),
        Misconception(
            "output size of the input",
            "The work is counted at every pixel of the input. A filter is applied once for every pixel of the "
            "output, which is smaller.",
            PAGE,
            size_of_the_input,
        ),
        Misconception(
            "pooling counted",
            "Comparing the entries of a window multiplies nothing: pooling costs no multiply-accumulates.",
            PAGE,
            counts_pooling,
        ),
    ),
    variants=(by_tally, by_shapes, by_counting_loops),
    fingerprint=Fingerprint(measure),
)
