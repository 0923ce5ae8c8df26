"""The two-moons net: `build_classifier(n_layers=3, width=64, n_classes=2, rate=None) -> keras.Model`."""

from typing import Any

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask
from autograder.checks.beside.dropout_keras import build, classifier, layout
from autograder.checks.dropout_keras.classifiers import (
    Seen,
    Sizes,
    forward,
    kept_units,
    named,
    shapes,
    some_weights,
    unit_logits,
)
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, is_refusal
from autograder.checks.implementation import Built
from autograder.checks.masks import independent_entries, keeps_fraction


@Built
def build_classifier():
    import keras
    from keras.layers import Dense, Dropout

    def build_classifier(n_layers=3, width=64, n_classes=2, rate=None):
        model = keras.Sequential([keras.Input((2,))])
        for _ in range(n_layers):
            model.add(Dense(width, activation="relu"))
            if rate is not None:
                model.add(Dropout(rate))
        model.add(Dense(n_classes, activation="softmax"))
        return model

    return build_classifier


exercise = Exercise(
    build_classifier,
    page="keras/black-box#dropout-has-no-weights",
    onward="Exercise 2 takes the Dropout out of such a model again; try `model.count_params()` with and without it.",
)

RATE = 0.4
SMALL: Sizes = (1, 3, 4)
NOISY: Sizes = (2, 12, 13)


def plain(ask: Ask, draw: np.random.Generator, sizes: Sizes, settings: dict[str, Any], training: bool = True) -> Seen:
    """Ask for a model of these sizes and call it once, with weights drawn."""
    x, weights = hidden.away_from_zero(draw, (30, 2), "float32"), some_weights(draw, sizes)
    return Seen(sizes, ask.probe(classifier, settings, [(weights, training, 1)], x), x, weights)


def by_default(ask: Ask, draw: np.random.Generator) -> Seen:
    return plain(ask, draw, (3, 64, 2), {})


def without_rate(ask: Ask, draw: np.random.Generator) -> Seen:
    return plain(ask, draw, SMALL, named(SMALL, None))


def noisy(ask: Ask, draw: np.random.Generator) -> Seen:
    """Ask for a model with dropout, and call it in test mode, then in training with weights that show its masks."""
    n_layers, width, _ = NOISY
    x, weights = hidden.away_from_zero(draw, (40, 2), "float32"), some_weights(draw, NOISY)
    shown = [(unit_logits(width, n_layers, constant), True, 2) for constant in range(n_layers)]
    return Seen(NOISY, ask.probe(classifier, named(NOISY, RATE), [(weights, False, 1), *shown], x), x, weights)


@exercise.requires("has the layers and the number of parameters asked for", 1)
def is_right_size(ask: Ask, draw: np.random.Generator) -> None:
    for observe in (by_default, without_rate, noisy):
        ask.once(observe).is_right_size()


@exercise.requires("computes ReLU layers and a softmax when nothing is dropped", 1)
def computes(ask: Ask, draw: np.random.Generator) -> None:
    at_zero = plain(ask, draw, SMALL, named(SMALL, 0.0))
    for seen in (ask.once(by_default), ask.once(without_rate), ask.once(noisy), at_zero):
        expect(
            close(seen.outputs()[0][0], forward(seen.weights, seen.x), "float32"),
            "without dropout the model should compute ReLU hidden layers and a softmax at the end",
        )
    message = "rate 0.0 is a rate: a Dropout layer should follow every hidden layer unless rate is None"
    expect(at_zero.facts.rates == [0.0] and not ask.once(without_rate).facts.rates, message)


@exercise.requires("drops units behind every hidden layer, each on its own", 2)
def drops_behind_every_layer(ask: Ask, draw: np.random.Generator) -> None:
    n_layers, width, _ = NOISY
    results = ask.once(noisy).outputs(1, 1 + n_layers)
    for behind, ys in zip(range(n_layers, 0, -1), results, strict=True):
        units = np.stack([kept_units(y) for y in ys])
        masks, kept = units > 0.5, (1 - RATE) ** behind
        expect(
            close(units, masks / kept, "float32", scale=10),
            "in training, units behind every hidden layer should be either dropped or divided by 1 - rate",
        )
        keeps_fraction(masks, 1 - kept)
        independent_entries(masks, 1 - kept)
        # The examples of a batch are draws of the same units, too.
        independent_entries(masks.reshape(-1, width), 1 - kept)


