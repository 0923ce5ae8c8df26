"""A model for use, not for training: `without_dropout(model) -> keras.Model`."""

from typing import Any

import numpy as np

from autograder.checks.ask import Ask
from autograder.checks.dropout_keras.models import (
    RATE,
    WIDTH,
    Layers,
    inputs,
    left_alone,
    returned,
    shares_nothing,
    transformed,
)
from autograder.checks.exercise import Built, Exercise, Fingerprint, Misconception, Requirement
from autograder.checks.expect import close, expect

PAGE = "keras/black-box"

DENSE: Layers = ["Dense", {"units": WIDTH, "activation": "tanh"}]
FROZEN: Layers = ["Dense", {"units": WIDTH, "activation": "tanh", "trainable": False}]
HEAD: Layers = ["Dense", {"units": 3}]
NORM: Layers = ["BatchNormalization", {}]
FROZEN_NORM: Layers = ["BatchNormalization", {"trainable": False}]
DROPOUT: Layers = ["Dropout", {"rate": RATE}]
GAUSSIAN: Layers = ["GaussianDropout", {"rate": RATE}]
ALPHA: Layers = ["AlphaDropout", {"rate": RATE}]
PLAIN: Layers = [HEAD]
BRANCHES: Layers = [["branch", [DROPOUT, DENSE]], GAUSSIAN, HEAD]
NESTED: Layers = [["nested", [["nested", [DROPOUT, NORM]], ALPHA]], HEAD]


def strip(ask: Ask, draw: np.random.Generator, layers: Layers) -> dict[str, Any]:
    return ask.probe(transformed, layers, inputs(draw), int(draw.integers(2**31)))


def stripped_chain(ask: Ask, draw: np.random.Generator) -> dict[str, Any]:
    """Hand over a chain of layers with all kinds of dropout; its BatchNorm uses moving statistics in training, too."""
    spatial: Layers = []
    for dimensions in (3, 2, 1):
        shape = [1] * dimensions + [WIDTH]
        spatial += [["Reshape", {"target_shape": shape}], [f"SpatialDropout{dimensions}D", {"rate": RATE}]]
    layers: Layers = [DROPOUT, FROZEN, FROZEN_NORM, GAUSSIAN, ALPHA, *spatial, HEAD]
    return ask.probe(transformed, layers, inputs(draw), int(draw.integers(2**31)), closely=True)


def has_no_noise(facts: dict[str, Any]) -> None:
    kinds = ", ".join(sorted(set(facts["noises"])))
    expect(not facts["noises"], f"the new model still has layers of these classes: {kinds}")


def predicts(facts: dict[str, Any]) -> None:
    expect(close(facts["predicted"], facts["wanted"]), "the new model should predict what the old one predicts")


def strips_all_kinds(ask: Ask, draw: np.random.Generator) -> None:
    facts = returned(ask.once(stripped_chain))
    has_no_noise(facts)
    expect(close(facts["training"], facts["predicted"]), "in training mode, too, nothing should be dropped")


def predicts_the_same(ask: Ask, draw: np.random.Generator) -> None:
    predicts(returned(ask.once(stripped_chain)))


def handles_branches(ask: Ask, draw: np.random.Generator) -> None:
    facts = returned(strip(ask, draw, BRANCHES))
    has_no_noise(facts)
    predicts(facts)


def handles_nesting(ask: Ask, draw: np.random.Generator) -> None:
    facts = returned(strip(ask, draw, NESTED))
    has_no_noise(facts)
    predicts(facts)


def leaves_model_alone(ask: Ask, draw: np.random.Generator) -> None:
    shares_nothing(returned(strip(ask, draw, PLAIN)))
    facts = returned(ask.once(stripped_chain))
    shares_nothing(facts)
    left_alone(facts)


