"""Probes of the classifier and of the reviews in Keras's assignment."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .respond import Facts, attempt, probe


@dataclass(frozen=True)
class Classifier(Facts):
    """What can be said of a model without calling it, and what it put out for each set of weights."""

    is_model: bool
    input: list[int | None] = field(default_factory=list)
    output: list[int | None] = field(default_factory=list)
    parameters: int = 0
    dropouts: int = 0
    shapes: list[list[int]] = field(default_factory=list)
    outputs: list[list[Any]] = field(default_factory=list)


def of_dense(model: Any) -> list[Any]:
    """Return the kernels and biases of a model's Dense layers, in order: of all that it has, if it has none."""
    import keras

    dense = [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.Dense)]
    return [part for layer in dense for part in layer.weights] or model.weights


@probe
def classifier(
    subject: Any, settings: dict[str, Any], asked: list[tuple[list[np.ndarray], bool, int]], x: np.ndarray
) -> Classifier:
    """Build one model and call it with each of some (weights, training, number of calls), unless it has others."""
    import keras

    model = attempt(subject, **settings)
    if not isinstance(model, keras.Model):
        return Classifier(is_model=False)
    # Of a model without an Input none of this is known, and Keras says so.
    inputs, outputs = list(attempt(lambda: model.input_shape)), list(attempt(lambda: model.output_shape))
    parameters = int(attempt(model.count_params))
    dropouts = sum(isinstance(layer, keras.layers.Dropout) for layer in model._flatten_layers())
    parts, found = of_dense(model), []
    shapes = [list(part.shape) for part in parts]
    for weights, training, times in asked:
        if shapes == [list(array.shape) for array in weights]:
            for part, array in zip(parts, weights, strict=True):
                attempt(part.assign, array)
            found.append([np.array(attempt(model, x, training=training)) for _ in range(times)])
    return Classifier(True, inputs, outputs, parameters, dropouts, shapes, found)


@probe
def build(subject: Any, settings: dict[str, Any]) -> None:
    """Build a model and call it in both modes."""
    model = attempt(subject, **settings)
    for training in (True, False):
        attempt(model, np.ones((2, 2), "float32"), training=training)


@probe
def layout(subject: Any) -> list[float]:
    """Tell where Dropout layers lie among the Dense ones, how many, whether they add parameters, and what ends the model."""
    import keras

    model, plain, zero = subject(2, 4, 3, 0.3), subject(2, 4, 3), subject(2, 4, 3, 0.0)
    layers = [
        layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.Dense | keras.layers.Dropout)
    ]
    dense = [index for index, layer in enumerate(layers) if isinstance(layer, keras.layers.Dense)]
    dropout = [index for index, layer in enumerate(layers) if isinstance(layer, keras.layers.Dropout)]
    x = np.linspace(-3, 3, 12, dtype="float32").reshape(6, 2)
    y = np.array(model(x, training=False))
    bent = np.array(plain.layers[0](x))
    return [
        float(min(dropout, default=0) < min(dense)),
        float(max(dropout, default=0) > max(dense)),
        float(model.count_params() > plain.count_params()),
        float(len(dropout)),
        float(any(isinstance(layer, keras.layers.Dropout) for layer in zero._flatten_layers())),
        float(np.allclose(y.sum(axis=1), 1, atol=1e-4)),
        float((y > 0).all() and (y < 1).all()),
        float(bent.min() < 0 and len(plain.layers) == len(dense)),
    ]


@probe
def lists_after(subject: Any, sequences: list[list[int]], dimension: int) -> list[list[int]]:
    """Call the subject and return the lists that it was given."""
    attempt(subject, sequences, dimension)
    return sequences
