"""Weights of a perceptron, and some from whose logits its masks can be read.

With identity weights and a bias of 1, a hidden unit's place in the output tells what every layer of dropout did to it,
so that it does not matter how a student's module computes the logits.
"""

from itertools import pairwise

import numpy as np

from autograder.checks.ask import Tensor

OFFSET = 0.5
"""Bias of the output layer in `transparent`, so that dropout on the logits would show."""

Layers = list[tuple[np.ndarray, np.ndarray]]


def drawn(draw: np.random.Generator, sizes: list[int], dtype: str = "float32") -> Layers:
    """Draw weights and biases (out, in), (out,) for every layer."""
    return [
        (
            draw.normal(0, 1 / np.sqrt(fan_in), (fan_out, fan_in)).astype(dtype),
            draw.normal(0, 0.5, fan_out).astype(dtype),
        )
        for fan_in, fan_out in pairwise(sizes)
    ]


def transparent(width: int, hidden_layers: int) -> Layers:
    """Return identity weights: biases 0 before the first hidden layer, 1 before others and OFFSET before the logits."""
    identity = np.eye(width, dtype=np.float32)
    biases = [0.0] + [1.0] * (hidden_layers - 1) + [OFFSET]
    return [(identity, np.full(width, bias, np.float32)) for bias in biases]


def sent(layers: Layers) -> list[tuple[Tensor, Tensor]]:
    return [(Tensor(weight), Tensor(bias)) for weight, bias in layers]


def forward(layers: Layers, x: np.ndarray) -> np.ndarray:
    """Return the logits without dropout."""
    h = x.reshape(len(x), -1)
    for weight, bias in layers[:-1]:
        h = np.maximum(h @ weight.T + bias, 0)
    weight, bias = layers[-1]
    return h @ weight.T + bias
