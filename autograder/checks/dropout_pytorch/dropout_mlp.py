"""A perceptron with dropout: `class DropoutMLP(nn.Module)` with `(num_inputs, num_hiddens, num_outputs, rates)`.

The masks are read from the logits alone, so that it does not matter how a student's module computes them: with identity
weights and a bias of 1, a hidden unit's place in the output tells what every layer of dropout did to it.
"""

from itertools import pairwise
from typing import Any

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask, Tensor, Value
from autograder.checks.exercise import Built, Exercise, Fingerprint, Misconception, Requirement
from autograder.checks.expect import array, close, expect, is_refusal, tensor
from autograder.checks.masks import believable, independent_entries, independent_of, keeps_fraction
from autograder.checks.respond import attempt

PAGE = "pytorch/scratch-and-concise"
OFFSET = 0.5
"""Bias of the output layer in `transparent`, so that dropout on the logits would show."""


def structure(subject: Any, num_inputs: int, num_hiddens: Any, num_outputs: int, rates: Any) -> dict[str, Any]:
    """Build the module and describe its layers."""
    from torch import nn

    model = attempt(subject, num_inputs, num_hiddens, num_outputs, rates)
    linears: Any = getattr(model, "linears", None)
    is_list = isinstance(linears, nn.ModuleList)
    layers = list(linears) if is_list else []
    return {
        "is_module": isinstance(model, nn.Module),
        "is_list": is_list,
        "are_linear": all(isinstance(layer, nn.Linear) and layer.bias is not None for layer in layers),
        "shapes": [list(getattr(getattr(layer, "weight", None), "shape", ())) for layer in layers],
        "parameters": sum(parameter.numel() for parameter in model.parameters()) if isinstance(model, nn.Module) else 0,
    }


def run(
    subject: Any, seed: int, sizes: Any, rates: Any, weights: Any, X: Any, modes: Any, dy: Any = None
) -> dict[str, Any]:
    """Build the module with given weights and return its logits for one call per entry of modes (True: training).

    torch's own generator is in a known state meanwhile. With dy, also the gradients of (dy * logits).sum() for every
    weight and bias, from the last call.
    """
    import torch

    num_inputs, *num_hiddens, num_outputs = sizes
    model = attempt(subject, num_inputs, num_hiddens, num_outputs, rates)

    def load() -> None:
        model.to(X.dtype)
        with torch.no_grad():
            for layer, (weight, bias) in zip(model.linears, weights, strict=True):
                layer.weight.copy_(weight)
                layer.bias.copy_(bias)

    attempt(load)
    logits, gradients = [], []
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        for training in modes:
            attempt(model.train, training)
            logits.append(attempt(model, X))
    if dy is not None and getattr(logits[-1], "requires_grad", False):
        attempt(logits[-1].backward, dy)
        gradients = [grad for layer in model.linears for grad in (layer.weight.grad, layer.bias.grad)]
    return {"logits": logits, "gradients": gradients}


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


def seed(draw: np.random.Generator) -> int:
    return int(draw.integers(2**31))


def sent(layers: Layers) -> list[tuple[Tensor, Tensor]]:
    return [(Tensor(weight), Tensor(bias)) for weight, bias in layers]


def forward(layers: Layers, x: np.ndarray) -> np.ndarray:
    """Return the logits without dropout."""
    h = x.reshape(len(x), -1)
    for weight, bias in layers[:-1]:
        h = np.maximum(h @ weight.T + bias, 0)
    weight, bias = layers[-1]
    return h @ weight.T + bias


def logits_of(value: Value, shape: tuple[int, int], dtype: Any = None) -> list[np.ndarray]:
    return [tensor(item, shape, dtype, "the logits") for item in value["logits"]]


