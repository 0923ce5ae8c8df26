"""A perceptron with dropout: `class DropoutMLP(nn.Module)` with `(num_inputs, num_hiddens, num_outputs, rates)`."""

from itertools import pairwise

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask, Tensor, Value
from autograder.checks.beside.dropout_pytorch import differentiate, run, structure
from autograder.checks.dropout_pytorch.perceptrons import (
    DropoutMLP,
    with_dropout_modules,
    with_masks_of_its_own,
    with_sequential,
)
from autograder.checks.dropout_pytorch.transparent import OFFSET, drawn, forward, sent, transparent
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect, is_refusal, tensor
from autograder.checks.masks import believable, independent_entries, independent_of, keeps_fraction

exercise = Exercise(
    DropoutMLP,
    page="pytorch/scratch-and-concise#in-a-network",
    onward="The rest of the notebook trains networks like this one; try swapping the rates of the two layers.",
)


def logits_of(seen: list[Value], shape: tuple[int, int]) -> list[np.ndarray]:
    return [tensor(item, shape, name="the logits") for item in seen]


@exercise.requires("holds its Linear layers in linears, the output layer last", 1.5)
def has_linears(ask: Ask, draw: np.random.Generator) -> None:
    for hiddens in ([7], [9, 4], [5, 8, 6]):
        sizes = [12, *hiddens, 3]
        seen = ask.probe(structure, 12, hiddens, 3, [0.2] * len(hiddens))
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


@exercise.requires("is Linear and ReLU alone in eval mode, whatever came before", 2)
def is_deterministic_in_eval(ask: Ask, draw: np.random.Generator) -> None:
    for hiddens, shape in (([7], (12,)), ([9, 4], (3, 4)), ([5, 8, 6], (1, 3, 4))):
        sizes = [12, *hiddens, 5]
        layers, x = drawn(draw, sizes), hidden.some_zeros(draw, (6, *shape), "float32")
        rates = [0.3, 0.6, 0.8][: len(hiddens)]
        seen = ask.probe(run, hidden.seed(draw), sizes, rates, sent(layers), Tensor(x), [True, False, True, False])
        for logits in logits_of(seen, (6, 5))[1::2]:
            expect(
                close(logits, forward(layers, x), np.float32),
                "in eval mode the logits should be those of Linear and ReLU layers alone, with no ReLU on the logits",
            )


@exercise.requires("drops every hidden layer at its own rate in training", 2)
def keeps_own_rates(ask: Ask, draw: np.random.Generator) -> None:
    """The logits are OFFSET + (1 + relu(x) m1 / q1) m2 / q2, from which both masks can be read where x > 0."""
    width = 60
    for rates in ([0.15, 0.6], [0.75, 0.4]):
        x = hidden.away_from_zero(draw, (210, width), "float32")
        seen = ask.probe(
            run, hidden.seed(draw), [width] * 4, rates, sent(transparent(width, 2)), Tensor(x), [False, True]
        )
        _, logits = logits_of(seen, x.shape)
        second = scaled(logits - OFFSET, rates[1])
        seen_first = (second > 0) & (x > 0)
        first = second[seen_first] > 1 + 1e-3
        message = "every hidden layer should drop its units at its own entry of rates"
        expect(believable(second > 0, 1 - rates[1]), message)
        expect(believable(first, 1 - rates[0]), message)


def scaled(values: np.ndarray, rate: float) -> np.ndarray:
    return values * (1 - rate)


@exercise.requires("scales what is kept, and leaves input and logits whole", 1.5)
def scales_after_relu(ask: Ask, draw: np.random.Generator) -> None:
    width = 20
    for rates in ([0.15, 0.6], [0.75, 0.4]):
        x = hidden.away_from_zero(draw, (15, width), "float32")
        seen = ask.probe(
            run, hidden.seed(draw), [width] * 4, rates, sent(transparent(width, 2)), Tensor(x), [False, True]
        )
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


@exercise.requires("draws every unit on its own, anew at every call", 1)
def draws_each_unit(ask: Ask, draw: np.random.Generator) -> None:
    width, rate = 24, 0.4
    for rates in ([rate, 0.0], [0.0, rate]):
        x = np.abs(hidden.away_from_zero(draw, (20, width), "float32"))
        seen = ask.probe(
            run, hidden.seed(draw), [width] * 4, rates, sent(transparent(width, 2)), Tensor(x), [True] * 40
        )
        logits = np.stack(logits_of(seen, x.shape)) - OFFSET
        masks = logits > 1 + 1e-3 if rates[0] else logits > 0
        keeps_fraction(masks, rate)
        independent_entries(masks, rate)
        independent_of(masks, x, rate)


