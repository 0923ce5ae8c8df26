"""Dropout that predict cannot switch off: `class MCDropout(keras.layers.Dropout)`."""

import json

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask
from autograder.checks.beside.keras_layers import build_and_call, calls, configured, predictions, reloaded
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect, is_refusal
from autograder.checks.implementation import Built
from autograder.checks.masks import believable, independent_entries, keeps_fraction


@Built
def MCDropout():
    import keras

    class MCDropout(keras.layers.Dropout):
        def call(self, inputs, training=None):  # noqa: ARG002 - Keras hands it on
            return super().call(inputs, training=True)

    return MCDropout


exercise = Exercise(
    MCDropout,
    page="montecarlo/sampling#Keras: what looks right and is not",
    onward="Exercises 5 and 6 sample a network that is built of it; try `predict` twice on the same input.",
    trap=("is_active_in_predict", "is_active_in_every_mode"),
)


def masks_of(x: np.ndarray, outputs: list[np.ndarray], rate: float) -> np.ndarray:
    """Return what was kept, calls first; raise Unmet unless something is dropped and the rest is x / (1 - rate)."""
    outputs = [array(y, x.shape, "float32", "the output") for y in outputs]
    active = not any(close(y, x, "float32") for y in outputs)
    expect(active, "nothing is dropped: predict and model(x, training=False) tell every layer training=False")
    masks = np.stack(outputs) != 0
    expect(close(outputs, masks * x / (1 - rate), "float32"), "every output should be either 0 or x / (1 - rate)")
    return masks


