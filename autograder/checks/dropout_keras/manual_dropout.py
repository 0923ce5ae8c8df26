"""Dropout as a Keras layer: `class ManualDropout(keras.layers.Layer)` with `(rate, seed=None)`."""

import json
from typing import Any

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask
from autograder.checks.exercise import Built, Exercise, Fingerprint, Misconception, Requirement
from autograder.checks.expect import array, close, expect, is_refusal
from autograder.checks.masks import independent_entries, independent_of, keeps_fraction
from autograder.checks.respond import attempt

PAGE = "keras/writing-the-layer"


def seed(draw: np.random.Generator) -> int:
    return int(draw.integers(1, 2**31))


def calls(subject: Any, settings: dict[str, Any], xs: list[np.ndarray], modes: list[bool | None]) -> list[Any]:
    """Build one layer and call it on each input in each mode; None leaves the argument training away."""
    layer = attempt(subject, **settings)
    keywords = [{} if mode is None else {"training": mode} for mode in modes]
    return [np.array(attempt(layer, x, **mode)) for mode in keywords for x in xs]


def traced(
    subject: Any, settings: dict[str, Any], x: np.ndarray, times: int
) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Compile a model for any batch size, as fit does; return outputs, gradients and outputs of half a batch."""
    import keras
    import tensorflow as tf

    layer = attempt(subject, **settings)
    model = attempt(keras.Sequential, [keras.Input(x.shape[1:]), layer])

    def step(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = model(inputs, training=True)
        return outputs, tape.gradient(outputs, inputs)

    compiled = tf.function(step, input_signature=[tf.TensorSpec((None, *x.shape[1:]), tf.float32)], autograph=False)
    steps = [attempt(compiled, tf.constant(x)) for _ in range(times)]
    halves = [attempt(compiled, tf.constant(x[: len(x) // 2]))[0].numpy() for _ in range(2)]
    gradients = [np.full_like(x, np.nan) if gradient is None else gradient.numpy() for _, gradient in steps]
    return [outputs.numpy() for outputs, _ in steps], gradients, halves


def predictions(subject: Any, settings: dict[str, Any], x: np.ndarray) -> list[np.ndarray]:
    import keras

    model = attempt(keras.Sequential, [keras.Input(x.shape[1:]), attempt(subject, **settings)])
    return [np.array(attempt(model.predict_on_batch, x)) for _ in range(2)]


def configured(subject: Any, settings: dict[str, Any], x: np.ndarray) -> dict[str, Any]:
    """Return the JSON of a layer's configuration, its name, and what a layer made from that configuration gives."""
    import json

    layer = attempt(subject, **settings)
    text = attempt(lambda: json.dumps(layer.get_config()))
    again = attempt(subject.from_config, json.loads(text))
    return {
        "config": text,
        "name": str(layer.name),
        "name again": str(again.name),
        "first": np.array(attempt(layer, x, training=True)),
        "again": np.array(attempt(again, x, training=True)),
    }


def reloaded(subject: Any, settings: dict[str, Any], x: np.ndarray) -> dict[str, np.ndarray]:
    """Save a small model, load it with `custom_objects`, and return what the old and the new one give."""
    import tempfile
    from pathlib import Path

    import keras

    dense = keras.layers.Dense(x.shape[1], kernel_initializer="identity")
    model = attempt(keras.Sequential, [keras.Input(x.shape[1:]), dense, attempt(subject, **settings)])
    attempt(model, x, training=True)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "model.keras"))
        attempt(model.save, path)
        loaded = attempt(keras.models.load_model, path, custom_objects={"ManualDropout": subject})
    return {
        "before": np.array(attempt(model, x, training=False)),
        "after": np.array(attempt(loaded, x, training=False)),
        "training": np.array(attempt(loaded, x, training=True)),
    }


def build_and_call(subject: Any, rate: float, x: np.ndarray, training: bool) -> np.ndarray:
    return np.array(attempt(lambda: subject(rate)(x, training=training)))


