"""Weights of a perceptron, and some from whose logits its masks can be read.

With identity weights and a bias of 1, a hidden unit's place in the output tells what every layer of dropout did to it,
so that it does not matter how a student's module computes the logits.
"""

from itertools import pairwise

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask, Tensor, Value
from autograder.checks.beside.dropout_pytorch import run
from autograder.checks.expect import close, tensor

OFFSET = 0.5
"""Bias of the output layer in `transparent`, so that dropout on the logits would show."""

KNOWN = -2.0
"""The last logit of `transparent`, whatever the units are."""

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


def transparent(width: int, first: float = 1.0) -> Layers:
    """Return weights for two hidden layers, by which each unit is handed on to the logit at its place.

    Biases are 0 and 1 before the hidden layers, and OFFSET before the logits; one more logit is always KNOWN. `first` is
    the weight of the inputs; without it, the units of the first layer are 2 everywhere.
    """
    identity, ones = np.eye(width, dtype=np.float32), np.ones(width, np.float32)
    last = np.vstack([identity, np.zeros_like(identity[:1])])
    biases = np.append(OFFSET * ones, np.float32(KNOWN))
    return [(first * identity, 2 * (1 - first) * ones), (identity, ones), (last, biases)]


def ends(layers: Layers, x: np.ndarray, y: np.ndarray) -> str:
    """Tell what a module has behind its logits, from what it puts out in eval mode: nothing, or a softmax of a kind."""
    logits = forward(layers, x)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = odds / odds.sum(axis=1, keepdims=True)
    for name, right in (("softmax", probabilities), ("log_softmax", np.log(probabilities))):
        if close(y, right, np.float32, 10):
            return name
    return ""


def units(y: np.ndarray, end: str) -> np.ndarray:
    """Return the units that outputs of `transparent` show, nan where a logit is 0: it was dropped.

    Logits behind a softmax are known but for a constant, and dropped ones are known but for a factor: the last logit
    tells which.
    """
    logits = np.log(y) if end == "softmax" else y
    known = logits[:, -1:]
    if end:
        logits = logits - known + KNOWN
    elif known.any():
        logits = logits * (KNOWN / np.median(known[known != 0]))
    return np.where(logits[:, :-1] == 0, np.nan, logits[:, :-1] - OFFSET)


def sent(layers: Layers) -> list[tuple[Tensor, Tensor]]:
    return [(Tensor(weight), Tensor(bias)) for weight, bias in layers]


def forward(layers: Layers, x: np.ndarray) -> np.ndarray:
    """Return the logits without dropout."""
    h = x.reshape(len(x), -1)
    for weight, bias in layers[:-1]:
        h = np.maximum(h @ weight.T + bias, 0)
    weight, bias = layers[-1]
    return h @ weight.T + bias


def kept(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which units are kept by the second layer, and which by both, if those of the first are 2 everywhere.

    Where the second layer keeps all that it shows at one level, the first has dropped nothing.
    """
    second = values > 1e-3
    lowest = values[second].min(initial=np.inf)
    mixed = values.max(initial=0) > 1.5 * lowest
    return second, values > 1.5 * lowest if mixed else second


def logits_of(seen: list[Value], shape: tuple[int, int]) -> list[np.ndarray]:
    return [tensor(item, shape, name="the logits") for item in seen]


def shown(
    ask: Ask, draw: np.random.Generator, rates: list[float], x: np.ndarray, calls: int = 1, first: float = 1.0
) -> np.ndarray:
    """Return the units (calls, n, width) that a module with transparent weights puts out in training."""
    width = x.shape[1]
    sizes, layers = [width, width, width, width + 1], transparent(width, first)
    seen = ask.probe(run, hidden.seed(draw), sizes, rates, sent(layers), Tensor(x), [False] + [True] * calls)
    still, *noisy = logits_of(seen, (len(x), width + 1))
    end = ends(layers, x, still)
    return np.stack([units(y, end) for y in noisy])


def are_scaled(values: np.ndarray, h: np.ndarray, first: float, second: float) -> bool:
    """Tell whether the layers multiply what they keep by these factors; one that drops nothing multiplies by 1."""
    outcomes = [second * (1 + first * h)]
    outcomes += [np.full_like(h, second)] * (first > 1) + [np.zeros_like(h)] * (second > 1)
    return bool(np.isclose(values, outcomes, rtol=1e-5, atol=1e-5).any(axis=0).all())
