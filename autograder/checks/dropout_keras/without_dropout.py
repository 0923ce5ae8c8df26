"""A model for use, not for training: `without_dropout(model) -> keras.Model`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask
from autograder.checks.beside.keras_models import Layers, Transformed, transformed
from autograder.checks.dropout_keras.copies import by_calling_again, by_recursion, from_json
from autograder.checks.dropout_keras.models import RATE, WIDTH, inputs, left_alone, returned, shares_nothing
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect
from autograder.checks.implementation import Built


@Built
def without_dropout():
    import keras

    noises = (keras.layers.Dropout, keras.layers.GaussianDropout, keras.layers.AlphaDropout)

    def without_dropout(model):
        def swap(layer):
            if isinstance(layer, noises):
                return keras.layers.Identity(name=layer.name)
            return layer.__class__.from_config(layer.get_config())

        new = keras.models.clone_model(model, clone_function=swap, recursive=True)
        new.set_weights(model.get_weights())
        return new

    return without_dropout


exercise = Exercise(
    without_dropout,
    page="keras/black-box#In training, what is kept is divided by 1 − p",
    onward="It is what a model needs before it is exported to a system without dropout; try it on a model with BatchNorm, and compare predictions.",
    trap=("predicts_the_same", "handles_nesting"),
)

DENSE: Layers = ["Dense", {"units": WIDTH, "activation": "tanh"}]
FROZEN: Layers = ["Dense", {"units": WIDTH, "activation": "tanh", "trainable": False}]
MISNAMED: Layers = ["Dense", {"units": WIDTH, "activation": "tanh", "name": "dropout_free"}]
HEAD: Layers = ["Dense", {"units": 3}]
NORM: Layers = ["BatchNormalization", {}]
FROZEN_NORM: Layers = ["BatchNormalization", {"trainable": False}]
DROPOUT: Layers = ["Dropout", {"rate": RATE}]
NOISE: Layers = ["Dropout", {"rate": RATE, "name": "noise"}]
GAUSSIAN: Layers = ["GaussianDropout", {"rate": RATE}]
ALPHA: Layers = ["AlphaDropout", {"rate": RATE}]
PLAIN: Layers = [HEAD]
BRANCHES: Layers = [["branch", [NOISE, MISNAMED]], GAUSSIAN, HEAD]
NESTED: Layers = [["nested", [["nested", [DROPOUT, NORM]], ALPHA]], HEAD]


def strip(ask: Ask, draw: np.random.Generator, layers: Layers) -> Transformed:
    return ask.probe(transformed, layers, inputs(draw), hidden.seed(draw))


def stripped_chain(ask: Ask, draw: np.random.Generator) -> Transformed:
    """Hand over a chain of layers with all kinds of dropout; its BatchNorm uses moving statistics in training, too."""
    spatial: Layers = []
    for dimensions in (3, 2, 1):
        shape = [1] * dimensions + [WIDTH]
        spatial += [["Reshape", {"target_shape": shape}], [f"SpatialDropout{dimensions}D", {"rate": RATE}]]
    layers: Layers = [DROPOUT, FROZEN, FROZEN_NORM, GAUSSIAN, ALPHA, *spatial, HEAD]
    return ask.probe(transformed, layers, inputs(draw), hidden.seed(draw), closely=True)


def has_no_noise(facts: Transformed, kind: str = "") -> None:
    kinds = ", ".join(sorted(set(facts.noises)))
    expect(not facts.noises, f"{kind}the new model still has layers of these classes: {kinds}")


def predicts(facts: Transformed, kind: str = "") -> None:
    expect(close(facts.predicted, facts.wanted), f"{kind}the new model should predict what the old one predicts")


def handles(ask: Ask, draw: np.random.Generator, layers: Layers, kind: str) -> None:
    """Judge a model of another structure; its predictions where those of a chain of layers are right."""
    facts, chain = returned(strip(ask, draw, layers)), ask.once(stripped_chain)
    has_no_noise(facts, kind)
    if close(chain.predicted, chain.wanted):
        predicts(facts, kind)


@exercise.requires("has no layer of any of the four kinds of dropout", 1.5)
def strips_all_kinds(ask: Ask, draw: np.random.Generator) -> None:
    facts = returned(ask.once(stripped_chain))
    has_no_noise(facts)
    expect(close(facts.training, facts.predicted), "in training mode, too, nothing should be dropped")


@exercise.requires("predicts what the model predicts", 2)
def predicts_the_same(ask: Ask, draw: np.random.Generator) -> None:
    predicts(returned(ask.once(stripped_chain)))


@exercise.requires("does both for models with branches", 1)
def handles_branches(ask: Ask, draw: np.random.Generator) -> None:
    handles(ask, draw, BRANCHES, "for a model with branches, ")


@exercise.requires("does both for models inside models", 1)
def handles_nesting(ask: Ask, draw: np.random.Generator) -> None:
    handles(ask, draw, NESTED, "for models inside a model, ")


@exercise.requires("leaves the model alone and shares no variable with it", 0.5)
def leaves_model_alone(ask: Ask, draw: np.random.Generator) -> None:
    shares_nothing(returned(strip(ask, draw, PLAIN)))
    facts = returned(ask.once(stripped_chain))
    shares_nothing(facts)
    left_alone(facts)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    """Compare predictions of a linear model, which also show a factor, and the statistics and scale of a BatchNorm."""
    x = inputs(np.random.default_rng(4))
    linear: Layers = ["Dense", {"units": WIDTH, "use_bias": False}]
    facts = ask.probe(transformed, [linear, NOISE, linear], x, 5)
    ratio = np.median(facts.predicted / facts.wanted)
    shrunk = any(close(ratio, (1 - RATE) ** power) for power in (1, 2))
    normed = ask.probe(transformed, [NORM, DROPOUT, HEAD], x, 6)
    _, gamma, _, mean, *_ = normed.before
    kept = [any(np.array_equal(old, new) for new in normed.weights) for old in (gamma, mean)]
    return [float(close(ratio, 1.0)), float(shrunk), *map(float, kept), len(facts.noises)]


@exercise.mistake("weights re-initialized", drop="new.set_weights")
def weights_reinitialized():
    """The new model has the layers of the old one and random weights of its own. Copy them:
    new.set_weights(model.get_weights())."""


@exercise.mistake("looks at names", edit=("isinstance(layer, noises)", '"dropout" in layer.name'))
def looks_at_names():
    """Layers are told by what they are called. A name is free: a Dropout layer may be called noise, and a Dense layer
    dropout_free. Look at the class of a layer."""


def rescale(new, old):
    """Multiply the kernel behind each dropout layer by what it keeps."""
    import keras

    rates = [layer.rate for layer in old._flatten_layers() if isinstance(layer, keras.layers.Dropout)]
    dense = [layer for layer in new._flatten_layers() if isinstance(layer, keras.layers.Dense)]
    for rate, layer in zip(rates, dense[1:], strict=False):
        layer.kernel.assign(layer.kernel * (1 - rate))


@exercise.mistake("rescales the weights by q", edit=("return new", "rescale(new, model)\n        return new"))
def rescales_weights():
    """Weights are multiplied by 1 - rate. That was needed with dropout as published in 2014; Keras scales in training,
    so a model without dropout uses the weights as they are."""


def copy_trained(new, old):
    """Copy the weights that an optimizer trains."""
    pairs = zip(new._flatten_layers(recursive=True), old._flatten_layers(recursive=True), strict=True)
    for ours, theirs in pairs:
        for mine, its in zip(ours._trainable_variables, theirs._trainable_variables, strict=True):
            mine.assign(its)


@exercise.mistake("BatchNorm state lost", edit=("new.set_weights(model.get_weights())", "copy_trained(new, model)"))
def batchnorm_state_lost():
    """Only trained weights were copied. BatchNorm also predicts with its moving mean and variance, which no optimizer
    trains: copy all of get_weights()."""


exercise.right(from_json)
exercise.right(by_recursion)
exercise.right(by_calling_again)