@exercise.requires("drops neither inputs nor outputs", 1)
def spares_input(ask: Ask, draw: np.random.Generator) -> None:
    """Hand each positive input on to a hidden unit and from there to a logit: one mask decides on each logit."""
    sizes, rate = (1, 2, 3), 0.15
    arrays = [np.zeros(shape, "float32") for shape in shapes(*sizes)]
    arrays[0], arrays[2][:, 1:] = np.eye(2, dtype="float32"), np.eye(2)
    x = np.abs(hidden.away_from_zero(draw, (200, 2), "float32"))
    seen = Seen(sizes, ask.probe(classifier, named(sizes, rate), [(arrays, True, 1)], x), x, arrays)
    units = kept_units(seen.outputs()[0][0])
    kept = units > 0.2
    expect(close(units, kept * x / (1 - rate), "float32", scale=10), "the input should not be dropped, nor the logits")
    keeps_fraction(kept, rate)


@exercise.requires("drops every hidden unit at rate 1", 0.5)
def drops_everything_at_one(ask: Ask, draw: np.random.Generator) -> None:
    seen = plain(ask, draw, SMALL, named(SMALL, 1.0))
    only_bias = forward([*(np.zeros_like(array) for array in seen.weights[:-1]), seen.weights[-1]], seen.x)
    expect(
        close(seen.outputs()[0][0], only_bias, "float32"),
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


def counted():
    """Return a class of dropout that has parameters."""
    import keras

    class Counted(keras.layers.Dropout):
        def build(self, input_shape):
            self.scale = self.add_weight(shape=input_shape[1:], initializer="ones")

        def call(self, inputs, training=False):
            return super().call(inputs, training=training) * self.scale

    return Counted


@exercise.mistake("dropout counted as parameters", edit=("Dense, Dropout", "Dense\n\n    Dropout = counted()"))
def dropout_counted():
    """The model has more parameters with dropout than without. Dropout learns nothing: it has a rate and a random
    state, and no parameters."""


@exercise.right
@Built
def functional():
    import keras

    def build_classifier(n_layers=3, width=64, n_classes=2, rate=None):
        inputs = keras.Input(shape=(2,))
        outputs = inputs
        for _ in range(n_layers):
            outputs = keras.layers.Dense(width)(outputs)
            outputs = keras.layers.ReLU()(outputs)
            if rate is not None:
                outputs = keras.layers.Dropout(rate)(outputs)
        outputs = keras.layers.Dense(n_classes)(outputs)
        return keras.Model(inputs, keras.layers.Softmax()(outputs))

    return build_classifier


@exercise.right
@Built
def added_one_by_one():
    import keras

    def build_classifier(n_layers=3, width=64, n_classes=2, rate=None):
        model = keras.Sequential()
        model.add(keras.layers.InputLayer((2,)))
        for _ in range(n_layers):
            model.add(keras.layers.Dense(width, kernel_initializer="he_normal"))
            model.add(keras.layers.Activation("relu"))
            if rate is not None:
                model.add(keras.layers.Dropout(rate, seed=keras.random.SeedGenerator().get_config()["seed"]))
        model.add(keras.layers.Dense(n_classes))
        model.add(keras.layers.Activation(keras.activations.softmax))
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
        return model

    return build_classifier


@exercise.right
@Built
def in_blocks():
    """Dropping a unit before its ReLU or after it comes to the same."""
    import keras

    def build_classifier(n_layers=3, width=64, n_classes=2, rate=None):
        def block():
            layers = [keras.layers.Dense(width)]
            if rate is not None:
                layers.append(keras.layers.Dropout(rate))
            return keras.Sequential([*layers, keras.layers.Activation("relu")])

        blocks = [block() for _ in range(n_layers)]
        return keras.Sequential([keras.Input((2,)), *blocks, keras.layers.Dense(n_classes, "softmax")])

    return build_classifier