def has_linears(ask: Ask, draw: np.random.Generator) -> None:
    for hiddens in ([7], [9, 4], [5, 8, 6]):
        sizes = [12, *hiddens, 3]
        seen = ask.probe(structure, 12, hiddens, 3, [0.2] * len(hiddens))
        expect(seen["is_module"], "DropoutMLP should be a torch.nn.Module")
        expect(seen["is_list"], "self.linears should be an nn.ModuleList")
        expect(seen["are_linear"], "self.linears should hold nn.Linear layers with a bias, and nothing else")
        shapes = [[fan_out, fan_in] for fan_in, fan_out in pairwise(sizes)]
        expect(
            seen["shapes"] == shapes,
            "self.linears should hold one layer per entry of num_hiddens and the output layer last, each of its size",
        )
        count = sum(fan_out * (fan_in + 1) for fan_out, fan_in in shapes)
        expect(seen["parameters"] == count, "the module should have no parameters beside those of self.linears")


def is_deterministic_in_eval(ask: Ask, draw: np.random.Generator) -> None:
    for hiddens in ([7], [9, 4], [5, 8, 6]):
        sizes = [12, *hiddens, 5]
        layers, x = drawn(draw, sizes), hidden.away_from_zero(draw, (6, 3, 4), "float32")
        rates = [0.3, 0.6, 0.8][: len(hiddens)]
        seen = ask.probe(run, seed(draw), sizes, rates, sent(layers), Tensor(x), [True, False, True, False])
        for logits in logits_of(seen, (6, 5))[1::2]:
            expect(
                close(logits, forward(layers, x), np.float32),
                "in eval mode the logits should be those of Linear and ReLU layers alone, with no ReLU on the logits",
            )


def keeps_own_rates(ask: Ask, draw: np.random.Generator) -> None:
    """The logits are OFFSET + (1 + relu(x) m1 / q1) m2 / q2, from which both masks can be read where x > 0."""
    width = 90
    for rates in ([0.15, 0.6], [0.75, 0.4]):
        x = hidden.away_from_zero(draw, (130, width), "float32")
        seen = ask.probe(run, seed(draw), [width] * 4, rates, sent(transparent(width, 2)), Tensor(x), [False, True])
        _, logits = logits_of(seen, x.shape)
        second = scaled(logits - OFFSET, rates[1])
        seen_first = (second > 0) & (x > 0)
        first = second[seen_first] > 1 + 1e-3
        message = "every hidden layer should drop its units at its own entry of rates"
        expect(believable(second > 0, 1 - rates[1]), message)
        expect(believable(first, 1 - rates[0]), message)


def scaled(values: np.ndarray, rate: float) -> np.ndarray:
    return values * (1 - rate)


def scales_after_relu(ask: Ask, draw: np.random.Generator) -> None:
    width = 20
    for rates in ([0.15, 0.6], [0.75, 0.4]):
        x = hidden.away_from_zero(draw, (15, width), "float32")
        seen = ask.probe(run, seed(draw), [width] * 4, rates, sent(transparent(width, 2)), Tensor(x), [False, True])
        _, logits = logits_of(seen, x.shape)
        expect(not (logits == 0).any(), "the logits should not be dropped: dropout follows hidden layers only")
        second = scaled(logits - OFFSET, rates[1])
        outcomes = np.stack([np.zeros_like(x), np.ones_like(x), 1 + np.maximum(x, 0) / (1 - rates[0])])
        matches = np.isclose(second, outcomes, rtol=1e-5, atol=1e-5).any(axis=0)
        expect(
            matches.all(),
            "in training, every hidden layer should be ReLU and then inverted dropout, and the input and the logits "
            "should be whole",
        )


def draws_each_unit(ask: Ask, draw: np.random.Generator) -> None:
    width, rate = 24, 0.4
    for rates in ([rate, 0.0], [0.0, rate]):
        x = np.abs(hidden.away_from_zero(draw, (20, width), "float32"))
        seen = ask.probe(run, seed(draw), [width] * 4, rates, sent(transparent(width, 2)), Tensor(x), [True] * 40)
        logits = np.stack(logits_of(seen, x.shape)) - OFFSET
        masks = logits > 1 + 1e-3 if rates[0] else logits > 0
        keeps_fraction(masks, rate)
        independent_entries(masks, rate)
        independent_of(masks, x, rate)


