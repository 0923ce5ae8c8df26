"""Dropout as a Keras layer: `class ManualDropout(keras.layers.Layer)` with `(rate, seed=None)`."""

import json
from typing import Any

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask
from autograder.checks.beside.keras_layers import (
    behavior,
    build_and_call,
    configured,
    predictions,
    reloaded,
    traced,
)
from autograder.checks.dropout_keras.layers import (
    ManualDropout,
    with_keras_dropout,
    with_own_counter,
    with_stateless_tensorflow,
)
from autograder.checks.dropout_keras.outputs import SHAPES, in_training, outputs_of
from autograder.checks.exercise import Exercise, Own
from autograder.checks.expect import array, close, expect, is_refusal
from autograder.checks.masks import independent_entries, independent_of, keeps_fraction

exercise = Exercise(
    ManualDropout,
    page="keras/writing-the-layer#Inside a model, NumPy runs once",
    onward="The last cell of this notebook trains with it; try `jit_compile=True`, or saving the model and loading it again.",
    trap=("draws_each_entry", "works_traced"),
    challenge=True,
    own=Own(("keras.layers.Dropout",), (np.ones((2, 3), np.float32),), (0.3,), {"training": True}),
)


UNLIKE = 0.15
"""How far the shares that two calls keep of 1,200 entries may lie apart: further by chance with probability 4e-12."""


@exercise.requires("keeps a fraction 1 - rate", 1)
def keeps(ask: Ask, draw: np.random.Generator) -> None:
    for rate, _, y in ask.once(in_training)[:: len(SHAPES)]:
        keeps_fraction(y != 0, rate)


@exercise.requires("draws every entry on its own, anew at every call", 1.25)
def draws_each_entry(ask: Ask, draw: np.random.Generator) -> None:
    rate = 0.4
    for settings in ({"rate": rate, "seed": hidden.seed(draw)}, {"rate": rate}):
        x = hidden.away_from_zero(draw, (10, 4, 9), "float32")
        masks = np.stack([y != 0 for y in outputs_of(ask, settings, [x] * 5)])
        independent_entries(masks, rate)
        independent_of(masks, x, rate)


@exercise.requires("still draws anew when fit traces it, and lets gradients through", 2.5)
def works_traced(ask: Ask, draw: np.random.Generator) -> None:
    rate = 0.4
    x = hidden.away_from_zero(draw, (16, 12), "float32")
    seen = ask.probe(traced, {"rate": rate, "seed": hidden.seed(draw)}, x, 60)
    masks = np.stack([array(y, x.shape, "float32", "the output") != 0 for y in seen.outputs])
    expect(
        not all((mask == masks[0]).all() for mask in masks),
        "inside fit the layer is traced once and then runs as a graph: there every call gave the same mask. "
        "Draw with keras.random and a SeedGenerator, which moves on inside the graph",
    )
    independent_entries(masks, rate)
    for y, gradient in zip(seen.outputs, seen.gradients, strict=True):
        expect(
            close(gradient, y / x, "float32"), "gradients should flow through the kept entries, and through them alone"
        )
    for y in seen.halves:
        array(y, (8, 12), "float32", "the output for another batch size")


@exercise.requires("scales kept entries by 1 / (1 - rate)", 0.5)
def scales(ask: Ask, draw: np.random.Generator) -> None:
    for rate, x, y in ask.once(in_training):
        kept = y != 0
        expect(
            close(y[kept], x[kept] / (1 - rate), "float32"),
            "in training every entry should be either 0 or x / (1 - rate)",
        )


@exercise.requires("is the identity when not training, and in predict", 1)
def is_identity_at_test(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.some_zeros(draw, (9, 14), "float32")
    for rate in (0.0, 0.4, 1.0):
        told, untold = outputs_of(ask, {"rate": rate, "seed": hidden.seed(draw)}, [x], (False, None))
        expect(close(told, x, "float32"), "layer(x, training=False) should give x back: nothing dropped or scaled")
        expect(close(untold, x, "float32"), "layer(x) should give x back: nothing dropped, nothing scaled")
    for y in ask.probe(predictions, {"rate": 0.4}, x, 2):
        expect(
            close(array(y, x.shape, name="the prediction"), x, "float32"),
            "predict should not drop or scale anything: look at training",
        )


@exercise.requires("changes nothing at rate 0 and drops everything at rate 1", 1)
def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (12, 7), "float32")
    (y,) = outputs_of(ask, {"rate": 0.0}, [x])
    expect(close(y, x, "float32"), "at rate 0 nothing should change in training")
    (y,) = outputs_of(ask, {"rate": 1.0, "seed": hidden.seed(draw)}, [x])
    expect(not y.any(), "at rate 1 everything should be dropped in training: the output is 0 everywhere")


@exercise.requires("gives the same first mask for the same seed", 1)
def follows_seed(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (20, 11), "float32")

    def first_mask(**settings: Any) -> np.ndarray:
        return outputs_of(ask, {"rate": 0.4, **settings}, [x])[0] != 0

    masks = {}
    for value in (hidden.seed(draw), 0):
        masks[value] = first_mask(seed=value)
        expect((masks[value] == first_mask(seed=value)).all(), "equal seeds should give the same first mask")
    one, other = masks.values()
    expect((one != other).any(), "different seeds should give different masks")
    expect((first_mask() != first_mask()).any(), "two layers without a seed should draw different masks")