def outputs_of(
    ask: Ask, settings: dict[str, Any], xs: list[np.ndarray], modes: tuple[bool | None, ...] = (True,)
) -> list[np.ndarray]:
    dtype = {"mixed_float16": "float16"}.get(settings.get("dtype", ""), settings.get("dtype", "float32"))
    outputs = ask.probe(calls, settings, xs, list(modes))
    expect(len(outputs) == len(modes) * len(xs), "every call should give one output")
    return [array(y, x.shape, dtype, "the output") for x, y in zip(xs * len(modes), outputs, strict=True)]


def in_training(ask: Ask, draw: np.random.Generator) -> list[tuple[float, np.ndarray, np.ndarray]]:
    """Return rate, input and output of calls on arrays of several shapes, the largest first for each rate."""
    found = []
    for rate in hidden.RATES:
        xs = [hidden.away_from_zero(draw, shape, "float32") for shape in ((150, 80), (6, 5), (2, 3, 4, 2))]
        found += [
            (rate, x, y) for x, y in zip(xs, outputs_of(ask, {"rate": rate, "seed": seed(draw)}, xs), strict=True)
        ]
    return found


def keeps(ask: Ask, draw: np.random.Generator) -> None:
    for rate, _, y in ask.once(in_training)[::3]:
        keeps_fraction(y != 0, rate)


def draws_each_entry(ask: Ask, draw: np.random.Generator) -> None:
    rate = 0.4
    for settings in ({"rate": rate, "seed": seed(draw)}, {"rate": rate}):
        x = hidden.away_from_zero(draw, (10, 3, 12), "float32")
        masks = np.stack([y != 0 for y in outputs_of(ask, settings, [x] * 5)])
        independent_entries(masks, rate)
        independent_of(masks, x, rate)


def works_traced(ask: Ask, draw: np.random.Generator) -> None:
    rate = 0.4
    x = hidden.away_from_zero(draw, (16, 12), "float32")
    steps, gradients, halves = ask.probe(traced, {"rate": rate, "seed": seed(draw)}, x, 60)
    masks = np.stack([array(y, x.shape, "float32", "the output") != 0 for y in steps])
    expect(
        not all((mask == masks[0]).all() for mask in masks),
        "inside fit the layer is traced once and then runs as a graph: there every call gave the same mask. "
        "Draw with keras.random, not with NumPy",
    )
    independent_entries(masks, rate)
    keeps_fraction(masks, rate)
    for y, gradient in zip(steps, gradients, strict=True):
        expect(
            close(gradient, y / x, "float32"), "gradients should flow through the kept entries, and through them alone"
        )
    for y in halves:
        array(y, (8, 12), "float32", "the output for another batch size")


def scales(ask: Ask, draw: np.random.Generator) -> None:
    for rate, x, y in ask.once(in_training):
        kept = y != 0
        expect(
            close(y[kept], x[kept] / (1 - rate), "float32"),
            "in training every entry should be either 0 or x / (1 - rate)",
        )


def is_identity_at_test(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (9, 14), "float32")
    for rate in (0.0, 0.4, 1.0):
        told, untold = outputs_of(ask, {"rate": rate, "seed": seed(draw)}, [x], (False, None))
        expect(close(told, x, "float32"), "layer(x, training=False) should give x back: nothing dropped or scaled")
        expect(close(untold, x, "float32"), "layer(x) should give x back: nothing dropped, nothing scaled")
    for y in ask.probe(predictions, {"rate": 0.4}, x):
        expect(
            close(array(y, x.shape, name="the prediction"), x, "float32"),
            "predict should not drop or scale anything: look at training",
        )


def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (12, 7), "float32")
    (y,) = outputs_of(ask, {"rate": 0.0}, [x])
    expect(close(y, x, "float32"), "at rate 0 nothing should change in training")
    (y,) = outputs_of(ask, {"rate": 1.0, "seed": seed(draw)}, [x])
    expect(not y.any(), "at rate 1 everything should be dropped in training: the output is 0 everywhere")