def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    sizes = [6, 5, 4, 3]
    layers, x = drawn(draw, sizes), hidden.away_from_zero(draw, (4, 6), "float32")
    (logits,) = logits_of(ask.probe(run, seed(draw), sizes, [0.0, 0.0], sent(layers), Tensor(x), [True]), (4, 3))
    expect(close(logits, forward(layers, x), np.float32), "at rates 0 training should give what eval mode gives")
    (logits,) = logits_of(ask.probe(run, seed(draw), sizes, [0.3, 1.0], sent(layers), Tensor(x), [True]), (4, 3))
    expect(
        close(logits, np.tile(layers[-1][1], (4, 1)), np.float32),
        "at rate 1 the layer is zero, so that only the bias after it remains",
    )


def can_be_trained(ask: Ask, draw: np.random.Generator) -> None:
    """With an identity output layer the mask is read from the logits, and the gradients follow from it."""
    rate, width = 0.4, 8
    first = drawn(draw, [6, width])[0]
    layers = [first, (np.eye(width, dtype=np.float32), np.full(width, OFFSET, np.float32))]
    x, dy = (hidden.away_from_zero(draw, shape, "float32") for shape in ((10, 6), (10, width)))
    seen = ask.probe(run, seed(draw), [6, width, width], [rate], sent(layers), Tensor(x), [True], Tensor(dy))
    (logits,) = logits_of(seen, (10, width))
    h = logits - OFFSET
    dz = dy * (h > 1e-6) / (1 - rate)
    gradients = seen["gradients"]
    expected = (dz.T @ x, dz.sum(axis=0), dy.T @ h, dy.sum(axis=0))
    expect(len(gradients) == len(expected) and None not in gradients, "no gradient reaches the weights in training")
    for value, right in zip(gradients, expected, strict=True):
        gradient = tensor(value, right.shape, name="a gradient")
        expect(
            close(gradient, right, np.float32, scale=10),
            "gradients should flow through the units that were kept, scaled as they were",
        )


def keeps_dtype(ask: Ask, draw: np.random.Generator) -> None:
    sizes = [6, 5, 3]
    for dtype in ("float32", "float64"):
        for mode in (True, False):
            x = hidden.away_from_zero(draw, (4, 2, 3), dtype)
            answer = ask.probe_answer(run, seed(draw), sizes, [0.4], sent(drawn(draw, sizes, dtype)), Tensor(x), [mode])
            logits_of(ask.value(answer), (4, 3), dtype)
            expect(answer.untouched, "the input or a list that was passed in has changed")


def refuses_bad_arguments(ask: Ask, draw: np.random.Generator) -> None:
    sizes = [6, 5, 4, 3]
    layers, x = sent(drawn(draw, sizes)), hidden.away_from_zero(draw, (4, 6), "float32")
    for mode in (True, False):
        ask.probe(run, seed(draw), sizes, [0.4, 0.4], layers, Tensor(x), [mode])
        for rate in hidden.BAD_RATES:
            for rates in ([rate, 0.4], [0.4, rate]):
                answer = ask.probe_answer(run, seed(draw), sizes, rates, layers, Tensor(x), [mode])
                is_refusal(answer, f"a rate of {rate}", "rate")
        for shape in ((4, 7), (3, 2, 6)):
            wrong = hidden.away_from_zero(draw, shape, "float32")
            answer = ask.probe_answer(run, seed(draw), sizes, [0.4, 0.4], layers, Tensor(wrong), [mode])
            is_refusal(answer, f"an input of shape {shape} for a module with 6 inputs", "input")