def measure(ask: Ask) -> list[float]:
    """Compare predictions of a linear model, which also show a factor, and the statistics and scale of a BatchNorm."""
    x = inputs(np.random.default_rng(4))
    linear: Layers = ["Dense", {"units": WIDTH, "use_bias": False}]
    facts = ask.probe(transformed, [linear, DROPOUT, linear], x, 5)
    ratio = np.median(facts["predicted"] / facts["wanted"])
    shrunk = any(close(ratio, (1 - RATE) ** power) for power in (1, 2))
    normed = ask.probe(transformed, [NORM, DROPOUT, HEAD], x, 6)
    _, gamma, _, mean, *_ = normed["before"]
    kept = [any(np.array_equal(old, new) for new in normed["weights"]) for old in (gamma, mean)]
    return [float(close(ratio, 1.0)), float(shrunk), *map(float, kept)]


def rebuilt(model, copy):
    """Clone a model without its noise, at any depth; `copy(new, old)` brings the weights over."""
    import keras

    noises = (keras.layers.Dropout, keras.layers.GaussianDropout, keras.layers.AlphaDropout)

    def swap(layer):
        if isinstance(layer, noises):
            return keras.layers.Identity(name=layer.name)
        return layer.__class__.from_config(layer.get_config())

    new = keras.models.clone_model(model, clone_function=swap, recursive=True)
    copy(new, model)
    return new


def set_all(new, old):
    new.set_weights(old.get_weights())


@Built
def reference():
    def without_dropout(model):
        return rebuilt(model, set_all)

    return without_dropout


@Built
def weights_reinitialized():
    def without_dropout(model):
        return rebuilt(model, lambda *_: None)

    return without_dropout


@Built
def rescales_weights():
    def scale(new, old):
        import keras

        new.set_weights(old.get_weights())
        rates = [layer.rate for layer in old._flatten_layers() if isinstance(layer, keras.layers.Dropout)]
        dense = [layer for layer in new._flatten_layers() if isinstance(layer, keras.layers.Dense)]
        for rate, layer in zip(rates, dense[1:], strict=False):
            layer.kernel.assign(layer.kernel * (1 - rate))

    def without_dropout(model):
        return rebuilt(model, scale)

    return without_dropout


@Built
def batchnorm_state_lost():
    def trained_only(new, old):
        def trained(model):
            return [weight for layer in model._flatten_layers(recursive=True) for weight in layer._trainable_variables]

        for ours, theirs in zip(trained(new), trained(old), strict=True):
            ours.assign(theirs)

    def without_dropout(model):
        return rebuilt(model, trained_only)

    return without_dropout


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


exercise = Exercise(
    name="without_dropout",
    assignment="dropout_keras",
    page=PAGE,
    requirements=(
        Requirement("has no layer of any of the four kinds of dropout", 1, strips_all_kinds),
        Requirement("predicts what the model predicts", 2, predicts_the_same),
        Requirement("does both for models with branches", 1, handles_branches),
        Requirement("does both for models inside models", 1, handles_nesting),
        Requirement("leaves the model alone and shares no variable with it", 1, leaves_model_alone),
    ),
    reference=reference,
    misconceptions=(
        Misconception(
            "weights re-initialized",
            "The new model has the layers of the old one and random weights of its own. Copy them: "
            "new.set_weights(model.get_weights()).",
            PAGE,
            weights_reinitialized,
        ),
        Misconception(
            "rescales the weights by q",
            "Weights are multiplied by 1 - rate. That was needed with dropout as published in 2014; Keras scales in "
            "training, so a model without dropout uses the weights as they are.",
            PAGE,
            rescales_weights,
        ),
        Misconception(
            "BatchNorm state lost",
            "Only trained weights were copied. BatchNorm also predicts with its moving mean and variance, which no "
            "optimizer trains: copy all of get_weights().",
            PAGE,
            batchnorm_state_lost,
        ),
    ),
    variants=(from_json, by_recursion, by_calling_again),
    fingerprint=Fingerprint(measure),
)
