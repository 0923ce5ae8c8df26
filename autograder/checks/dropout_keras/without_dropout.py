"""A model for use, not for training: `without_dropout(model) -> keras.Model`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask
from autograder.checks.beside.keras_models import Layers, Transformed, transformed
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
    page="keras/black-box#in-training-what-is-kept-is-divided-by-1-p",
    onward="It is what a model needs before it is exported to a system without dropout; try it on a model with BatchNorm, and compare predictions.",
)

DENSE: Layers = ["Dense", {"units": WIDTH, "activation": "tanh"}]
FROZEN: Layers = ["Dense", {"units": WIDTH, "activation": "tanh", "trainable": False, "name": "dropout_free"}]
HEAD: Layers = ["Dense", {"units": 3}]
NORM: Layers = ["BatchNormalization", {}]
FROZEN_NORM: Layers = ["BatchNormalization", {"trainable": False, "name": "norm_after_dropout"}]
DROPOUT: Layers = ["Dropout", {"rate": RATE, "name": "noise"}]
GAUSSIAN: Layers = ["GaussianDropout", {"rate": RATE}]
ALPHA: Layers = ["AlphaDropout", {"rate": RATE}]
PLAIN: Layers = [HEAD]
BRANCHES: Layers = [["branch", [DROPOUT, DENSE]], GAUSSIAN, HEAD]
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


@exercise.requires("has no layer of any of the four kinds of dropout", 1)
def strips_all_kinds(ask: Ask, draw: np.random.Generator) -> None:
    facts = returned(ask.once(stripped_chain))
    has_no_noise(facts)
    expect(close(facts.training, facts.predicted), "in training mode, too, nothing should be dropped")


@exercise.requires("predicts what the model predicts", 2)
def predicts_the_same(ask: Ask, draw: np.random.Generator) -> None:
    predicts(returned(ask.once(stripped_chain)))


@exercise.requires("does both for models with branches", 1)
def handles_branches(ask: Ask, draw: np.random.Generator) -> None:
    facts = returned(strip(ask, draw, BRANCHES))
    has_no_noise(facts, "for a model with branches, ")
    predicts(facts, "for a model with branches, ")


@exercise.requires("does both for models inside models", 1)
def handles_nesting(ask: Ask, draw: np.random.Generator) -> None:
    facts = returned(strip(ask, draw, NESTED))
    has_no_noise(facts, "for models inside a model, ")
    predicts(facts, "for models inside a model, ")


@exercise.requires("leaves the model alone and shares no variable with it", 1)
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
    facts = ask.probe(transformed, [linear, DROPOUT, linear], x, 5)
    ratio = np.median(facts.predicted / facts.wanted)
    shrunk = any(close(ratio, (1 - RATE) ** power) for power in (1, 2))
    normed = ask.probe(transformed, [NORM, DROPOUT, HEAD], x, 6)
    _, gamma, _, mean, *_ = normed.before
    kept = [any(np.array_equal(old, new) for new in normed.weights) for old in (gamma, mean)]
    return [float(close(ratio, 1.0)), float(shrunk), *map(float, kept)]


@exercise.mistake("weights re-initialized", drop="new.set_weights")
def weights_reinitialized():
    """The new model has the layers of the old one and random weights of its own. Copy them:
    new.set_weights(model.get_weights())."""


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


@exercise.right
@Built
def from_json():
    """Edit the description of the model, in which layers nest as dictionaries."""
    import json

    import keras

    def without_dropout(model):
        def edit(node):
            if isinstance(node, list):
                return [edit(item) for item in node]
            if not isinstance(node, dict):
                return node
            if "Dropout" in str(node.get("class_name")):
                name = node["config"]["name"]
                return {**node, "class_name": "Identity", "config": {"name": name}}
            return {key: edit(value) for key, value in node.items()}

        new = keras.models.model_from_json(json.dumps(edit(json.loads(model.to_json()))))
        for ours, theirs in zip(new.weights, model.weights, strict=True):
            ours.assign(theirs.numpy())
        return new

    return without_dropout


@exercise.right
@Built
def by_recursion():
    """Clone model by model, one level at a time, and copy the weights of each level as it is made."""
    import keras
    from keras import layers

    noises = (
        layers.Dropout,
        layers.SpatialDropout1D,
        layers.SpatialDropout2D,
        layers.SpatialDropout3D,
        layers.GaussianDropout,
        layers.AlphaDropout,
    )

    def without_dropout(model):
        def swap(layer):
            if isinstance(layer, keras.Model):
                return without_dropout(layer)
            if isinstance(layer, noises):
                return layers.Activation("linear")
            return type(layer).from_config(layer.get_config())

        new = keras.models.clone_model(model, clone_function=swap)
        for old_layer, new_layer in zip(model.layers, new.layers, strict=True):
            if not isinstance(old_layer, keras.Model) and old_layer.get_weights():
                new_layer.set_weights(old_layer.get_weights())
        return new

    return without_dropout


@exercise.right
@Built
def by_calling_again():
    """Send symbolic tensors through the graph of the model once more, with new layers in place of its own."""
    import keras

    def without_dropout(model):
        def call(layer, *args, **kwargs):
            if "Dropout" in type(layer).__name__:
                return args[0]
            if isinstance(layer, keras.Sequential):
                copy = keras.Sequential([keras.Input(layer.input_shape[1:])])
                for inner in layer.layers:
                    if "Dropout" not in type(inner).__name__:
                        copy.add(without_dropout(inner) if isinstance(inner, keras.Model) else copied(inner))
            else:
                copy = without_dropout(layer) if isinstance(layer, keras.Model) else copied(layer)
            return copy(*args, **kwargs)

        def copied(layer):
            copy = type(layer).from_config(layer.get_config())
            if layer.built and layer.get_weights():
                copy.build(layer.input.shape)
                copy.set_weights(layer.get_weights())
            return copy

        if isinstance(model, keras.Sequential):
            inputs = keras.Input(model.input_shape[1:])
            return keras.Model(inputs, call(model, inputs))
        inputs = [keras.Input(tensor.shape[1:]) for tensor in model.inputs]
        outputs = model._run_through_graph(
            inputs, operation_fn=lambda op: lambda *args, **kwargs: call(op, *args, **kwargs)
        )
        return keras.Model(inputs, outputs)

    return without_dropout