def measure(ask: Ask) -> list[float]:
    width, rates = 60, [0.2, 0.7]
    x = np.random.default_rng(5).uniform(0.5, 2, (150, width)).astype(np.float32)
    seen = ask.probe(run, 11, [width] * 4, rates, sent(transparent(width, 2)), Tensor(x), [False, True])
    test, train = (array(value.array, x.shape) for value in seen["logits"])
    second = scaled(train - OFFSET, rates[1])
    first = np.where(second > 0, (second - 1) * (1 - rates[0]) / x, np.nan)
    matches = np.isclose(first, 1, atol=0.01) | np.isclose(first, 0, atol=0.01)
    return [
        np.isclose(test, x + 1 + OFFSET, rtol=1e-3).mean(),
        (train == 0).mean(),
        float(matches[second > 0].all()),
        (second > 1e-3).mean(),
        (first[second > 1e-3] > 0.01).mean(),
    ]


def make(forward):
    """Build the module of the exercise around a forward pass, for the implementations below."""
    import torch
    from torch import nn

    class DropoutMLP(nn.Module):
        def __init__(self, num_inputs, num_hiddens, num_outputs, rates):
            super().__init__()
            if any(not 0 <= rate <= 1 for rate in rates):
                raise ValueError(f"rates must lie in [0, 1], got {rates}")
            sizes = [num_inputs, *num_hiddens, num_outputs]
            self.linears = nn.ModuleList(nn.Linear(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1))
            self.rates = list(rates)

        def forward(self, X):
            X = torch.flatten(X, start_dim=1)
            if X.shape[1] != self.linears[0].in_features:
                raise ValueError(f"the flattened input has shape {tuple(X.shape)}")
            return forward(self, X)

    return DropoutMLP


@Built
def reference():
    from torch.nn.functional import dropout, relu

    def forward(self, X):
        for linear, rate in zip(self.linears[:-1], self.rates, strict=True):
            X = dropout(relu(linear(X)), rate, training=self.training)
        return self.linears[-1](X)

    return make(forward)


@Built
def active_in_eval():
    from torch.nn.functional import dropout, relu

    def forward(self, X):
        for linear, rate in zip(self.linears[:-1], self.rates, strict=True):
            X = dropout(relu(linear(X)), rate)
        return self.linears[-1](X)

    return make(forward)


@Built
def same_rate_everywhere():
    from torch.nn.functional import dropout, relu

    def forward(self, X):
        for linear in self.linears[:-1]:
            X = dropout(relu(linear(X)), self.rates[0], training=self.training)
        return self.linears[-1](X)

    return make(forward)


@Built
def dropout_on_logits():
    from torch.nn.functional import dropout, relu

    def forward(self, X):
        for linear, rate in zip(self.linears[:-1], self.rates, strict=True):
            X = dropout(relu(linear(X)), rate, training=self.training)
        return dropout(self.linears[-1](X), self.rates[-1], training=self.training)

    return make(forward)


@Built
def dropout_on_input():
    from torch.nn.functional import dropout, relu

    def forward(self, X):
        X = dropout(X, self.rates[0], training=self.training)
        for linear, rate in zip(self.linears[:-1], self.rates, strict=True):
            X = dropout(relu(linear(X)), rate, training=self.training)
        return self.linears[-1](X)

    return make(forward)


@Built
def with_dropout_modules():
    from torch import nn

    class DropoutMLP(nn.Module):
        def __init__(self, num_inputs, num_hiddens, num_outputs, rates):
            super().__init__()
            for rate in rates:
                if rate < 0 or rate > 1:
                    raise ValueError("each rate must be a probability")
            self.num_inputs = num_inputs
            self.linears = nn.ModuleList()
            self.dropouts = nn.ModuleList([nn.Dropout(rate) for rate in rates])
            for width in num_hiddens:
                self.linears.append(nn.Linear(num_inputs, width))
                num_inputs = width
            self.linears.append(nn.Linear(num_inputs, num_outputs))

        def forward(self, X):
            H = X.reshape(X.shape[0], -1)
            if H.shape[1] != self.num_inputs:
                raise ValueError("X has the wrong shape")
            for linear, drop in zip(self.linears, self.dropouts, strict=False):
                H = drop(linear(H).clamp(min=0))
            return self.linears[-1](H)

    return DropoutMLP