def follows_seed(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (20, 11), "float32")

    def first_mask(**settings: Any) -> np.ndarray:
        return outputs_of(ask, {"rate": 0.4, **settings}, [x])[0] != 0

    masks = {}
    for value in (seed(draw), 0):
        masks[value] = first_mask(seed=value)
        expect((masks[value] == first_mask(seed=value)).all(), "equal seeds should give the same first mask")
    one, other = masks.values()
    expect((one != other).any(), "different seeds should give different masks")
    expect((first_mask() != first_mask()).any(), "two layers without a seed should draw different masks")


def has_config(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (20, 11), "float32")
    settings = {"rate": float(draw.choice(hidden.RATES)), "seed": seed(draw), "name": f"noise_{draw.integers(10**6)}"}
    facts = ask.probe(configured, settings, x)
    config = json.loads(facts["config"])
    expect(config.get("rate") == settings["rate"], "get_config should hold the rate under the key rate")
    expect(
        "seed" in config and config["seed"] == settings["seed"], "get_config should hold the seed under the key seed"
    )
    expect(
        facts["name"] == facts["name again"] == settings["name"],
        "other keywords, like name, should reach keras.layers.Layer, and get_config should hold what Layer's own holds",
    )
    expect(
        (array(facts["first"], x.shape) == array(facts["again"], x.shape)).all(),
        "a layer made by from_config(get_config()) should draw the same first mask",
    )


def loads(ask: Ask, draw: np.random.Generator) -> None:
    rate, x = 0.4, hidden.away_from_zero(draw, (40, 30), "float32")
    facts = ask.probe(reloaded, {"rate": rate, "seed": seed(draw)}, x)
    before = array(facts["before"], x.shape)
    expect(close(array(facts["after"], x.shape), before, "float32"), "a loaded model should predict what it did before")
    mask = array(facts["training"], x.shape) != 0
    keeps_fraction(mask, rate)
    expect(
        close(facts["training"][mask], before[mask] / (1 - rate), "float32"),
        "in a loaded model the layer should drop and scale as before",
    )


def follows_dtype(ask: Ask, draw: np.random.Generator) -> None:
    for dtype in ("float64", "mixed_float16"):
        x = hidden.away_from_zero(draw, (8, 6), "float64")
        outputs_of(ask, {"rate": 0.4, "seed": seed(draw), "dtype": dtype}, [x], (True, False))


def refuses_bad_rates(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (3, 2), "float32")
    ask.once(in_training)
    for rate in hidden.BAD_RATES:
        for training in (True, False):
            is_refusal(ask.probe_answer(build_and_call, rate, x, training), f"a rate of {rate}", "rate")


def behavior(subject: Any, x: np.ndarray, rate: float) -> list[float]:
    """Measure a layer; what cannot be measured is -1.

    The graph is traced for one batch size, so that a NumPy mask survives.
    """
    import tensorflow as tf

    failed = {"learning_phase": 0.0}

    def tried(measure, count):
        try:
            return [float(number) for number in measure()]
        except Exception as error:
            if "learning_phase" in str(error) or "in_train_phase" in str(error):
                failed["learning_phase"] = 1.0
            return [-1.0] * count

    def eager():
        layer = subject(rate, seed=11)
        first, second = (np.array(layer(x, training=True)) for _ in range(2))
        kept = first != 0
        again = (kept == (second != 0)).mean() if not kept.all() else -1.0
        return kept.mean(), np.median(first[kept] / x[kept]), again

    def graph():
        layer = subject(rate, seed=11)
        compiled = tf.function(lambda inputs: layer(inputs, training=True), autograph=False)
        masks = [compiled(tf.constant(x)).numpy() != 0 for _ in range(4)]
        return [(masks[0] == mask).mean() if not mask.all() else -1.0 for mask in masks[1:]]

    def at_test():
        y = np.array(subject(rate, seed=11)(x, training=False))
        return (y != 0).mean(), np.median(y[y != 0] / x[y != 0])

    numbers = [*tried(eager, 3), *tried(graph, 3), *tried(at_test, 2)]
    return [failed["learning_phase"], *numbers]


