"""What a classifier of two moons should be and put out, asked with weights that show its masks."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from autograder.checks.beside.dropout_keras import Classifier
from autograder.checks.expect import array, close, expect

Sizes = tuple[int, int, int]
"""Numbers of layers, of their units, and of classes."""


def shapes(n_layers: int, width: int, n_classes: int) -> list[tuple[int, ...]]:
    """Return the shapes of kernels and biases in order."""
    sizes = [2, *[width] * n_layers, n_classes]
    return [shape for rows, columns in pairwise(sizes) for shape in ((rows, columns), (columns,))]


def forward(weights: list[np.ndarray], x: np.ndarray) -> np.ndarray:
    """Return the probabilities that ReLU layers and a softmax give without dropout."""
    *layers, (W, b) = zip(weights[::2], weights[1::2], strict=True)
    for kernel, bias in layers:
        x = np.maximum(x @ kernel + bias, 0)
    odds = np.exp(x @ W + b)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def named(sizes: Sizes, rate: float | None) -> dict[str, Any]:
    return {**dict(zip(("n_layers", "width", "n_classes"), sizes, strict=True)), "rate": rate}


def some_weights(draw: np.random.Generator, sizes: Sizes) -> list[np.ndarray]:
    return [draw.normal(0, 1.2 / np.sqrt(shape[0]), shape).astype("float32") for shape in shapes(*sizes)]


def unit_logits(width: int, n_layers: int, constant: int) -> list[np.ndarray]:
    """Return weights that make every unit of one hidden layer 1 and hand it on to the logits, after a first logit of 0.

    Log-odds against class 0 are then what the masks of that layer and of those behind it leave of the units.
    """
    arrays = [np.zeros(shape, "float32") for shape in shapes(n_layers, width, width + 1)]
    for layer in range(n_layers):
        if layer > constant:
            arrays[2 * layer] = np.eye(width, dtype="float32")
    arrays[2 * constant + 1][:] = 1
    arrays[-2][:, 1:] = np.eye(width)
    return arrays


END: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "softmax": np.log,
    "sigmoid": lambda y: np.log(y / (1 - y)),
    "no activation": lambda y: y,
}
"""What the head of a classifier may have, each with how its logits are read, but for a constant in each row."""


def end_of(y: np.ndarray) -> str:
    """Tell from probabilities in test mode, or what stands in their place, what the head has."""
    if close(y.sum(axis=1), np.ones(len(y)), "float32"):
        return "softmax"
    return "sigmoid" if ((y > 0) & (y < 1)).all() else "no activation"


def kept_units(y: np.ndarray, end: str) -> np.ndarray:
    """Return what reaches the logits, beside the first one, which is 0."""
    logits = np.asarray(END[end](y))
    return logits[:, 1:] - logits[:, :1]


LAYERS = "there should be n_layers hidden layers of the given width, then one of n_classes units"


@dataclass(frozen=True)
class Seen:
    """A model that was asked for: its sizes, what is known of it, and what it was called with.

    `extra` is by how many hidden layers models have more than is asked for: it is one that was asked for with as many
    fewer, so that a wrong number is judged once.
    """

    sizes: Sizes
    facts: Classifier
    x: np.ndarray
    weights: list[np.ndarray]
    extra: int = 0

    def has_layers(self) -> None:
        """Raise Unmet unless inputs, outputs, kernels and biases have the shapes they should have."""
        known = self.facts
        expect(known.is_model, "return a keras.Model")
        expect(known.input == [None, 2], "the input of the model should have shape (2,)")
        expect(known.output == [None, self.sizes[-1]], "the output of the model should have n_classes entries")
        expect(
            known.shapes == [list(shape) for shape in shapes(*self.sizes)],
            LAYERS,
        )

    def is_right_size(self) -> None:
        """Raise Unmet unless the layers have the right shapes, and nothing else has parameters."""
        self.has_layers()
        expect(not self.extra, LAYERS)
        known = self.facts.parameters
        expect(
            known == sum(int(np.prod(shape)) for shape in shapes(*self.sizes)),
            f"the model has {known:,} parameters, which is not the number of its kernels and biases. Dropout has none",
        )

    def outputs(self, first: int = 0, last: int = 1) -> list[list[np.ndarray]]:
        """Return what the model put out with some of its weights."""
        self.has_layers()
        shape = (len(self.x), self.sizes[-1])
        return [[array(y, shape, name="the output") for y in ys] for ys in self.facts.outputs[first:last]]

    def end(self, first: int = 0) -> str:
        """Tell what the head has, from outputs in test mode."""
        return end_of(self.outputs(first, first + 1)[0][0])
