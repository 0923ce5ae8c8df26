"""The two-moons net: `build_classifier(n_layers=3, width=64, n_classes=2, rate=None) -> keras.Model`."""

from typing import Any

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask
from autograder.checks.beside.dropout_keras import build, classifier, layout
from autograder.checks.dropout_keras.classifiers import (
    Seen,
    Sizes,
    end_of,
    forward,
    kept_units,
    named,
    shapes,
    some_weights,
    unit_logits,
)
from autograder.checks.dropout_keras.nets import added_one_by_one, build_classifier, functional, in_blocks
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, is_refusal
from autograder.checks.masks import believable, independent_entries, keeps_fraction

exercise = Exercise(
    build_classifier,
    page="keras/black-box#Dropout has no weights",
    onward="Exercise 2 takes the Dropout out of such a model again; try `model.count_params()` with and without it.",
    trap=("drops_behind_every_layer", "spares_input"),
)

RATE = 0.4
SMALL: Sizes = (1, 3, 4)
NOISY: Sizes = (2, 12, 13)


def see(ask: Ask, sizes: Sizes, settings: dict[str, Any], calls: list[tuple[Any, bool, int]], x: np.ndarray) -> Seen:
    """Ask for a model of these sizes and call it; if it has other layers, for one that has as many as it should have."""
    facts, extra = ask.probe(classifier, settings, calls, x), 0
    hidden_layers = len(facts.shapes) // 2 - 1
    if facts.is_model and abs(hidden_layers - sizes[0]) == 1:
        extra = hidden_layers - sizes[0]
        facts = ask.probe(classifier, settings | {"n_layers": sizes[0] - extra}, calls, x)
    return Seen(sizes, facts, x, calls[0][0], extra)


def plain(ask: Ask, draw: np.random.Generator, sizes: Sizes, settings: dict[str, Any], training: bool = True) -> Seen:
    """Ask for a model of these sizes and call it once, with weights drawn."""
    x, weights = hidden.away_from_zero(draw, (30, 2), "float32"), some_weights(draw, sizes)
    return see(ask, sizes, settings, [(weights, training, 1)], x)


def by_default(ask: Ask, draw: np.random.Generator) -> Seen:
    return plain(ask, draw, (3, 64, 2), {})


def without_rate(ask: Ask, draw: np.random.Generator) -> Seen:
    return plain(ask, draw, SMALL, named(SMALL, None))


def at_zero(ask: Ask, draw: np.random.Generator) -> Seen:
    return plain(ask, draw, SMALL, named(SMALL, 0.0))


def noisy(ask: Ask, draw: np.random.Generator) -> Seen:
    """Ask for a model with dropout, and call it in test mode, then in training with weights that show its masks."""
    n_layers, width, _ = NOISY
    x, weights = hidden.away_from_zero(draw, (40, 2), "float32"), some_weights(draw, NOISY)
    shown = [(unit_logits(width, n_layers, constant), True, 2) for constant in range(n_layers)]
    return see(ask, NOISY, named(NOISY, RATE), [(weights, False, 1), *shown], x)


@exercise.requires("has the layers and the number of parameters asked for", 1.5)
def is_right_size(ask: Ask, draw: np.random.Generator) -> None:
    for observe in (by_default, without_rate, noisy):
        ask.once(observe).is_right_size()
    message = "at rate 0, too, a Dropout layer should follow every hidden layer: only a rate of None leaves them out"
    expect(ask.once(at_zero).facts.dropouts >= SMALL[0], message)
    expect(not ask.once(without_rate).facts.dropouts, "with a rate of None there should be no Dropout layer")


@exercise.requires("computes ReLU layers and a softmax when nothing is dropped", 1, after="is_right_size")
def computes(ask: Ask, draw: np.random.Generator) -> None:
    for seen in (ask.once(noisy), ask.once(by_default), ask.once(without_rate)):
        end = seen.end() if seen.facts.dropouts else "softmax"
        expect(end == "softmax", f"the last layer should have a softmax, but has {end}: its outputs do not sum to 1")
        expect(
            close(seen.outputs()[0][0], forward(seen.weights, seen.x), "float32"),
            "without dropout the model should compute ReLU hidden layers and a softmax at the end",
        )
    seen = ask.once(at_zero)
    message = "at rate 0 nothing should be dropped or scaled in training"
    expect(close(seen.outputs()[0][0], forward(seen.weights, seen.x), "float32"), message)


@exercise.requires("drops units behind every hidden layer, each on its own", 1.5, after="is_right_size")
def drops_behind_every_layer(ask: Ask, draw: np.random.Generator) -> None:
    n_layers, width, _ = NOISY
    seen = ask.once(noisy)
    results = seen.outputs(1, 1 + n_layers)
    for behind, ys in zip(range(n_layers, 0, -1), results, strict=True):
        units = np.stack([kept_units(y, seen.end()) for y in ys])
        expect(np.isfinite(units).all(), "in training some outputs are 0: nothing may be dropped behind the last layer")
        masks, kept = units > 0.5, (1 - RATE) ** behind
        expect(not masks.all(), "in training no unit is dropped behind a hidden layer")
        expect(
            close(units, masks / kept, "float32", scale=10),
            "in training, units behind every hidden layer should be either dropped or divided by 1 - rate",
        )
        keeps_fraction(masks, 1 - kept, at=f"rate {RATE}, behind {behind} layers of dropout,", of="units")
        independent_entries(masks, 1 - kept, of="units", array="a layer's output")
        # The examples of a batch are draws of the same units, too.
        independent_entries(masks.reshape(-1, width), 1 - kept, of="units", array="a layer's output")


