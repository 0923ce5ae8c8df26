"""The probes that build a student's Keras layer, call it, save it and load it."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .respond import Facts, attempt, probe

Mode = bool | None
"""What the argument `training` is, None where it is left away."""


def mode(training: Mode) -> dict[str, bool]:
    return {} if training is None else {"training": training}


@probe
def calls(subject: Any, settings: dict[str, Any], xs: list[np.ndarray], modes: list[Mode]) -> list[Any]:
    """Build one layer and call it in each mode on each input."""
    layer = attempt(subject, **settings)
    return [np.array(attempt(layer, x, **mode(training))) for training in modes for x in xs]


@probe
def build_and_call(subject: Any, rate: float, x: np.ndarray, training: Mode = None) -> Any:
    return np.array(attempt(lambda: subject(rate)(x, **mode(training))))


@probe
def predictions(subject: Any, settings: dict[str, Any], x: np.ndarray, times: int) -> list[Any]:
    """Predict several times with a model that is nothing but the layer."""
    import keras

    model = attempt(keras.Sequential, [keras.Input(x.shape[1:]), attempt(subject, **settings)])
    return [np.array(attempt(model.predict_on_batch, x)) for _ in range(times)]


@dataclass(frozen=True)
class Configured(Facts):
    """A layer's kind, configuration in JSON and name, and what a layer made from that configuration has and gives."""

    is_dropout: bool
    config: str
    name: str
    name_again: str
    first: Any
    again: Any


@probe
def configured(subject: Any, settings: dict[str, Any], x: np.ndarray, training: Mode) -> Configured:
    """Make a layer again from the JSON of its configuration, and call both."""
    import keras

    layer = attempt(subject, **settings)
    text = attempt(lambda: json.dumps(layer.get_config()))
    again = attempt(subject.from_config, json.loads(text))
    return Configured(
        is_dropout=isinstance(layer, keras.layers.Dropout),
        config=text,
        name=str(layer.name),
        name_again=str(again.name),
        first=np.array(attempt(layer, x, **mode(training))),
        again=np.array(attempt(again, x, **mode(training))),
    )


@dataclass(frozen=True)
class Reloaded(Facts):
    """Whether a loaded model has a layer of the class again, what the old one gives at test and in training, and the new
    one mode by mode.
    """

    same_class: bool
    before: Any
    trained: Any
    outputs: list[Any]


@probe
def reloaded(subject: Any, name: str, settings: dict[str, Any], x: np.ndarray, modes: list[bool]) -> Reloaded:
    """Save a model that ends in the layer, after a call in training, and load it with the class under this name."""
    import keras

    dense = keras.layers.Dense(x.shape[1], kernel_initializer="identity")
    model = attempt(keras.Sequential, [keras.Input(x.shape[1:]), dense, attempt(subject, **settings)])
    trained = attempt(model, x, training=True)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "model.keras"))
        attempt(model.save, path)
        loaded = attempt(keras.models.load_model, path, custom_objects={name: subject})
    return Reloaded(
        same_class=type(loaded.layers[-1]) is subject,
        before=np.array(attempt(model, x, training=False)),
        trained=np.array(trained),
        outputs=[np.array(attempt(loaded, x, training=training)) for training in modes],
    )


@dataclass(frozen=True)
class Traced(Facts):
    """Outputs and gradients of a compiled model, step by step, and outputs for half a batch."""

    outputs: list[Any]
    gradients: list[Any]
    halves: list[Any]


@probe
def traced(subject: Any, settings: dict[str, Any], x: np.ndarray, times: int) -> Traced:
    """Compile a model for any batch size, as fit does, and run it several times."""
    import keras
    import tensorflow as tf

    layer = attempt(subject, **settings)
    model = attempt(keras.Sequential, [keras.Input(x.shape[1:]), layer])

    def step(inputs: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = model(inputs, training=True)
        return outputs, tape.gradient(outputs, inputs)

    compiled = tf.function(step, input_signature=[tf.TensorSpec((None, *x.shape[1:]), tf.float32)], autograph=False)
    steps = [attempt(compiled, tf.constant(x)) for _ in range(times)]
    halves = [attempt(compiled, tf.constant(x[: len(x) // 2]))[0].numpy() for _ in range(2)]
    gradients = [np.full_like(x, np.nan) if gradient is None else gradient.numpy() for _, gradient in steps]
    return Traced([outputs.numpy() for outputs, _ in steps], gradients, halves)


@dataclass
class Tried:
    """Measures a layer; what cannot be measured is -1, and whether the reason was Keras 2's learning phase is kept."""

    layer: Callable[[], Any]
    x: np.ndarray
    learning_phase: bool = False

    def __call__(self, measure: Callable[[], Any], count: int) -> list[float]:
        try:
            return [float(number) for number in measure()]
        except Exception as error:
            if "learning_phase" in str(error) or "in_train_phase" in str(error):
                self.learning_phase = True
            return [-1.0] * count

    def eager(self) -> tuple[Any, ...]:
        """Return the share kept, its factor, and how often two masks agree."""
        layer = self.layer()
        first, second = (np.array(layer(self.x, training=True)) for _ in range(2))
        kept = first != 0
        again = (kept == (second != 0)).mean() if not kept.all() else -1.0
        return kept.mean(), np.median(first[kept] / self.x[kept]), again

    def graph(self) -> list[Any]:
        """Return how often masks of a graph agree, which is traced for one batch size, so that a NumPy mask survives."""
        import tensorflow as tf

        layer = self.layer()
        compiled = tf.function(lambda inputs: layer(inputs, training=True), autograph=False)
        masks = [compiled(tf.constant(self.x)).numpy() != 0 for _ in range(4)]
        return [(masks[0] == mask).mean() if not mask.all() else -1.0 for mask in masks[1:]]

    def at_test(self) -> tuple[Any, ...]:
        y = np.array(self.layer()(self.x, training=False))
        return (y != 0).mean(), np.median(y[y != 0] / self.x[y != 0])


@probe
def behavior(subject: Any, x: np.ndarray, rate: float) -> list[float]:
    """Measure layers of this rate in training, in a traced graph and at test time, and tell why it could not be done."""
    tried = Tried(lambda: subject(rate, seed=11), x)
    numbers = [*tried(tried.eager, 3), *tried(tried.graph, 3), *tried(tried.at_test, 2)]
    return [float(tried.learning_phase), *numbers]
