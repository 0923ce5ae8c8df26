"""Weights of a perceptron, and some from whose logits its masks can be read.

With identity weights and a bias of 1, a hidden unit's place in the output tells what every layer of dropout did to it,
so that it does not matter how a student's module computes the logits.
"""

from itertools import pairwise

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask, Question, Tensor, Value
from autograder.checks.beside.dropout_pytorch import Structure, run
from autograder.checks.beside.respond import place
from autograder.checks.beside.ways import GRAPHLESS
from autograder.checks.expect import array, close, expect, tensor

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


def handing_on(draw: np.random.Generator, fan_in: int, width: int) -> Layers:
    """Draw weights for one hidden layer whose units are handed on to the logits, OFFSET added."""
    return [drawn(draw, [fan_in, width])[0], (np.eye(width, dtype=np.float32), np.full(width, OFFSET, np.float32))]


def backward(x: np.ndarray, dy: np.ndarray, logits: np.ndarray, rate: float) -> tuple[np.ndarray, ...]:
    """Return the gradients of weights and biases, for inputs x and gradients dy of the logits of `handing_on`."""
    h = logits - OFFSET
    dz = dy * (h > 1e-6) / (1 - rate)
    return dz.T @ x, dz.sum(axis=0), dy.T @ h, dy.sum(axis=0)


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


def fits(seen: Structure, sizes: list[int]) -> None:
    """Raise Unmet unless a perceptron has one Linear layer from each size to the next, and nothing else."""
    expect(seen.is_module, "DropoutMLP should be a torch.nn.Module")
    expect(seen.is_list, "self.linears should be an nn.ModuleList")
    expect(seen.are_linear, "self.linears should hold nn.Linear layers with a bias, and nothing else")
    shapes = [[fan_out, fan_in] for fan_in, fan_out in pairwise(sizes)]
    expect(
        seen.shapes == shapes,
        "self.linears should hold one layer per entry of num_hiddens and the output layer last, each of its size",
    )
    count = sum(fan_out * (fan_in + 1) for fan_out, fan_in in shapes)
    expect(seen.parameters == count, "the module should have no parameters beside those of self.linears")


def marks(ask: Ask) -> list[float]:
    """Measure the logits in both modes, without a graph too, and the units that transparent weights show."""
    width, rates = 60, [0.2, 0.7]
    x = np.random.default_rng(5).uniform(0.5, 2, (150, width)).astype(np.float32)
    numbers: list[float] = []
    for first in (1.0, 0.0):
        layers, sizes = transparent(width, first), [width, width, width, width + 1]
        seen = ask.probe(run, 11, sizes, rates, sent(layers), Tensor(x), [False, False, True])
        still, again, noisy = (array(value.array, (150, width + 1)) for value in seen)
        end = ends(layers, x, still)
        values = units(noisy, end)
        same = np.isclose(still, again).mean()
        right = np.isclose(still, forward(layers, x), rtol=1e-3).mean()
        kept = values > 1e-3
        numbers += [same, right, float(bool(end)), np.isnan(values).mean(), kept.mean(), np.nanmedian(values[kept])]
        numbers += [(values[kept] > 2 * np.nanmin(values[kept])).mean(), np.nanmax(values)]
    question = Question(
        ask.subject, (11, sizes, rates, sent(layers), Tensor(x), [True]), probe=place(run), ways=(GRAPHLESS,)
    )
    (graphless,) = ask.value(ask.put(question))
    numbers.append(np.isclose(graphless.array, still).mean())
    (dead,) = ask.probe(run, 11, [3, 3, 3, 4], rates, sent(transparent(3)), Tensor(-x[:, :3]), [False])
    return np.nan_to_num([*numbers, dead.array.min(), dead.array.max()], nan=-1).tolist()