def measure(ask: Ask) -> list[float]:
    x = np.random.default_rng(5).uniform(0.5, 2, (200, 60)).astype("float32")
    return [float(number) for number in ask.probe(behavior, x, 0.3)]


def manual_dropout(mask, active=lambda training: training, scale=lambda rate: 1 / (1 - rate)):
    """Return the class with another way of drawing its mask, of knowing whether it trains, or of scaling."""
    import keras
    from keras import ops

    class ManualDropout(keras.layers.Layer):
        def __init__(self, rate, seed=None, **kwargs):
            super().__init__(**kwargs)
            if not 0 <= rate <= 1:
                raise ValueError(f"rate must lie in [0, 1], got {rate}")
            self.rate, self.seed = rate, seed
            self.seed_generator = keras.random.SeedGenerator(seed)

        def call(self, inputs, training=False):
            if not active(training) or self.rate == 0:
                return inputs
            if self.rate == 1:
                return ops.zeros_like(inputs)
            kept = ops.cast(mask(self, inputs), inputs.dtype)
            return inputs * kept * scale(self.rate)

        def get_config(self):
            return {**super().get_config(), "rate": self.rate, "seed": self.seed}

    return ManualDropout


def uniform_mask(layer, inputs):
    import keras

    return keras.random.uniform(keras.ops.shape(inputs), seed=layer.seed_generator) >= layer.rate


@Built
def reference():
    return manual_dropout(uniform_mask)


@Built
def numpy_mask():
    return manual_dropout(lambda layer, inputs: np.random.uniform(size=tuple(inputs.shape)) >= layer.rate)  # noqa: NPY002 - the mistake


@Built
def training_ignored():
    return manual_dropout(uniform_mask, active=lambda _: True)


@Built
def integer_seed():
    import keras

    return manual_dropout(lambda layer, x: keras.random.uniform(keras.ops.shape(x), seed=layer.seed) >= layer.rate)


@Built
def divides_by_rate():
    return manual_dropout(uniform_mask, scale=lambda rate: 1 / rate)


@Built
def learning_phase():
    import keras

    return manual_dropout(uniform_mask, active=lambda _: keras.backend.learning_phase())


@Built
def with_keras_dropout():
    import keras

    @keras.saving.register_keras_serializable(package="answers")
    class ManualDropout(keras.layers.Layer):
        def __init__(self, rate, seed=None, **kwargs):
            super().__init__(**kwargs)
            if rate < 0 or rate > 1:
                raise ValueError("rate is not a probability")
            self.rate = float(rate)
            self.seed = seed

        def build(self, input_shape):
            self.generator = keras.random.SeedGenerator(self.seed)
            super().build(input_shape)

        def call(self, inputs, training=None):
            return keras.random.dropout(inputs, self.rate, seed=self.generator) if training else inputs

        def compute_output_shape(self, input_shape):
            return input_shape

        def get_config(self):
            config = super().get_config()
            config.update(rate=self.rate, seed=self.seed)
            return config

    return ManualDropout


@Built
def with_stateless_tensorflow():
    import keras
    import tensorflow as tf

    class ManualDropout(keras.Layer):
        def __init__(self, rate, seed=None, **kwargs):
            super().__init__(**kwargs)
            self.rate = rate
            self.seed = seed
            self.seeds = keras.random.SeedGenerator(seed)

        def call(self, inputs, training=False):
            if not 0.0 <= self.rate <= 1.0:
                raise ValueError("rate should be between 0 and 1")
            if not training:
                return tf.identity(inputs)
            kept = tf.random.stateless_uniform(tf.shape(inputs), seed=self.seeds.next()) >= self.rate
            scale = 0.0 if self.rate == 1 else 1 / (1 - self.rate)
            return tf.where(kept, inputs * scale, tf.zeros_like(inputs))

        def get_config(self):
            return dict(super().get_config(), rate=self.rate, seed=self.seed)

    return ManualDropout


