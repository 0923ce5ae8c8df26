"""The parameters of a convolutional net: `count_parameters(input_shape, layers) -> int`."""

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
from autograder.reference.pooling import count_parameters

exercise = Exercise(
    count_parameters,
    page="keras/pooling#All parameters are saved in one dense layer",
    onward="The figure after this finds the largest layer with it; try it on a net that you know, and find the layer that holds half of them.",
    trap=("flattens", "shrinks_by_pooling", "counts_convolutions"),
)


@exercise.requires("counts weights and biases of convolutions", 1)
def counts_convolutions(ask: Ask, draw: np.random.Generator) -> None:
    for _ in range(3):
        message = "a filter has kernel * kernel * channels weights and one bias"
        agrees(ask, count_parameters, (image(draw), [conv(draw)]), message)


@exercise.requires("counts weights and biases of dense layers", 1)
def counts_dense(ask: Ask, draw: np.random.Generator) -> None:
    for depth in (1, 3):
        layers = [dense(draw) for _ in range(depth)]
        message = "a dense unit has a weight for every input and one bias"
        agrees(ask, count_parameters, ((integer(draw, 5, 30),), layers), message)


exercise.requires("flattens height, width and channels", 1)(flattens)
exercise.requires("shrinks the image by valid convolutions", 1)(shrinks_by_valid_convolution)
exercise.requires("shrinks the image by pooling", 1)(shrinks_by_pooling)


@exercise.requires("counts nothing for pooling, flatten and dropout", 0.5)
def counts_nothing_else(ask: Ask, draw: np.random.Generator) -> None:
    costs_nothing(ask, draw, "pooling, flatten and dropout have no parameters")


exercise.requires(
    "adds up what the layers of whole nets have", 1, after="flattens shrinks_by_valid_convolution shrinks_by_pooling"
)(counts_whole_nets)
exercise.requires("refuses layers that cannot be applied", 0.5)(refuses_impossible_nets)
exercise.measures()(measured)


def conv_parameters(before, after, filters, kernel):
    return filters * (kernel**2 * before[2] + 1)


def dense_parameters(inputs, units):
    return units * (inputs + 1)


@exercise.mistake("same padding")
def same_padding(input_shape, layers):
    """The image keeps its size in a convolution, as if it were padded. A valid convolution makes each side shorter by
    kernel - 1, and the dense layer after flatten has that many fewer inputs."""
    return tally(input_shape, layers, conv_parameters, dense_parameters, valid=False)


@exercise.mistake("no biases")
def no_biases(input_shape, layers):
    """Only weights are counted. Every filter and every unit also has a bias."""

    def conv_weights(before, after, filters, kernel):
        return filters * kernel**2 * before[2]

    return tally(input_shape, layers, conv_weights, lambda inputs, units: inputs * units)


@exercise.mistake("forgets input channels")
def forgets_channels(input_shape, layers):
    """A filter is counted as kernel * kernel weights. It looks at every input channel: kernel * kernel * channels."""

    def flat_filters(before, after, filters, kernel):
        return filters * (kernel**2 + 1)

    return tally(input_shape, layers, flat_filters, dense_parameters)


@exercise.mistake("flatten without channels")
def flattens_without_channels(input_shape, layers):
    """Flatten is counted as height times width. Every channel of every pixel becomes an input of the dense layer."""
    return tally(input_shape, layers, conv_parameters, dense_parameters, channels=False)


@exercise.right
def by_tally(input_shape, layers):
    return tally(input_shape, layers, conv_parameters, dense_parameters)


@exercise.right
def by_arrays(input_shape, layers):
    """Makes the weights and counts their entries, but sees only shapes."""
    entry = np.broadcast_to(np.float32(0), input_shape)
    if entry.ndim not in (1, 3):
        raise ValueError("input_shape")
    count = np.int64(0)
    for layer in layers:
        match layer:
            case ("conv", filters, kernel) if entry.ndim == 3 and kernel <= min(entry.shape[:2]):
                h, w, c = entry.shape
                count += np.broadcast_to(0, (kernel, kernel, c, filters)).size + filters
                entry = np.broadcast_to(0, (h - kernel + 1, w - kernel + 1, filters))
            case ("pool", size) if entry.ndim == 3:
                h, w, c = entry.shape
                entry = entry[: h // size * size : size, : w // size * size : size]
            case ("flatten",):
                entry = np.broadcast_to(0, (entry.size,))
            case ("dense", units) if entry.ndim == 1:
                count += entry.size * units + units
                entry = np.broadcast_to(0, (units,))
            case ("dropout", rate) if 0 <= rate <= 1:
                pass
            case _:
                raise ValueError("impossible layers")
    return count


@exercise.right
def recursive(input_shape, layers):
    if len(input_shape) == 2:
        raise ValueError("input_shape")
    if not layers:
        return 0
    (kind, *numbers), *rest = layers
    if kind == "dropout" and 0 <= numbers[0] <= 1:
        return recursive(input_shape, rest)
    if kind == "dropout":
        raise ValueError("bad rate")
    if kind == "flatten":
        return recursive((int(np.prod(input_shape)),), rest)
    if kind == "dense" and len(input_shape) == 1:
        return input_shape[0] * numbers[0] + numbers[0] + recursive((numbers[0],), rest)
    if kind not in ("conv", "pool"):
        raise ValueError("unknown kind")
    h, w, c = input_shape
    if kind == "pool":
        return recursive((h // numbers[0], w // numbers[0], c), rest)
    filters, kernel = numbers
    if h < kernel or w < kernel:
        raise ValueError("kernel too large")
    return (kernel * kernel * c + 1) * filters + recursive((h - kernel + 1, w - kernel + 1, filters), rest)
