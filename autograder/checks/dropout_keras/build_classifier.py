"""The two-moons net: `build_classifier(n_layers=3, width=64, n_classes=2, rate=None) -> keras.Model`."""

from itertools import pairwise
from typing import Any

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask
from autograder.checks.exercise import Built, Exercise, Fingerprint, Misconception, Requirement
from autograder.checks.expect import array, close, expect, is_refusal
from autograder.checks.masks import independent_entries, keeps_fraction
from autograder.checks.respond import attempt

PAGE = "exercises/dropout_keras/dropout_keras"


def facts(subject: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """Return what can be said about a model without calling it."""
    import keras

    model = attempt(subject, **settings)
    if not isinstance(model, keras.Model):
        return {"is model": False}
    # Of a model without an Input none of this is known, and Keras says so.
    return {
        "is model": True,
        "input": list(attempt(lambda: model.input_shape)),
        "output": list(attempt(lambda: model.output_shape)),
        "parameters": int(attempt(model.count_params)),
        "shapes": [list(weight.shape) for weight in model.get_weights()],
    }


def outputs(
    subject: Any, settings: dict[str, Any], weights: list[list[np.ndarray]], x: np.ndarray, training: bool, times: int
) -> list[list[np.ndarray]]:
    """Build one model and return its outputs, several for each of the given sets of weights."""
    model = attempt(subject, **settings)
    results = []
    for arrays in weights:
        attempt(model.set_weights, arrays)
        results.append([np.array(attempt(model, x, training=training)) for _ in range(times)])
    return results


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


def is_right_size(ask: Ask, draw: np.random.Generator) -> None:
    drawn = (int(draw.integers(2, 5)), int(draw.integers(3, 9)), int(draw.integers(3, 6)))
    for sizes, rate in (((3, 64, 2), None), ((1, 3, 4), None), (drawn, 0.3)):
        settings = {} if sizes == (3, 64, 2) else named(sizes, rate)
        known = ask.probe(facts, settings)
        expect(known["is model"], "return a keras.Model")
        expect(known["input"] == [None, 2], "the input of the model should have shape (2,)")
        expect(known["output"] == [None, sizes[-1]], "the output of the model should have n_classes entries")
        right = [list(shape) for shape in shapes(*sizes)]
        expect(
            known["parameters"] == sum(int(np.prod(shape)) for shape in right),
            f"the model has {known['parameters']:,} parameters, which is not the number of its kernels and biases. "
            f"Dropout has none",
        )
        expect(
            known["shapes"] == right,
            "there should be n_layers hidden layers of the given width, then one of n_classes units",
        )


def some_weights(draw: np.random.Generator, sizes: tuple[int, int, int]) -> list[np.ndarray]:
    return [draw.normal(0, 0.7, shape).astype("float32") for shape in shapes(*sizes)]


def computes(ask: Ask, draw: np.random.Generator) -> None:
    sizes = (3, 6, 4)
    x, weights = hidden.away_from_zero(draw, (30, 2), "float32"), some_weights(draw, sizes)
    for rate, training in ((None, True), (0.4, False), (0.0, True)):
        ((y,),) = ask.probe(outputs, named(sizes, rate), [weights], x, training, 1)
        y = array(y, (30, 4), name="the output")
        expect(close(y.sum(axis=1), np.ones(30), "float32"), "the outputs are no probabilities: they should sum to 1")
        expect(
            close(y, forward(weights, x), "float32"),
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
    n_layers, width, rate = 3, 12, float(draw.choice((0.15, 0.4)))
    x = hidden.away_from_zero(draw, (40, 2), "float32")
    weights = [unit_logits(width, n_layers, constant) for constant in range(n_layers)]
    results = ask.probe(outputs, named((n_layers, width, width + 1), rate), weights, x, True, 2)
    for behind, ys in zip(range(n_layers, 0, -1), results, strict=True):
        ys = [array(y, (40, width + 1), name="the output") for y in ys]
        expect(
            close(np.sum(ys, axis=2), np.ones((2, 40)), "float32"),
            "in training, too, the outputs should be probabilities: nothing may be dropped after the softmax",
        )
        units = np.stack([kept_units(y) for y in ys])
        masks, kept = units > 0.5, (1 - rate) ** behind
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
    rate, n_classes = 0.3, 3
    arrays = [np.zeros(shape, "float32") for shape in shapes(1, 2, n_classes)]
    arrays[0], arrays[2][:, 1:] = np.eye(2, dtype="float32"), np.eye(2)
    x = np.abs(hidden.away_from_zero(draw, (200, 2), "float32"))
    ((y,),) = ask.probe(outputs, named((1, 2, n_classes), rate), [arrays], x, True, 1)
    units = kept_units(array(y, (200, n_classes), name="the output"))
    kept = units > 0.2
    expect(close(units, kept * x / (1 - rate), "float32", scale=10), "the input should not be dropped, nor the logits")
    keeps_fraction(kept, rate)


def drops_everything_at_one(ask: Ask, draw: np.random.Generator) -> None:
    sizes = (2, 5, 3)
    x, weights = hidden.away_from_zero(draw, (8, 2), "float32"), some_weights(draw, sizes)
    ((y,),) = ask.probe(outputs, named(sizes, 1.0), [weights], x, True, 1)
    only_bias = forward([*(np.zeros_like(array) for array in weights[:-1]), weights[-1]], x)
    expect(
        close(array(y, (8, 3), name="the output"), only_bias, "float32"),
        "at rate 1 all hidden units are dropped in training: only the last bias is left",
    )


def refuses_bad_rates(ask: Ask, draw: np.random.Generator) -> None:
    ask.probe(build, named((1, 2, 2), 0.4))
    for rate in hidden.BAD_RATES:
        is_refusal(ask.probe_answer(build, named((1, 2, 2), rate)), f"a rate of {rate}", "rate")


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
