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
    activation = {"ReLU": "relu", "Softmax": "softmax", "ELU": "elu", "Dropout": None}.get(name, name)
    return EVERY[options["activation"] if name == "Activation" else activation](signal)


def predict(specs: list[Spec], weights: list[list[np.ndarray]], x: np.ndarray) -> np.ndarray:
    """Return what Keras predicts."""
    signal = x.astype(float)
    for (name, options), own in zip(specs, weights, strict=True):
        signal = read(name, options, own, signal)
    return signal