@exercise.requires("drops neither inputs nor outputs", 1, after="is_right_size")
def spares_input(ask: Ask, draw: np.random.Generator) -> None:
    """Hand a mixture of positive inputs on to each hidden unit and from there to a logit: one mask decides on each.

    Where an input is dropped, a part of the mixture is left.
    """
    sizes, rate = (1, 2, 3), 0.15
    arrays = [np.zeros(shape, "float32") for shape in shapes(*sizes)]
    arrays[0], arrays[2][:, 1:] = np.array([[1, 0.5], [0.5, 1]], "float32"), np.eye(2)
    x = np.abs(hidden.away_from_zero(draw, (2000, 2), "float32"))
    seen = see(ask, sizes, named(sizes, rate), [(arrays, False, 1), (arrays, True, 1)], x)
    y, end = seen.outputs(1, 2)[0][0], seen.end()
    expect(
        end != "softmax" or end_of(y) == "softmax",
        "in training, too, outputs should sum to 1: drop nothing behind them",
    )
    units = kept_units(y, end)
    kept, mixed = units > 0.2, x @ arrays[0]
    factor = np.median((units / mixed)[kept]) if kept.any() else 1.0
    expect(close(units, kept * mixed * factor, "float32", scale=10), "the input should not be dropped, nor the logits")
    expect(believable(kept, 1 - rate) or not believable(kept, (1 - rate) ** 2), "the input should not be dropped")


@exercise.requires("drops every hidden unit at rate 1", 0.5, after="is_right_size")
def drops_everything_at_one(ask: Ask, draw: np.random.Generator) -> None:
    seen = plain(ask, draw, SMALL, named(SMALL, 1.0))
    logits = np.tile(seen.weights[-1], (len(seen.x), 1))
    end = ask.once(noisy).end()
    found = kept_units(seen.outputs()[0][0], end)
    expect(np.isfinite(found).all(), "in training some outputs are 0: nothing may be dropped behind the last layer")
    expect(
        close(found, logits[:, 1:] - logits[:, :1], "float32", scale=10),
        "at rate 1 all hidden units are dropped in training: only the last bias is left",
    )


@exercise.requires("refuses a rate outside [0, 1]", 0.5)
def refuses_bad_rates(ask: Ask, draw: np.random.Generator) -> None:
    expect(ask.once(noisy).facts.is_model, "with a rate inside [0, 1], return a keras.Model")
    for rate in hidden.BAD_RATES:
        is_refusal(ask.probe_answer(build, named(SMALL, rate)), f"a rate of {rate}", "rate")


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    return [float(number) for number in ask.probe(layout)]


@exercise.mistake(
    "dropout after the output",
    edit=("return model", "if rate is not None:\n            model.add(Dropout(rate))\n        return model"),
)
def dropout_after_output():
    """The probabilities themselves are dropped, so in training they no longer sum to 1 and the true class often gets 0.
    Dropout belongs behind hidden layers."""


@exercise.mistake(
    "dropout on the input",
    edit=("[keras.Input((2,))]", "[keras.Input((2,)), *([] if rate is None else [Dropout(rate)])]"),
)
def dropout_on_input():
    """One of two coordinates is dropped before the net has seen it. With two inputs that leaves little to learn from:
    put Dropout behind hidden layers only."""


@exercise.mistake("dropout counted as parameters", edit=("Dense, Dropout", "Dense\n\n    Dropout = counted()"))
def dropout_counted():
    """The model has more parameters with dropout than without. Dropout learns nothing: it has a rate and a random
    state, and no parameters."""


@exercise.mistake("no softmax", edit=(', activation="softmax"', ""))
def no_softmax():
    """The last layer puts out logits. The model is to put out probabilities: give its last Dense layer a softmax."""


@exercise.mistake("sigmoid in place of softmax", edit=('activation="softmax"', 'activation="sigmoid"'))
def sigmoid_head():
    """Each class has a sigmoid of its own, so that the outputs of an example do not sum to 1. Classes that exclude one
    another need a softmax."""


@exercise.mistake("no ReLU", edit=('Dense(width, activation="relu")', "Dense(width)"))
def no_relu():
    """The hidden layers have no activation, so that all of them together come to one linear map. Give each a ReLU."""


@exercise.mistake("rate 0 taken for no rate", edit=("if rate is not None", "if rate"))
def zero_taken_for_none():
    """`if rate` is false at rate 0 as well. A model with dropout at rate 0 has its Dropout layers, and a rate that can be
    changed: ask `if rate is not None`."""


@exercise.mistake(
    "one layer of dropout only",
    edit=(
        "model.add(Dropout(rate))\n        model",
        "pass\n        if rate is not None:\n            model.add(Dropout(rate))\n        model",
    ),
)
def one_layer_of_dropout():
    """Dropout follows the last hidden layer alone. It belongs behind each of them: put it into the loop."""


exercise.right(functional)
exercise.right(added_one_by_one)
exercise.right(in_blocks)