@exercise.requires("describes itself in get_config and passes other keywords on", 0.75)
def has_config(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (20, 11), "float32")
    settings = {
        "rate": float(draw.choice(hidden.RATES)),
        "seed": hidden.seed(draw),
        "name": f"noise_{draw.integers(10**6)}",
    }
    facts = ask.probe(configured, settings, x, True)
    config = json.loads(facts.config)
    expect(config.get("rate") == settings["rate"], "get_config should hold the rate under the key rate")
    expect(
        "seed" in config and config["seed"] == settings["seed"], "get_config should hold the seed under the key seed"
    )
    expect(
        facts.name == facts.name_again == settings["name"],
        "other keywords, like name, should reach keras.layers.Layer, and get_config should hold what Layer's own holds",
    )
    expect(
        (array(facts.first, x.shape) == array(facts.again, x.shape)).all(),
        "a layer made by from_config(get_config()) should draw the same first mask",
    )


@exercise.requires("can be saved and loaded with custom_objects", 1)
def loads(ask: Ask, draw: np.random.Generator) -> None:
    rate, x = 0.4, hidden.away_from_zero(draw, (40, 30), "float32")
    facts = ask.probe(reloaded, "ManualDropout", {"rate": rate, "seed": hidden.seed(draw)}, x, [False, True])
    before = array(facts.before, x.shape)
    after, training = facts.outputs
    expect(close(array(after, x.shape), before, "float32"), "a loaded model should predict what it did before")
    trained = array(facts.trained, x.shape)
    factor, mask = np.median((trained / before)[trained != 0]), array(training, x.shape) != 0
    alike = abs(mask.mean() - (trained != 0).mean()) < UNLIKE and mask.all() == trained.all()
    expect(
        alike and close(training[mask], before[mask] * factor, "float32"),
        "in a loaded model the layer should drop and scale as it did before",
    )


@exercise.requires("follows its dtype policy", 0.5)
def follows_dtype(ask: Ask, draw: np.random.Generator) -> None:
    for dtype in ("float64", "mixed_float16"):
        x = hidden.away_from_zero(draw, (8, 6), "float64")
        outputs_of(ask, {"rate": 0.4, "seed": hidden.seed(draw), "dtype": dtype}, [x], (True, False))


@exercise.requires("refuses a rate outside [0, 1]", 0.5)
def refuses_bad_rates(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (3, 2), "float32")
    ask.once(in_training)
    for rate in hidden.BAD_RATES:
        for training in (True, False):
            is_refusal(ask.probe_answer(build_and_call, rate, x, training), f"a rate of {rate}", "rate")


@exercise.measures(tolerance=0.03)
def measure(ask: Ask) -> list[float]:
    x = np.random.default_rng(5).uniform(0.5, 2, (200, 60)).astype("float32")
    return [float(number) for number in ask.probe(behavior, x, 0.3)]


@exercise.mistake(
    "NumPy mask",
    edit=(
        "keras.random.uniform(ops.shape(inputs), seed=self.seed_generator)",
        "np.random.uniform(size=tuple(inputs.shape))",
    ),
)
def numpy_mask():
    """The mask is drawn with NumPy. fit and predict run `call` once to trace a graph, and whatever NumPy gave then is
    frozen into it: the same units are dropped for ever. Draw with keras.random and a SeedGenerator."""


@exercise.mistake("`training` ignored", edit=("not training or ", ""))
def training_ignored():
    """Entries are dropped whatever `training` says, so evaluate and predict are random. Return the inputs as they are
    unless training is true."""


@exercise.mistake("integer seed inside call", edit=("seed=self.seed_generator)", "seed=self.seed)"))
def integer_seed():
    """An integer seed gives the same numbers at every call, so one mask lives for ever. Make one
    keras.random.SeedGenerator(seed) in __init__: it moves on."""


@exercise.mistake("divides by rate", edit=("/ (1 - self.rate)", "/ self.rate"))
def divides_by_rate():
    """Kept entries are divided by the drop rate. Their mean is preserved only when they are divided by what is kept,
    1 - rate."""


@exercise.mistake("normal mask", edit=("keras.random.uniform(", "keras.random.normal("))
def normal_mask():
    """keras.random.normal draws normal numbers, which exceed rate with another probability than 1 - rate.
    keras.random.uniform is uniform on [0, 1)."""


@exercise.mistake("no scaling", edit=(" / (1 - self.rate)", ""))
def no_scaling():
    """Kept entries are left as they are, so that the mean shrinks by 1 - rate in training while nothing makes up for it in
    predict."""


@exercise.mistake("keep and drop swapped", edit=(">= self.rate", "< self.rate"))
def keeps_what_is_dropped():
    """uniform < rate is true with probability rate, so that a share rate of the entries is kept. Keep where the number is
    rate or more."""


@exercise.mistake("learning_phase (Keras 2)", edit=("not training", "not keras.backend.learning_phase()"))
def learning_phase():
    """keras.backend.learning_phase and in_train_phase told old layers whether they were training. Keras 3 has neither:
    `call` gets the argument `training`."""


exercise.right(with_keras_dropout)
exercise.right(with_stateless_tensorflow)
exercise.right(with_own_counter)