@Built
def with_own_counter():
    """Two integers of its own, a seed and a count of calls, replace Keras' generator."""
    import random

    import keras
    import tensorflow as tf
    from keras import ops

    class ManualDropout(keras.layers.Layer):
        def __init__(self, rate, seed=None, **kwargs):
            super().__init__(**kwargs)
            if not 0 <= rate <= 1:
                raise ValueError("rate")
            self.rate, self.seed = rate, seed
            self.start = random.randrange(2**30) if seed is None else seed
            self.count = self.add_weight(shape=(), initializer="zeros", dtype="int32", trainable=False)

        def call(self, inputs, training=False):
            if not training:
                return inputs
            self.count.assign(self.count.value + 1)
            pair = tf.stack([tf.constant(self.start, tf.int32), self.count.value])
            noise = tf.random.stateless_normal(tf.shape(inputs), pair)
            uniform = 0.5 * (1 + ops.erf(noise / 2**0.5))
            kept = ops.logical_and(uniform > self.rate, self.rate < 1)
            return inputs * ops.cast(kept, inputs.dtype) / max(1 - self.rate, 1e-6) if self.rate else inputs

        def get_config(self):
            return {"rate": self.rate, "seed": self.seed} | super().get_config()

    return ManualDropout


exercise = Exercise(
    name="ManualDropout",
    assignment="dropout_keras",
    page=PAGE,
    requirements=(
        Requirement("keeps a fraction 1 - rate", 1, keeps),
        Requirement("draws every entry on its own, anew at every call", 1, draws_each_entry),
        Requirement("still draws anew when fit traces it, and lets gradients through", 2, works_traced),
        Requirement("scales kept entries by 1 / (1 - rate)", 1, scales),
        Requirement("is the identity when not training, and in predict", 1, is_identity_at_test),
        Requirement("changes nothing at rate 0 and drops everything at rate 1", 1, handles_extremes),
        Requirement("gives the same first mask for the same seed", 1, follows_seed),
        Requirement("describes itself in get_config and passes other keywords on", 1, has_config),
        Requirement("can be saved and loaded with custom_objects", 1, loads),
        Requirement("follows its dtype policy", 0.5, follows_dtype),
        Requirement("refuses a rate outside [0, 1]", 0.5, refuses_bad_rates),
    ),
    reference=reference,
    misconceptions=(
        Misconception(
            "NumPy mask",
            "The mask is drawn with NumPy. fit and predict run `call` once to trace a graph, and whatever NumPy gave "
            "then is frozen into it: the same units are "
            "dropped for ever. Draw with keras.random and a SeedGenerator.",
            PAGE,
            numpy_mask,
        ),
        Misconception(
            "`training` ignored",
            "Entries are dropped whatever `training` says, so evaluate and predict are random. Return the inputs as "
            "they are unless training is true.",
            PAGE,
            training_ignored,
        ),
        Misconception(
            "integer seed inside call",
            "An integer seed gives the same numbers at every call, so one mask lives for ever. Make one "
            "keras.random.SeedGenerator(seed) in __init__: it moves on.",
            PAGE,
            integer_seed,
        ),
        Misconception(
            "divides by rate",
            "Kept entries are divided by the drop rate. Their mean is preserved only when they are divided by what "
            "is kept, 1 - rate.",
            PAGE,
            divides_by_rate,
        ),
        Misconception(
            "learning_phase (Keras 2)",
            "keras.backend.learning_phase and in_train_phase told old layers whether they were training. Keras 3 has neither: "
            "`call` gets the argument `training`.",
            PAGE,
            learning_phase,
        ),
    ),
    variants=(with_keras_dropout, with_stateless_tensorflow, with_own_counter),
    fingerprint=Fingerprint(measure, tolerance=0.03),
    challenge=True,
)
