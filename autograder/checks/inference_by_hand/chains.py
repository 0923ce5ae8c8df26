"""Chains of Keras layers as data: their weights, and what they predict at test time."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.checks.batchnorm.batches import gains, statistics
from autograder.checks.beside.inference_by_hand import Spec
from autograder.reference.batchnorm import standardize
from autograder.reference.inference import ACTIVATIONS

SELU = (1.0507009873554805, 1.6732632423543772)
"""Scale and alpha of Klambauer et al. (2017)."""

LIVELY = 1.5
"""Standard deviation over the rows of what activations get in a chain of them: all bend there, and few are flat."""

erf = np.vectorize(math.erf)


def elu(z: np.ndarray) -> np.ndarray:
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


EVERY: dict[str | None, Callable[[np.ndarray], np.ndarray]] = ACTIVATIONS | {
    "softplus": lambda z: np.logaddexp(0, z),
    "softsign": lambda z: z / (1 + np.abs(z)),
    "elu": elu,
    "selu": lambda z: SELU[0] * np.where(z > 0, z, SELU[1] * elu(z)),
    "gelu": lambda z: z * (1 + erf(z / math.sqrt(2))) / 2,
    "silu": lambda z: z * ACTIVATIONS["sigmoid"](z),
}
"""Every activation that is asked, by its Keras name."""


def dense(activation: str) -> Spec:
    return "Dense", {"units": 5, "activation": activation}


def layer(activation: str) -> Spec:
    return "Activation", {"activation": activation}


GROUPS: tuple[list[Spec], ...] = (
    [dense("softmax"), layer("tanh"), dense("sigmoid"), layer("softplus")],
    [dense("relu"), layer("sigmoid"), dense("softplus"), layer("softmax")],
    [dense("tanh"), layer("elu"), dense("softsign"), layer("selu"), ("Softmax", {})],
    [dense("selu"), layer("silu"), dense("elu"), layer("gelu")],
    [dense("silu"), layer("softsign"), dense("gelu"), layer("linear"), dense("tanh"), layer("relu")],
    [dense("tanh"), ("ReLU", {}), dense("softsign"), ("ELU", {}), dense("linear")],
)
"""Chains that together have every activation, of a Dense layer and as a layer of its own."""
OPTIONS: tuple[Spec, ...] = (
    ("ReLU", {"max_value": 1.0}),
    ("ReLU", {"negative_slope": 0.5}),
    ("ReLU", {"threshold": 0.5}),
    ("ELU", {"alpha": 0.3}),
    ("Softmax", {"axis": 0}),
)
"""Layers that are other functions than their names say: what is not ported is to be refused."""


def initial(draw: np.random.Generator, name: str, inputs: int, options: dict[str, Any]) -> tuple[list[np.ndarray], int]:
    """Draw the weights of a layer in the order of Keras, and return them with the number of its outputs."""
    if name == "Dense":
        units = options["units"]
        W, b = draw.uniform(-1, 1, (inputs, units)), draw.uniform(-1, 1, units)
        return ([W, b] if options.get("use_bias", True) else [W]), units
    if name in ("BatchNormalization", "LayerNormalization"):
        (gamma, beta), moving = gains(draw, inputs), statistics(draw, inputs)
        own = [gamma] * options.get("scale", True) + [beta] * options.get("center", True)
        return [*own, *moving] if name == "BatchNormalization" else own, inputs
    return [], inputs


def network(draw: np.random.Generator, features: int, specs: list[Spec]) -> list[list[np.ndarray]]:
    """Draw the weights of a chain, layer by layer, in single precision."""
    weights, width = [], features
    for name, options in specs:
        own, width = initial(draw, name, width, options)
        weights.append([value.astype("float32") for value in own])
    return weights


def lively(draw: np.random.Generator, specs: list[Spec], x: np.ndarray) -> list[list[np.ndarray]]:
    """Draw the weights of a chain whose Dense layers standardize what they get, so that no difference is forgotten."""
    weights: list[list[np.ndarray]] = []
    signal = x.astype(float)
    for name, options in specs:
        own: list[np.ndarray] = []
        if name == "Dense":
            W = np.linalg.qr(draw.normal(size=(signal.shape[1], options["units"])))[0]
            z = (signal - signal.mean(axis=0)) @ W
            W *= LIVELY / z.std(axis=0)
            own = [value.astype("float32") for value in (W, -signal.mean(axis=0) @ W)]
        weights.append(own)
        signal = read(name, options, own, signal)
    return weights


def rectified(
    z: np.ndarray, max_value: float = np.inf, negative_slope: float = 0.0, threshold: float = 0.0
) -> np.ndarray:
    """Apply a ReLU with the options of Keras."""
    return np.where(z >= threshold, np.minimum(z, max_value), negative_slope * (z - threshold))


def of_layer(name: str, options: dict[str, Any], z: np.ndarray) -> np.ndarray:
    """Apply an activation that is a layer of its own."""
    match name:
        case "ReLU":
            return rectified(z, **options)
        case "ELU":
            return np.where(z > 0, z, options.get("alpha", 1.0) * elu(z))
        case "Softmax":
            turned = np.moveaxis(z, options.get("axis", -1), -1)
            return np.moveaxis(EVERY["softmax"](turned), -1, options.get("axis", -1))
        case "Activation":
            return EVERY[options["activation"]](z)
    return z


def read(name: str, options: dict[str, Any], own: list[np.ndarray], signal: np.ndarray) -> np.ndarray:
    """Apply one layer at test time, in double precision."""
    values = [value.astype(float) for value in own]
    if name == "Dense":
        z = signal @ values[0] + (values[1] if len(values) > 1 else 0)
        return EVERY[options.get("activation")](z)
    if name in ("BatchNormalization", "LayerNormalization"):
        gamma = values.pop(0) if options.get("scale", True) else np.ones(signal.shape[1])
        beta = values.pop(0) if options.get("center", True) else np.zeros(signal.shape[1])
        own_statistics = signal.mean(axis=1, keepdims=True), signal.var(axis=1, keepdims=True)
        mean, var = values if name == "BatchNormalization" else own_statistics
        return gamma * standardize(signal, mean, var, options.get("epsilon", 1e-3)) + beta
    return of_layer(name, options, signal)


def predict(specs: list[Spec], weights: list[list[np.ndarray]], x: np.ndarray) -> np.ndarray:
    """Return what Keras predicts."""
    signal = x.astype(float)
    for (name, options), own in zip(specs, weights, strict=True):
        signal = read(name, options, own, signal)
    return signal
