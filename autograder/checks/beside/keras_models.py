"""The probes that hand a small Keras model, described as data, to a student's function.

A model is a list of layers, each a name of keras.layers and its settings. Two names stand for more: "nested" is a model
inside, "branch" a list of layers whose output is added to its input.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.random import default_rng  # as it was, whatever a student makes of it later

from .respond import Facts, attempt, probe

Layers = list[Any]

QUICK = {"Dense": {"kernel_initializer": "zeros"}}
"""Random numbers for kernels that are overwritten would take as long as the rest of a layer."""


@dataclass(frozen=True)
class Transformed(Facts):
    """What came back for a model that was handed over, and what became of it.

    What is not a model is the value; of a model its layers and what it predicts are told.
    """

    type: str
    before: list[Any]
    after: list[Any]
    same_layers: bool
    wanted: Any
    value: Any = None
    noises: list[str] = field(default_factory=list)
    weights: list[Any] = field(default_factory=list)
    shared: int = 0
    predicted: Any = None
    training: Any = None


def made(name: str, settings: Any, shape: Any) -> Any:
    """Return a new layer, or a model inside."""
    import keras

    if name == "nested":
        return build(settings, shape)
    return getattr(keras.layers, name)(**QUICK.get(name, {}), **settings)


def branch(layers: Layers, inputs: Any) -> Any:
    """Return a symbolic input with what layers make of it added."""
    import keras

    inner = inputs
    for name, settings in layers:
        inner = made(name, settings, inner.shape[1:])(inner)
    return keras.layers.Add()([inputs, inner])


def build(layers: Layers, shape: Any) -> Any:
    """Return a new model of these layers: sequential unless it has branches."""
    import keras

    if all(name != "branch" for name, _ in layers):
        return keras.Sequential([keras.Input(shape), *(made(name, settings, shape) for name, settings in layers)])
    inputs = outputs = keras.Input(shape)
    for name, settings in layers:
        is_branch = name == "branch"
        outputs = branch(settings, outputs) if is_branch else made(name, settings, outputs.shape[1:])(outputs)
    return keras.Model(inputs, outputs)


def fill(model: Any, seed: int) -> None:
    """Draw weights; vectors (biases, scales, means, variances) are positive and unlike what a new layer starts from."""
    draw = default_rng(seed)
    weights = model.get_weights()
    model.set_weights(
        [draw.uniform(0.4, 0.9, w.shape) if w.ndim < 2 else draw.normal(0, 0.5, w.shape) for w in weights]
    )


def state(model: Any) -> list[np.ndarray]:
    """Return which layers are trainable, and all weights."""
    flags = [layer.trainable for layer in model._flatten_layers()]
    return [np.array(flags), *(array.copy() for array in model.get_weights())]


@probe
def transformed(
    subject: Any, layers: Layers, x: np.ndarray, seed: int, closely: bool = False, arguments: tuple[Any, ...] = ()
) -> Transformed:
    """Hand a model with random weights, and further arguments, to the student's function.

    Looking closely, also the layers and the training mode are compared.
    """
    import keras

    model = build(layers, x.shape[1:])
    fill(model, seed)
    before, wanted = state(model), model(x, training=False).numpy()
    described = model.to_json() if closely else ""
    result = attempt(subject, model, *arguments)
    after, same_layers = state(model), closely and described == model.to_json()
    if not isinstance(result, keras.Model):
        return Transformed(type(result).__name__, before, after, same_layers, wanted, value=result)
    noises = (keras.layers.Dropout, keras.layers.GaussianDropout, keras.layers.AlphaDropout)
    inside = list(result._flatten_layers(include_self=False))
    return Transformed(
        type="Model",
        before=before,
        after=after,
        same_layers=same_layers,
        wanted=wanted,
        noises=[type(layer).__name__ for layer in inside if isinstance(layer, noises)],
        weights=result.get_weights(),
        shared=len({id(v) for v in model.variables} & {id(v) for v in result.variables}),
        predicted=np.array(attempt(result, x, training=False)),
        training=np.array(attempt(result, x, training=True)) if closely else None,
    )


@probe
def handed_over(subject: Any, layers: Layers, width: int) -> bool:
    """Hand a new chain of layers to the student's function."""
    attempt(subject, build(layers, (width,)))
    return True
