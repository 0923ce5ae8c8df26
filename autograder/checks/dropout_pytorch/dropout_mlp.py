"""A perceptron with dropout: `class DropoutMLP(nn.Module)` with `(num_inputs, num_hiddens, num_outputs, rates)`."""

from itertools import product

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask, Tensor
from autograder.checks.beside.dropout_pytorch import differentiate, run, structure
from autograder.checks.dropout_pytorch import perceptrons
from autograder.checks.dropout_pytorch.transparent import (
    are_scaled,
    backward,
    drawn,
    ends,
    fits,
    forward,
    handing_on,
    kept,
    logits_of,
    marks,
    sent,
    shown,
)
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, is_refusal, tensor
from autograder.checks.masks import believable, independent_entries, independent_of

exercise = Exercise(
    perceptrons.DropoutMLP,
    page="pytorch/scratch-and-concise#In a network",
    onward="The rest of the notebook trains networks like this one; try swapping the rates of the two layers.",
    trap=("is_deterministic_in_eval", "scales_after_relu"),
)


@exercise.requires("holds its Linear layers in linears, the output layer last", 1.5)
def has_linears(ask: Ask, draw: np.random.Generator) -> None:
    for hiddens in ([7], [9, 4], [5, 8, 6]):
        fits(ask.probe(structure, 12, hiddens, 3, [0.2] * len(hiddens)), [12, *hiddens, 3])


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
    values = shown(ask, draw, [1.0, 1.0], hidden.away_from_zero(draw, (4, 6), "float32"))
    message = "at rate 1 the last hidden layer is zero, so that only the bias after it remains"
    expect(close(values, np.zeros_like(values), np.float32), message)


@exercise.requires(
    "lets gradients through the kept units", 0.5, after="is_deterministic_in_eval keeps_own_rates scales_after_relu"
)
def can_be_trained(ask: Ask, draw: np.random.Generator) -> None:
    """With an identity output layer the mask is read from the logits, and the gradients follow from it."""
    rate, width = 0.4, 8
    layers = handing_on(draw, 6, width)
    x, dy = (hidden.away_from_zero(draw, shape, "float32") for shape in ((10, 6), (10, width)))
    seen = ask.probe(differentiate, hidden.seed(draw), [6, width, width], [rate], sent(layers), Tensor(x), Tensor(dy))
    (logits,) = logits_of([seen.logits], (10, width))
    expected = backward(x, dy, logits, rate)
    expect(len(seen.gradients) == 4 and None not in seen.gradients, "no gradient reaches the weights in training")
    message = "gradients should flow through the units that were kept, scaled as they were"
    for value, right in zip(seen.gradients, expected, strict=True):
        expect(close(tensor(value, right.shape, name="a gradient"), right, np.float32, scale=10), message)


@exercise.requires("refuses a rate outside [0, 1] and an input of another shape", 0.5)
def refuses_bad_arguments(ask: Ask, draw: np.random.Generator) -> None:
    sizes = [6, 5, 4, 3]
    layers, x = sent(drawn(draw, sizes)), hidden.away_from_zero(draw, (4, 6), "float32")
    for mode in (True, False):
        ask.probe(run, hidden.seed(draw), sizes, [0.4, 0.4], layers, Tensor(x), [mode])
        for rate, place in product(hidden.BAD_RATES, (0, 1)):
            rates = [0.4, rate, 0.4][1 - place : 3 - place]
            answer = ask.probe_answer(run, hidden.seed(draw), sizes, rates, layers, Tensor(x), [mode])
            is_refusal(answer, f"a rate of {rate}", "rate")
        for shape in ((4, 7), (3, 2, 6)):
            wrong = Tensor(hidden.away_from_zero(draw, shape, "float32"))
            answer = ask.probe_answer(run, hidden.seed(draw), sizes, [0.4, 0.4], layers, wrong, [mode])
            is_refusal(answer, f"an input of shape {shape} for a module with 6 inputs", "input")


exercise.requires("keeps the dtype, works without a graph, and leaves its arguments alone", 0.5)(
    in_every_way(random=True, probes=(run,))
)


exercise.measures(tolerance=0.03)(marks)

HEAD = "return self.linears[-1](X)"
"""How the forward pass of the reference ends."""


@exercise.mistake(
    "active in eval", page="pytorch/train-and-eval#One flag on every module", edit=(", training=self.training", "")
)
def active_in_eval():
    """Units are still dropped in eval mode. torch.nn.functional.dropout drops unless it is told
    training=self.training."""


exercise.mistake("mode from is_grad_enabled", page="pytorch/train-and-eval#One flag on every module")(
    perceptrons.mode_from_gradients
)


@exercise.mistake("same rate everywhere", edit=("(linear(X)), rate,", "(linear(X)), self.rates[0],"))
def same_rate_everywhere():
    """All hidden layers use one rate. Each entry of rates belongs to the hidden layer at its place."""


@exercise.mistake(
    "dropout on the logits",
    edit=(HEAD, "return dropout(self.linears[-1](X), self.rates[-1], training=self.training)"),
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
    "only the first hidden layer is dropped", edit=("self.training", "self.training and linear is self.linears[0]")
)
def only_the_first():
    """Dropout follows the first hidden layer alone. Each hidden layer has an entry of rates, and dropout behind it."""


@exercise.mistake(
    "only the last hidden layer is dropped", edit=("self.training", "self.training and linear is self.linears[-2]")
)
def only_the_last():
    """Dropout follows the last hidden layer alone. Each hidden layer has an entry of rates, and dropout behind it."""


@exercise.mistake("softmax at the end", edit=(HEAD, f"{HEAD}.log_softmax(dim=1)"))
def log_softmax_at_the_end():
    """The module puts out log-probabilities or probabilities. The loss, cross_entropy, takes the logits and applies
    log_softmax itself."""


@exercise.mistake("softmax at the end", edit=(HEAD, f"{HEAD}.softmax(dim=1)"))
def softmax_at_the_end():
    pass


@exercise.mistake("ReLU on the logits", edit=(HEAD, "return relu(self.linears[-1](X))"))
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


exercise.right(perceptrons.with_dropout_modules)
exercise.right(perceptrons.with_masks_of_its_own)
exercise.right(perceptrons.with_sequential)