@Built
def with_masks_of_its_own():
    import torch

    def forward(self, X):
        for i, linear in enumerate(self.linears):
            X = linear(X)
            if i < len(self.rates):
                X = X * (X > 0)
                if self.training:
                    keep = 1 - self.rates[i]
                    X = X * torch.bernoulli(torch.full_like(X, keep)) * (1 / keep if keep > 0 else 0)
        return X

    return make(forward)


@Built
def with_sequential():
    """The layers live in a Sequential as well; a parameter that is reached by two names is one parameter."""
    from torch import nn

    class DropoutMLP(nn.Module):
        def __init__(self, num_inputs, num_hiddens, num_outputs, rates):
            super().__init__()
            if min(rates) < 0 or max(rates) > 1:
                raise ValueError("rates outside [0, 1]")
            sizes, layers = [num_inputs, *num_hiddens], [nn.Flatten()]
            for (fan_in, fan_out), rate in zip(pairwise(sizes), rates, strict=True):
                layers += [nn.Linear(fan_in, fan_out), nn.ReLU(), nn.Dropout(rate)]
            layers.append(nn.Linear(sizes[-1], num_outputs))
            self.net = nn.Sequential(*layers)
            self.linears = nn.ModuleList(layer for layer in layers if isinstance(layer, nn.Linear))

        def forward(self, X):
            try:
                return self.net(X)
            except RuntimeError as error:
                raise ValueError("X does not have the shape of the input") from error

    return DropoutMLP


exercise = Exercise(
    name="DropoutMLP",
    assignment="dropout_pytorch",
    page=PAGE,
    requirements=(
        Requirement("holds its Linear layers in linears, the output layer last", 1.5, has_linears),
        Requirement("is Linear and ReLU alone in eval mode, whatever came before", 2, is_deterministic_in_eval),
        Requirement("drops every hidden layer at its own rate in training", 2, keeps_own_rates),
        Requirement("scales what is kept, and leaves input and logits whole", 1.5, scales_after_relu),
        Requirement("draws every unit on its own, anew at every call", 1, draws_each_unit),
        Requirement("gives the network without dropout at rate 0 and the bias at rate 1", 0.5, handles_extremes),
        Requirement("lets gradients through the kept units", 0.5, can_be_trained),
        Requirement("keeps the dtype and leaves its arguments alone", 0.5, keeps_dtype),
        Requirement("refuses a rate outside [0, 1] and an input of another shape", 0.5, refuses_bad_arguments),
    ),
    reference=reference,
    misconceptions=(
        Misconception(
            "active in eval",
            "Units are still dropped in eval mode. torch.nn.functional.dropout drops unless it is told "
            "training=self.training.",
            "pytorch/train-and-eval",
            active_in_eval,
        ),
        Misconception(
            "same rate everywhere",
            "All hidden layers use one rate. Each entry of rates belongs to the hidden layer at its place.",
            PAGE,
            same_rate_everywhere,
        ),
        Misconception(
            "dropout on the logits",
            "The output layer is dropped as well: a dropped logit is 0, whatever the evidence, and the loss punishes "
            "the network for its luck.",
            PAGE,
            dropout_on_logits,
        ),
        Misconception(
            "dropout on the input",
            "Pixels are dropped before the first layer. The exercise asks for dropout after hidden layers only.",
            PAGE,
            dropout_on_input,
        ),
    ),
    variants=(with_dropout_modules, with_masks_of_its_own, with_sequential),
    fingerprint=Fingerprint(measure, tolerance=0.03),
)
