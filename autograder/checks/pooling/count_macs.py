"""The work of a convolutional net: `count_macs(input_shape, layers) -> int`."""

import math

import numpy as np

from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.pooling.chains import (
    agrees,
    conv,
    costs_nothing,
    counts_whole_nets,
    dense,
    flattens,
    image,
    integer,
    measured,
    refuses_impossible_nets,
    shrinks_by_pooling,
    shrinks_by_valid_convolution,
    tally,
)
from autograder.reference.pooling import count_macs

exercise = Exercise(
    count_macs,
    page="keras/pooling#All parameters are saved in one dense layer",
    onward="The figure after this sets it beside the parameters; try the same net on pictures of twice the side: by what does the work grow, and the number of parameters?",
    trap=("counts_convolutions",),
)


@exercise.requires("counts the work of convolutions", 2)
def counts_convolutions(ask: Ask, draw: np.random.Generator) -> None:
    message = "each of a filter's (h - kernel + 1) * (w - kernel + 1) outputs costs kernel * kernel * channels"
    for _ in range(3):
        agrees(ask, count_macs, (image(draw), [conv(draw)]), message)


@exercise.requires("counts the work of dense layers", 1)
def counts_dense(ask: Ask, draw: np.random.Generator) -> None:
    for depth in (1, 3):
        layers = [dense(draw) for _ in range(depth)]
        message = "every unit of a dense layer costs one multiply-accumulate for each of its inputs"
        agrees(ask, count_macs, ((integer(draw, 5, 30),), layers), message)


@exercise.requires("follows the shapes through pooling, convolutions and flatten", 1)
def follows_shapes(ask: Ask, draw: np.random.Generator) -> None:
    for follows in (flattens, shrinks_by_valid_convolution, shrinks_by_pooling):
        follows(ask, draw)


@exercise.requires("counts nothing for pooling, flatten and dropout", 0.5)
def counts_nothing_else(ask: Ask, draw: np.random.Generator) -> None:
    costs_nothing(ask, draw, "pooling, flatten and dropout cost no multiply-accumulates")


exercise.requires("adds up what the layers of whole nets cost", 1, after="follows_shapes")(counts_whole_nets)
exercise.requires("refuses layers that cannot be applied", 0.5)(refuses_impossible_nets)
exercise.measures()(measured)


def conv_macs(before, after, filters, kernel):
    return math.prod(after) * filters * kernel**2 * before[2]


def dense_macs(inputs, units):
    return inputs * units


@exercise.mistake("counts biases")
def counts_biases(input_shape, layers):
    """A bias is added, not multiplied: it costs an addition, which is not counted."""

    def conv_and_bias(before, after, filters, kernel):
        return math.prod(after) * filters * (kernel**2 * before[2] + 1)

    return tally(input_shape, layers, conv_and_bias, lambda inputs, units: (inputs + 1) * units)


@exercise.mistake("two for each multiply-accumulate")
def two_for_each(input_shape, layers):
    """A multiplication and the addition behind it are counted as two operations. They are one multiply-accumulate."""
    return 2 * tally(input_shape, layers, conv_macs, dense_macs)


@exercise.mistake("forgets input channels")
def forgets_channels(input_shape, layers):
    """A filter is taken for kernel * kernel multiplications. It looks at every input channel: kernel * kernel *
    channels for each of its outputs."""

    def flat_filters(before, after, filters, kernel):
        return math.prod(after) * kernel**2

    return tally(input_shape, layers, flat_filters, dense_macs)


@exercise.mistake("output size of the input")
def size_of_the_input(input_shape, layers):
    """The work is counted at every pixel of the input. A filter is applied once for every pixel of the output, which is
    smaller."""

    def conv_everywhere(before, after, filters, kernel):
        return math.prod(before) * filters * kernel**2

    return tally(input_shape, layers, conv_everywhere, dense_macs)


@exercise.mistake("pooling counted")
def counts_pooling(input_shape, layers):
    """Comparing the entries of a window multiplies nothing: pooling costs no multiply-accumulates."""
    return tally(input_shape, layers, conv_macs, dense_macs, pool=lambda h, w, c, size: h * w * c * size**2)


@exercise.right
def by_tally(input_shape, layers):
    return tally(input_shape, layers, conv_macs, dense_macs)


@exercise.right
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


@exercise.right
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