@exercise.requires("gives the network without dropout at rate 0 and the bias at rate 1", 0.5)
def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    sizes = [6, 5, 4, 3]
    layers, x = drawn(draw, sizes), hidden.away_from_zero(draw, (4, 6), "float32")
    (logits,) = logits_of(ask.probe(run, hidden.seed(draw), sizes, [0.0, 0.0], sent(layers), Tensor(x), [True]), (4, 3))
    expect(close(logits, forward(layers, x), np.float32), "at rates 0 training should give what eval mode gives")
    (logits,) = logits_of(ask.probe(run, hidden.seed(draw), sizes, [0.3, 1.0], sent(layers), Tensor(x), [True]), (4, 3))
    expect(
        close(logits, np.tile(layers[-1][1], (4, 1)), np.float32),
        "at rate 1 the layer is zero, so that only the bias after it remains",
    )


@exercise.requires("lets gradients through the kept units", 0.5)
def can_be_trained(ask: Ask, draw: np.random.Generator) -> None:
    """With an identity output layer the mask is read from the logits, and the gradients follow from it."""
    rate, width = 0.4, 8
    first = drawn(draw, [6, width])[0]
    layers = [first, (np.eye(width, dtype=np.float32), np.full(width, OFFSET, np.float32))]
    x, dy = (hidden.away_from_zero(draw, shape, "float32") for shape in ((10, 6), (10, width)))
    seen = ask.probe(differentiate, hidden.seed(draw), [6, width, width], [rate], sent(layers), Tensor(x), Tensor(dy))
    (logits,) = logits_of([seen.logits], (10, width))
    h = logits - OFFSET
    dz = dy * (h > 1e-6) / (1 - rate)
    gradients = seen.gradients
    expected = (dz.T @ x, dz.sum(axis=0), dy.T @ h, dy.sum(axis=0))
    expect(len(gradients) == len(expected) and None not in gradients, "no gradient reaches the weights in training")
    for value, right in zip(gradients, expected, strict=True):
        gradient = tensor(value, right.shape, name="a gradient")
        expect(
            close(gradient, right, np.float32, scale=10),
            "gradients should flow through the units that were kept, scaled as they were",
        )


@exercise.requires("refuses a rate outside [0, 1] and an input of another shape", 0.5)
def refuses_bad_arguments(ask: Ask, draw: np.random.Generator) -> None:
    sizes = [6, 5, 4, 3]
    layers, x = sent(drawn(draw, sizes)), hidden.away_from_zero(draw, (4, 6), "float32")
    for mode in (True, False):
        ask.probe(run, hidden.seed(draw), sizes, [0.4, 0.4], layers, Tensor(x), [mode])
        for rate in hidden.BAD_RATES:
            for rates in ([rate, 0.4], [0.4, rate]):
                answer = ask.probe_answer(run, hidden.seed(draw), sizes, rates, layers, Tensor(x), [mode])
                is_refusal(answer, f"a rate of {rate}", "rate")
        for shape in ((4, 7), (3, 2, 6)):
            wrong = hidden.away_from_zero(draw, shape, "float32")
            answer = ask.probe_answer(run, hidden.seed(draw), sizes, [0.4, 0.4], layers, Tensor(wrong), [mode])
            is_refusal(answer, f"an input of shape {shape} for a module with 6 inputs", "input")


exercise.requires("keeps the dtype, works without a graph, and leaves its arguments alone", 0.5)(
    in_every_way(random=True, probes=(run,))
)


@exercise.measures(tolerance=0.03)
def measure(ask: Ask) -> list[float]:
    width, rates = 60, [0.2, 0.7]
    x = np.random.default_rng(5).uniform(0.5, 2, (150, width)).astype(np.float32)
    seen = ask.probe(run, 11, [width] * 4, rates, sent(transparent(width, 2)), Tensor(x), [False, True])
    test, train = (array(value.array, x.shape) for value in seen)
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


@exercise.mistake(
    "active in eval", page="pytorch/train-and-eval#one-flag-on-every-module", edit=(", training=self.training", "")
)
def active_in_eval():
    """Units are still dropped in eval mode. torch.nn.functional.dropout drops unless it is told
    training=self.training."""


@exercise.mistake("same rate everywhere", edit=("(linear(X)), rate,", "(linear(X)), self.rates[0],"))
def same_rate_everywhere():
    """All hidden layers use one rate. Each entry of rates belongs to the hidden layer at its place."""


@exercise.mistake(
    "dropout on the logits",
    edit=("return self.linears[-1](X)", "return dropout(self.linears[-1](X), self.rates[-1], training=self.training)"),
)
def dropout_on_logits():
    """The output layer is dropped as well: a dropped logit is 0, whatever the evidence, and the loss punishes the
    network for its luck."""


@exercise.mistake(
    "dropout on the input",
    edit=("for linear, rate", "X = dropout(X, self.rates[0], training=self.training)\n        for linear, rate"),
)
def dropout_on_input():
    """Pixels are dropped before the first layer. The exercise asks for dropout after hidden layers only."""


exercise.right(with_dropout_modules)
exercise.right(with_masks_of_its_own)
exercise.right(with_sequential)