def predicted(ask: Ask, draw: np.random.Generator) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return an input, and what predictions of it gave at rate .4, one after the other."""
    x = hidden.away_from_zero(draw, (10, 9), "float32")
    return x, list(ask.probe(predictions, {"rate": 0.4}, x, 60))


def active(ask: Ask) -> bool:
    """Tell whether the layer is active in predict; what it does when it is, is judged in training mode otherwise."""
    x, outputs = ask.once(predicted)
    return not any(close(array(y, x.shape), x, "float32") for y in outputs)


def modes_of(ask: Ask) -> list[bool | None]:
    """Return the modes in which the layer should be active, or those in which it can be."""
    return [None, False, True] if active(ask) else [True]


@exercise.requires("stays active in predict", 2)
def is_active_in_predict(ask: Ask, draw: np.random.Generator) -> None:
    keeps_fraction(masks_of(*ask.once(predicted), 0.4), 0.4)


@exercise.requires("drops and scales as dropout does, whatever training says", 1)
def is_active_in_every_mode(ask: Ask, draw: np.random.Generator) -> None:
    for rate in hidden.RATES:
        x = hidden.away_from_zero(draw, (60, 20), "float32")
        modes = [None, False, True]
        masks = masks_of(x, ask.probe(calls, {"rate": rate, "seed": hidden.seed(draw)}, [x], modes), rate)
        for mask in masks:
            keeps_fraction(mask, rate)
    for shape in ((6, 6), (1, 5, 2), (2, 3, 4, 2)):
        x = hidden.some_zeros(draw, shape, "float32")
        (y,) = ask.probe(calls, {"rate": 0.4, "seed": hidden.seed(draw)}, [x], [False])
        y = array(y, shape, "float32", "the output")
        expect(
            close(y, (y != 0) * x / 0.6, "float32"),
            f"for an input of shape {shape}, every output should be 0 or x / (1 - rate)",
        )


@exercise.requires("draws every entry on its own, anew at every prediction", 1)
def draws_each_entry(ask: Ask, draw: np.random.Generator) -> None:
    x, outputs = ask.once(predicted)
    if not active(ask):
        outputs = ask.probe(calls, {"rate": 0.4}, [x], [True] * 60)
    masks = masks_of(x, outputs, 0.4)
    expect(
        not (masks == masks[0]).all(), "every prediction used the same mask: draw anew, also where a graph was traced"
    )
    independent_entries(masks, 0.4)
    x = hidden.away_from_zero(draw, (40, 12), "float32")
    masks = masks_of(x, ask.probe(calls, {"rate": 0.4, "seed": hidden.seed(draw)}, [x], modes_of(ask)[-1:] * 4), 0.4)
    expect(believable(masks[::2] == masks[1::2], 0.4**2 + 0.6**2), "with a seed, too, every call should draw anew")


@exercise.requires("changes nothing at rate 0 and drops everything at rate 1", 1)
def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (12, 7), "float32")
    for y in ask.probe(calls, {"rate": 0.0}, [x], [None, False, True]):
        expect(close(array(y, x.shape), x, "float32"), "at rate 0 nothing should change")
    for y in ask.probe(calls, {"rate": 1.0}, [x], modes_of(ask)):
        expect(not array(y, x.shape).any(), "at rate 1 everything should be dropped: the output is 0 everywhere")


@exercise.requires("is a Dropout layer with its configuration", 1)
def is_a_dropout_layer(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (20, 11), "float32")
    settings = {
        "rate": float(draw.choice(hidden.RATES)),
        "seed": hidden.seed(draw),
        "name": f"noise_{draw.integers(10**6)}",
    }
    facts = ask.probe(configured, settings, x, None)
    expect(facts.is_dropout, "MCDropout should be a subclass of keras.layers.Dropout")
    config = json.loads(facts.config)
    for key, value in settings.items():
        expect(config.get(key) == value, f"get_config should hold the {key} of the layer")
    same = (array(facts.first, x.shape) == array(facts.again, x.shape)).all()
    expect(same, "a layer made by from_config(get_config()) should draw the same first mask")
    x = np.ones((210, 5), "float32")
    (y,) = ask.probe(calls, {"rate": 0.4, "noise_shape": (210, 1)}, [x], [True])
    kept = array(y, x.shape, "float32", "the output") != 0
    message = "noise_shape should say what is dropped together, as in keras.layers.Dropout"
    expect((kept == kept[:, :1]).all(), message)


@exercise.requires("can be saved and loaded with custom_objects", 1)
def loads(ask: Ask, draw: np.random.Generator) -> None:
    rate, x = 0.4, hidden.away_from_zero(draw, (40, 20), "float32")
    facts = ask.probe(reloaded, "MCDropout", {"rate": rate, "seed": hidden.seed(draw)}, x, [not active(ask)] * 2)
    expect(facts.same_class, "a loaded model should have an MCDropout layer again")
    masks = masks_of(x, facts.outputs, rate)
    keeps_fraction(masks, rate)
    expect((masks[0] != masks[1]).any(), "a loaded model should draw anew at every prediction")


@exercise.requires("refuses a rate outside [0, 1]", 0.5)
def refuses_bad_rates(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (3, 2), "float32")
    ask.probe(build_and_call, 0.4, x)
    for rate in hidden.BAD_RATES:
        is_refusal(ask.probe_answer(build_and_call, rate, x), f"a rate of {rate}", "rate")


@exercise.measures(tolerance=0.03)
def measure(ask: Ask) -> list[float]:
    x = np.ones((200, 60), "float32")
    (plain,) = ask.probe(calls, {"rate": 0.3, "seed": 11}, [x], [None])
    (prediction,) = ask.probe(predictions, {"rate": 0.3, "seed": 11}, x, 1)
    return [float((y != 0).mean()) for y in (plain, prediction)]


@exercise.mistake("`training=True` on an ordinary layer")
@Built
def training_by_default():
    """Dropout is told to be active when it is called, and predict tells it otherwise: Keras 3 passes training=False to
    every layer. Hand True on from inside `call`, whatever its argument says."""
    import keras

    class MCDropout(keras.layers.Dropout):
        def call(self, inputs, training=True):
            return super().call(inputs, training=training)

    return MCDropout


@exercise.right
@Built
def with_keras_random():
    import keras

    @keras.saving.register_keras_serializable(package="answers")
    class MCDropout(keras.layers.Dropout):
        def call(self, inputs, training=None):  # noqa: ARG002 - Keras hands it on
            if self.rate == 0:
                return inputs
            return keras.random.dropout(inputs, self.rate, self.noise_shape, self.seed_generator)

    return MCDropout


@exercise.right
@Built
def with_own_mask():
    import keras
    from keras import ops

    class MCDropout(keras.layers.Dropout):
        def call(self, inputs, training=False):  # noqa: ARG002 - Keras hands it on
            if not 0 < self.rate < 1:
                return inputs * (1 - self.rate)
            uniform = keras.random.uniform(self.noise_shape or ops.shape(inputs), seed=self.seed_generator)
            return ops.where(uniform < self.rate, 0.0, inputs / (1 - self.rate))

    return MCDropout


@exercise.right
@Built
def without_training():
    import keras

    class MCDropout(keras.layers.Dropout):
        def __init__(self, rate, seed=None, **kwargs):
            super().__init__(rate, seed=seed, **kwargs)

        def call(self, inputs):
            return keras.layers.Dropout.call(self, inputs, True)

    return MCDropout
