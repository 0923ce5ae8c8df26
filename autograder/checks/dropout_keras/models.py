"""Small Keras models as data, and the probe that hands one to a student's function.

A model is a list of layers, each a name of keras.layers and its settings. Two names stand for more: "nested" is a model
inside, "branch" a list of layers whose output is added to its input.
"""

from typing import Any

import numpy as np

from autograder.checks.expect import array, expect
from autograder.checks.respond import attempt

Layers = list[Any]
WIDTH = 6
RATE = 0.3


def transformed(
    subject: Any, layers: Layers, x: np.ndarray, seed: int, closely: bool = False, arguments: tuple[Any, ...] = ()
) -> dict[str, Any]:
    """Hand a model with random weights, and further arguments, to the student's function.

    Tells what came back, and what became of the model; looking closely, also at its layers and at the training mode.
    """
    import keras

    # Random numbers for kernels that are overwritten would take as long as the rest of a layer.
    quick = {"Dense": {"kernel_initializer": "zeros"}}

    def made(name, settings, shape):
        if name == "nested":
            return build(settings, shape)
        return getattr(keras.layers, name)(**quick.get(name, {}), **settings)

    def build(layers, shape):
        if all(name != "branch" for name, _ in layers):
            return keras.Sequential([keras.Input(shape), *(made(*layer, shape) for layer in layers)])
        inputs = outputs = keras.Input(shape)
        for name, settings in layers:
            if name == "branch":
                inner = outputs
                for layer in settings:
                    inner = made(*layer, inner.shape[1:])(inner)
                outputs = keras.layers.Add()([outputs, inner])
            else:
                outputs = made(name, settings, outputs.shape[1:])(outputs)
        return keras.Model(inputs, outputs)

    def state(model):
        flags = [layer.trainable for layer in model._flatten_layers()]
        return [np.array(flags), *(array.copy() for array in model.get_weights())]

    model = build(layers, x.shape[1:])
    draw = np.random.default_rng(seed)
    # Vectors (biases, scales, means, variances) are positive and none is what a new layer would start from.
    weights = [
        draw.uniform(0.4, 0.9, w.shape) if w.ndim < 2 else draw.normal(0, 0.5, w.shape) for w in model.get_weights()
    ]
    model.set_weights(weights)
    before, wanted = state(model), model(x, training=False).numpy()
    described = model.to_json() if closely else ""

    result = attempt(subject, model, *arguments)
    facts = {
        "type": type(result).__name__,
        "before": before,
        "after": state(model),
        "same layers": closely and described == model.to_json(),
        "wanted": wanted,
    }
    if not isinstance(result, keras.Model):
        return {**facts, "value": result}
    noises = (keras.layers.Dropout, keras.layers.GaussianDropout, keras.layers.AlphaDropout)
    inside = list(result._flatten_layers(include_self=False))
    return {
        **facts,
        "type": "Model",
        "noises": [type(layer).__name__ for layer in inside if isinstance(layer, noises)],
        "weights": result.get_weights(),
        "shared": len({id(v) for v in model.variables} & {id(v) for v in result.variables}),
        "predicted": np.array(attempt(result, x, training=False)),
        "training": np.array(attempt(result, x, training=True)) if closely else None,
    }


def inputs(draw: np.random.Generator, n: int = 9) -> np.ndarray:
    return draw.normal(0.2, 1, (n, WIDTH)).astype(np.float32)


def returned(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts about a model; raise Unmet when the student's function returned something else."""
    expect(facts["type"] == "Model", f"return a keras.Model, not a {facts['type']}")
    facts["predicted"] = array(facts["predicted"], facts["wanted"].shape, name="the prediction")
    return facts


def shares_nothing(facts: dict[str, Any]) -> None:
    """Raise Unmet when the model returned shares a variable with the one passed in."""
    expect(facts["shared"] == 0, "the new model shares variables with the old one: training one would change the other")


def left_alone(facts: dict[str, Any]) -> None:
    """Raise Unmet unless the model that was passed in is what it was."""
    unchanged = all(np.array_equal(a, b) for a, b in zip(facts["before"], facts["after"], strict=True))
    expect(unchanged, "weights or trainable flags of the model that was passed in have changed")
    expect(facts["same layers"], "the layers of the model that was passed in have changed")
