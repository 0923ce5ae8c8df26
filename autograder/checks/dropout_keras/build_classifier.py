"""The two-moons net: `build_classifier(n_layers=3, width=64, n_classes=2, rate=None) -> keras.Model`."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask
from autograder.checks.exercise import Built, Exercise, Fingerprint, Misconception, Requirement
from autograder.checks.expect import array, close, expect, is_refusal
from autograder.checks.masks import independent_entries, keeps_fraction
from autograder.checks.respond import attempt

PAGE = "keras/black-box"

RATE = 0.4
SMALL, NOISY = (1, 3, 4), (2, 12, 13)
"""Numbers of layers, of their units, and of classes."""


def built(subject: Any, settings: dict[str, Any], asked: list[tuple[list[np.ndarray], bool, int]], x: Any) -> Any:
    """Build one model, and tell what can be said about it without calling it and what it puts out.

    Outputs come for each of some (weights, training, number of calls), unless the model has other weights.
    """
    import keras

    model = attempt(subject, **settings)
    if not isinstance(model, keras.Model):
        return {"is model": False}
    # Of a model without an Input none of this is known, and Keras says so.
    known = {
        "input": list(attempt(lambda: model.input_shape)),
        "output": list(attempt(lambda: model.output_shape)),
        "parameters": int(attempt(model.count_params)),
        "shapes": [list(weight.shape) for weight in model.get_weights()],
    }
    found = []
    for weights, training, times in asked:
        if known["shapes"] == [list(array.shape) for array in weights]:
            attempt(model.set_weights, weights)
            found.append([np.array(attempt(model, x, training=training)) for _ in range(times)])
    return {"is model": True, "outputs": found} | known


def build(subject: Any, settings: dict[str, Any]) -> None:
    model = attempt(subject, **settings)
    for training in (True, False):
        attempt(model, np.ones((2, 2), "float32"), training=training)


def shapes(n_layers: int, width: int, n_classes: int) -> list[tuple[int, ...]]:
    """Return the shapes of kernels and biases in order."""
    sizes = [2, *[width] * n_layers, n_classes]
    return [shape for rows, columns in pairwise(sizes) for shape in ((rows, columns), (columns,))]


def forward(weights: list[np.ndarray], x: np.ndarray) -> np.ndarray:
    """Return the probabilities that ReLU layers and a softmax give without dropout."""
    *layers, (W, b) = zip(weights[::2], weights[1::2], strict=True)
    for kernel, bias in layers:
        x = np.maximum(x @ kernel + bias, 0)
    odds = np.exp(x @ W + b)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def named(sizes: tuple[int, int, int], rate: float | None) -> dict[str, Any]:
    return {**dict(zip(("n_layers", "width", "n_classes"), sizes, strict=True)), "rate": rate}


def some_weights(draw: np.random.Generator, sizes: tuple[int, int, int]) -> list[np.ndarray]:
    return [draw.normal(0, 1.2 / np.sqrt(shape[0]), shape).astype("float32") for shape in shapes(*sizes)]


@dataclass(frozen=True)
class Seen:
    """A model that was asked for: its sizes, what is known of it, and what it was called with."""

    sizes: tuple[int, int, int]
    facts: dict[str, Any]
    x: np.ndarray
    weights: list[np.ndarray]

    def is_right_size(self) -> None:
        """Raise Unmet unless inputs, outputs, kernels and biases have the shapes they should have."""
        known, right = self.facts, [list(shape) for shape in shapes(*self.sizes)]
        expect(known["is model"], "return a keras.Model")
        expect(known["input"] == [None, 2], "the input of the model should have shape (2,)")
        expect(known["output"] == [None, self.sizes[-1]], "the output of the model should have n_classes entries")
        expect(
            known["parameters"] == sum(int(np.prod(shape)) for shape in right),
            f"the model has {known['parameters']:,} parameters, which is not the number of its kernels and biases. "
            f"Dropout has none",
        )
        expect(
            known["shapes"] == right,
            "there should be n_layers hidden layers of the given width, then one of n_classes units",
        )

    def outputs(self, first: int = 0, last: int = 1) -> list[list[np.ndarray]]:
        """Return what the model put out with some of its weights; raise Unmet unless it is probabilities."""
        self.is_right_size()
        shape = (len(self.x), self.sizes[-1])
        found = [[array(y, shape, name="the output") for y in ys] for ys in self.facts["outputs"][first:last]]
        sums = [y.sum(axis=1) for ys in found for y in ys]
        expect(
            close(sums, np.ones((len(sums), len(self.x))), "float32"),
            "the outputs are no probabilities, which sum to 1: nothing may be dropped after the softmax",
        )
        return found


def plain(
    ask: Ask, draw: np.random.Generator, sizes: tuple[int, int, int], settings: dict[str, Any], training: bool = True
) -> Seen:
    """Ask for a model of these sizes and call it once, with weights drawn."""
    x, weights = hidden.away_from_zero(draw, (30, 2), "float32"), some_weights(draw, sizes)
    return Seen(sizes, ask.probe(built, settings, [(weights, training, 1)], x), x, weights)


def by_default(ask: Ask, draw: np.random.Generator) -> Seen:
    return plain(ask, draw, (3, 64, 2), {})


def without_rate(ask: Ask, draw: np.random.Generator) -> Seen:
    return plain(ask, draw, SMALL, named(SMALL, None))


def noisy(ask: Ask, draw: np.random.Generator) -> Seen:
    """Ask for a model with dropout, and call it in test mode, then in training with weights that show its masks."""
    n_layers, width, _ = NOISY
    x, weights = hidden.away_from_zero(draw, (40, 2), "float32"), some_weights(draw, NOISY)
    shown = [(unit_logits(width, n_layers, constant), True, 2) for constant in range(n_layers)]
    return Seen(NOISY, ask.probe(built, named(NOISY, RATE), [(weights, False, 1), *shown], x), x, weights)


def is_right_size(ask: Ask, draw: np.random.Generator) -> None:
    for observe in (by_default, without_rate, noisy):
        ask.once(observe).is_right_size()


def computes(ask: Ask, draw: np.random.Generator) -> None:
    at_zero = plain(ask, draw, SMALL, named(SMALL, 0.0))
    for seen in (ask.once(by_default), ask.once(without_rate), ask.once(noisy), at_zero):
        expect(
            close(seen.outputs()[0][0], forward(seen.weights, seen.x), "float32"),
            "without dropout the model should compute ReLU hidden layers and a softmax at the end",
        )


def unit_logits(width: int, n_layers: int, constant: int) -> list[np.ndarray]:
    """Return weights that make every unit of one hidden layer 1 and hand it on to the logits, after a first logit of 0.

    Log-odds against class 0 are then what the masks of that layer and of those behind it leave of the units.
    """
    arrays = [np.zeros(shape, "float32") for shape in shapes(n_layers, width, width + 1)]
    for layer in range(n_layers):
        if layer > constant:
            arrays[2 * layer] = np.eye(width, dtype="float32")
    arrays[2 * constant + 1][:] = 1
    arrays[-2][:, 1:] = np.eye(width)
    return arrays


def kept_units(y: np.ndarray) -> np.ndarray:
    return np.log(y[:, 1:] / y[:, :1])


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


def spares_input(ask: Ask, draw: np.random.Generator) -> None:
    """Hand each positive input on to a hidden unit and from there to a logit: one mask decides on each logit."""
    sizes, rate = (1, 2, 3), 0.15
    arrays = [np.zeros(shape, "float32") for shape in shapes(*sizes)]
    arrays[0], arrays[2][:, 1:] = np.eye(2, dtype="float32"), np.eye(2)
    x = np.abs(hidden.away_from_zero(draw, (200, 2), "float32"))
    seen = Seen(sizes, ask.probe(built, named(sizes, rate), [(arrays, True, 1)], x), x, arrays)
    units = kept_units(seen.outputs()[0][0])
    kept = units > 0.2
    expect(close(units, kept * x / (1 - rate), "float32", scale=10), "the input should not be dropped, nor the logits")
    keeps_fraction(kept, rate)


def drops_everything_at_one(ask: Ask, draw: np.random.Generator) -> None:
    seen = plain(ask, draw, SMALL, named(SMALL, 1.0))
    only_bias = forward([*(np.zeros_like(array) for array in seen.weights[:-1]), seen.weights[-1]], seen.x)
    expect(
        close(seen.outputs()[0][0], only_bias, "float32"),
        "at rate 1 all hidden units are dropped in training: only the last bias is left",
    )


def refuses_bad_rates(ask: Ask, draw: np.random.Generator) -> None:
    expect(ask.once(noisy).facts["is model"], "with a rate inside [0, 1], return a keras.Model")
    for rate in hidden.BAD_RATES:
        is_refusal(ask.probe_answer(build, named(SMALL, rate)), f"a rate of {rate}", "rate")


def layout(subject: Any) -> list[float]:
    """Tell where Dropout layers lie among the Dense ones, and whether they add parameters."""
    import keras

    model, plain = subject(2, 4, 3, 0.3), subject(2, 4, 3)
    layers = [
        layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.Dense | keras.layers.Dropout)
    ]
    dense = [index for index, layer in enumerate(layers) if isinstance(layer, keras.layers.Dense)]
    dropout = [index for index, layer in enumerate(layers) if isinstance(layer, keras.layers.Dropout)]
    return [
        float(min(dropout) < min(dense)),
        float(max(dropout) > max(dense)),
        float(model.count_params() > plain.count_params()),
    ]


def measure(ask: Ask) -> list[float]:
    return [float(number) for number in ask.probe(layout)]


def sequential(n_layers, width, n_classes, hidden_layers, before=(), after=()):
    import keras

    head = keras.layers.Dense(n_classes, activation="softmax")
    layers = [layer for _ in range(n_layers) for layer in hidden_layers()]
    return keras.Sequential([keras.Input((2,)), *before, *layers, head, *after])


def dense_then(width, *noise):
    import keras

    return [keras.layers.Dense(width, activation="relu"), *noise]


@Built
def reference():
    import keras

    def build_classifier(n_layers=3, width=64, n_classes=2, rate=None):
        noise = () if rate is None else (rate,)
        return sequential(
            n_layers, width, n_classes, lambda: dense_then(width, *(keras.layers.Dropout(rate) for rate in noise))
        )

    return build_classifier


@Built
def dropout_after_output():
    import keras

    def build_classifier(n_layers=3, width=64, n_classes=2, rate=None):
        if rate is None:
            return sequential(n_layers, width, n_classes, lambda: dense_then(width))
        noise = keras.layers.Dropout(rate)
        return sequential(
            n_layers, width, n_classes, lambda: dense_then(width, keras.layers.Dropout(rate)), after=[noise]
        )

    return build_classifier


@Built
def dropout_on_input():
    import keras

    def build_classifier(n_layers=3, width=64, n_classes=2, rate=None):
        if rate is None:
            return sequential(n_layers, width, n_classes, lambda: dense_then(width))
        noise = keras.layers.Dropout(rate)
        return sequential(
            n_layers, width, n_classes, lambda: dense_then(width, keras.layers.Dropout(rate)), before=[noise]
        )

    return build_classifier


@Built
def dropout_counted():
    import keras

    class Counted(keras.layers.Dropout):
        def build(self, input_shape):
            self.scale = self.add_weight(shape=input_shape[1:], initializer="ones")

        def call(self, inputs, training=False):
            return super().call(inputs, training=training) * self.scale

    def build_classifier(n_layers=3, width=64, n_classes=2, rate=None):
        if rate is None:
            return sequential(n_layers, width, n_classes, lambda: dense_then(width))
        return sequential(n_layers, width, n_classes, lambda: dense_then(width, Counted(rate)))

    return build_classifier


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


exercise = Exercise(
    name="build_classifier",
    assignment="dropout_keras",
    page=PAGE,
    requirements=(
        Requirement("has the layers and the number of parameters asked for", 1, is_right_size),
        Requirement("computes ReLU layers and a softmax when nothing is dropped", 1, computes),
        Requirement("drops units behind every hidden layer, each on its own", 2, drops_behind_every_layer),
        Requirement("drops neither inputs nor outputs", 1, spares_input),
        Requirement("drops every hidden unit at rate 1", 0.5, drops_everything_at_one),
        Requirement("refuses a rate outside [0, 1]", 0.5, refuses_bad_rates),
    ),
    reference=reference,
    misconceptions=(
        Misconception(
            "dropout after the output",
            "The probabilities themselves are dropped, so in training they no longer sum to 1 and the true class "
            "often gets 0. Dropout belongs behind hidden layers.",
            PAGE,
            dropout_after_output,
        ),
        Misconception(
            "dropout on the input",
            "One of two coordinates is dropped before the net has seen it. With two inputs that leaves little to "
            "learn from: put Dropout behind hidden layers only.",
            PAGE,
            dropout_on_input,
        ),
        Misconception(
            "dropout counted as parameters",
            "The model has more parameters with dropout than without. Dropout learns nothing: it has a rate and a "
            "random state, and no parameters.",
            PAGE,
            dropout_counted,
        ),
    ),
    variants=(functional, added_one_by_one, in_blocks),
    fingerprint=Fingerprint(measure),
)
