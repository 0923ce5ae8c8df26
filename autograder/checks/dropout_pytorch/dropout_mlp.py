"""A perceptron with dropout: `class DropoutMLP(nn.Module)` with `(num_inputs, num_hiddens, num_outputs, rates)`."""

from itertools import pairwise, product

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask, Tensor
from autograder.checks.beside.dropout_pytorch import differentiate, run, structure
from autograder.checks.dropout_pytorch.perceptrons import (
    DropoutMLP,
    with_dropout_modules,
    with_masks_of_its_own,
    with_sequential,
)
from autograder.checks.dropout_pytorch.transparent import (
    OFFSET,
    are_scaled,
    drawn,
    ends,
    forward,
    kept,
    logits_of,
    sent,
    shown,
    transparent,
    units,
)
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect, is_refusal, tensor
from autograder.checks.masks import believable, independent_entries, independent_of

exercise = Exercise(
    DropoutMLP,
    page="pytorch/scratch-and-concise#in-a-network",
    onward="The rest of the notebook trains networks like this one; try swapping the rates of the two layers.",
)


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
            end = ends(layers, x, logits)
            expect(not end, f"return the logits themselves, without the {end} at the end: the loss takes logits")
            expect(
                close(logits, forward(layers, x), np.float32),
                "in eval mode the logits should be those of Linear and ReLU layers alone, with no ReLU on the logits",
            )


@exercise.requires("drops every hidden layer at its own rate in training", 2)
def keeps_own_rates(ask: Ask, draw: np.random.Generator) -> None:
    """Whatever becomes of the inputs, units of the first hidden layer are 2."""
    for rates in ([0.15, 0.6], [0.75, 0.4]):
        (values,) = shown(ask, draw, rates, hidden.away_from_zero(draw, (210, 60), "float32"), first=0.0)
        second, both = kept(values[np.isfinite(values)])
        expect(second.any(), "in training all units of the last hidden layer are dropped")
        for place, (mask, rate) in enumerate(zip((both[second], second), rates, strict=True), start=1):
            expect(
                believable(mask, 1 - rate),
                f"at rates {rates}, hidden layer {place} should keep about {1 - rate:.3g} of its units, "
                f"but keeps {mask.mean():.3g}",
            )


@exercise.requires("scales what is kept, and leaves input and logits whole", 1.5)
def scales_after_relu(ask: Ask, draw: np.random.Generator) -> None:
    """Each layer may go by any of the rates, or drop nothing: how much it drops is asked apart."""
    for rates in ([0.15, 0.6], [0.75, 0.4]):
        x = hidden.away_from_zero(draw, (15, 20), "float32")
        (values,) = shown(ask, draw, rates, x)
        expect(np.isfinite(values).all(), "the logits should not be dropped: dropout follows hidden layers only")
        factors = [1.0, *(1 / keep for rate in rates for keep in (rate, 1 - rate))]
        expect(
            any(are_scaled(values, np.maximum(x, 0), *pair) for pair in product(factors, repeat=2)),
            "in training every unit that is kept should be relu of its input over 1 - rate, and the input be whole",
        )


@exercise.requires("draws every unit on its own, anew at every call", 1)
def draws_each_unit(ask: Ask, draw: np.random.Generator) -> None:
    rate, x = 0.4, np.abs(hidden.away_from_zero(draw, (20, 24), "float32"))
    values = np.nan_to_num(shown(ask, draw, [rate, rate], x, calls=40, first=0.0))
    second, both = kept(values)
    expect(not (second & both).all(), "in training no unit is dropped in any of many calls")
    for masks, drop in ((second, rate), (both, 1 - (1 - rate) ** 2)):
        if not masks.all():
            independent_entries(masks, drop, of="units", array="a layer's output")
    masks = np.nan_to_num(shown(ask, draw, [rate, rate], x, calls=40)) > 1e-3
    if not masks.all():
        independent_of(masks, x, rate)


@exercise.requires("gives the network without dropout at rate 0 and the bias at rate 1", 0.5)
def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    sizes = [6, 5, 4, 3]
    layers, x = drawn(draw, sizes), hidden.away_from_zero(draw, (4, 6), "float32")
    seen = ask.probe(run, hidden.seed(draw), sizes, [0.0, 0.0], sent(layers), Tensor(x), [True, False])
    noisy, still = logits_of(seen, (4, 3))
    expect(close(noisy, still, np.float32), "at rates 0 training should give what eval mode gives")
    x = hidden.away_from_zero(draw, (4, 6), "float32")
    values = shown(ask, draw, [1.0, 1.0], x)
    message = "at rate 1 the last hidden layer is zero, so that only the bias after it remains"
    expect(close(values, np.zeros_like(values), np.float32), message)


@exercise.requires(
    "lets gradients through the kept units", 0.5, after="is_deterministic_in_eval keeps_own_rates scales_after_relu"
)
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
    (dead,) = ask.probe(run, 11, [3, 3, 3, 4], rates, sent(transparent(3)), Tensor(-x[:, :3]), [False])
    return np.nan_to_num([*numbers, dead.array.min(), dead.array.max()], nan=-1).tolist()


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


@exercise.mistake(
    "only the first hidden layer is dropped",
    edit=(
        "X = dropout(relu(linear(X)), rate, training=self.training)",
        "X = relu(linear(X))\n            if linear is self.linears[0]:\n                X = dropout(X, rate, training=self.training)",
    ),
)
def only_the_first():
    """Dropout follows the first hidden layer alone. Each hidden layer has an entry of rates, and dropout behind it."""


@exercise.mistake(
    "only the last hidden layer is dropped",
    edit=(
        "X = dropout(relu(linear(X)), rate, training=self.training)",
        "X = relu(linear(X))\n        X = dropout(X, rate, training=self.training)",
    ),
)
def only_the_last():
    """Dropout follows the last hidden layer alone. Each hidden layer has an entry of rates, and dropout behind it."""


@exercise.mistake(
    "softmax at the end", edit=("return self.linears[-1](X)", "return self.linears[-1](X).log_softmax(dim=1)")
)
def log_softmax_at_the_end():
    """The module puts out log-probabilities or probabilities. The loss, cross_entropy, takes the logits and applies
    log_softmax itself."""


@exercise.mistake(
    "softmax at the end", edit=("return self.linears[-1](X)", "return self.linears[-1](X).softmax(dim=1)")
)
def softmax_at_the_end():
    pass


@exercise.mistake("ReLU on the logits", edit=("return self.linears[-1](X)", "return relu(self.linears[-1](X))"))
def relu_on_the_logits():
    """A ReLU follows the output layer as well, so that no logit is negative, and no gradient reaches a class whose logit
    would be. The logits stay as they are."""


@exercise.mistake("no ReLU", edit=("relu(linear(X))", "linear(X)"))
def without_relu():
    """Nothing but Linear layers and dropout: without a ReLU between them they come to a single Linear layer."""


@exercise.mistake("rates read as keep probabilities", edit=(", rate, training", ", 1 - rate, training"))
def rates_read_as_keep_probabilities():
    """Units are dropped with probability 1 - rate. A rate is what is dropped; at .5 the two coincide, which hides the
    mistake."""


exercise.right(with_dropout_modules)
exercise.right(with_masks_of_its_own)
exercise.right(with_sequential)
