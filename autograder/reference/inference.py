"""A trained network by hand: one block, a chain of layers, and BatchNorm folded into the Dense layer behind it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.reference.batchnorm import batchnorm_inference, require_features
from autograder.reference.dropout import sigmoid
from autograder.reference.validate import Array, require_ndim, require_shape

Layer = dict[str, Any]
"""{"kind": "dense", "W", "b", "activation"} or {"kind": "batchnorm", "gamma", "beta", "mean", "var", "eps"}."""


def relu(z: Array) -> Array:
    """Return z where it is positive, and 0 elsewhere."""
    return z.clip(min=0)


def softmax(z: Array) -> Array:
    """Return exp(z) over its sum along the last axis, without overflow; over one unit it is 1 everywhere."""
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


ACTIVATIONS: dict[str | None, Callable[[Array], Array]] = {
    None: lambda z: z,
    "linear": lambda z: z,
    "relu": relu,
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "softmax": softmax,
}


def block_inference(x: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-3) -> Array:
    """Apply a block ReLU - Dropout - BatchNorm as it is at test time: dropout is the identity.

    Args and errors as in `batchnorm_inference`: x (n, d), the others exactly (d,).

    Returns:
        gamma (relu(x) - mean) / sqrt(var + eps) + beta, with the shape and dtype of x.
    """
    return batchnorm_inference(relu(x), gamma, beta, mean, var, eps)


def dense(x: Array, W: Array, b: Array, activation: str | None = None) -> Array:
    """Return activation(x W + b) for x (n, in), W (in, out), b (out,); raise ValueError for any other activation."""
    require_ndim(x, 2, "X")
    require_shape(b, W.shape[1:], "b")
    if x.shape[1] != len(W):
        raise ValueError(f"X must have {len(W)} columns, got shape {x.shape}")
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {list(ACTIVATIONS)}, got {activation!r}")
    return ACTIVATIONS[activation](x @ W + b)


def predict_by_hand(layers: Sequence[Layer], X: Array) -> Array:
    """Run a chain of layers on a batch as `model.predict` does.

    Args:
        layers: dicts of kind "dense" (`W`, `b`, `activation`: linear or None, relu, sigmoid, tanh, softmax) or
            "batchnorm" (`gamma`, `beta`, `mean`, `var`, `eps`).
        X: batch, shape (n, features), of any size.

    Returns:
        Shape (n, units), dtype of X.

    Raises:
        ValueError: an unknown kind or activation, or a shape that does not fit.
    """
    require_ndim(X, 2, "X")
    signal = X
    for layer in layers:
        parameters = {name: value for name, value in layer.items() if name != "kind"}
        if layer["kind"] == "dense":
            signal = dense(signal, **parameters)
        elif layer["kind"] == "batchnorm":
            signal = batchnorm_inference(signal, **parameters)
        else:
            raise ValueError(f"layers has the unknown kind {layer['kind']!r}")
    return signal.astype(X.dtype)


def fold_bn_into_next(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-3
) -> tuple[Array, Array]:
    """Fold a BatchNorm with fixed statistics into the Dense layer behind it.

    Args:
        W: kernel of the Dense layer, shape (d, units).
        b: its bias, exactly shape (units,).
        gamma: scale of the BatchNorm, exactly shape (d,).
        beta: its shift, exactly shape (d,).
        mean: its moving mean, exactly shape (d,).
        var: its moving variance, exactly shape (d,).
        eps: added to the variance, inside the root.

    Returns:
        W' = diag(s) W and b' = b + (beta - mean s) W with s = gamma / sqrt(var + eps), dtype of W, so that
        a W' + b' equals BatchNorm(a) W + b for every a.

    Raises:
        ValueError: an argument has a wrong shape.
    """
    require_ndim(W, 2, "W")
    require_shape(b, W.shape[1:], "b")
    require_features(W.T, 2, gamma=gamma, beta=beta, mean=mean, var=var)
    scale = gamma / np.sqrt(var + eps)
    folded_W, folded_b = scale[:, None] * W, b + (beta - mean * scale) @ W
    return folded_W.astype(W.dtype), folded_b.astype(W.dtype)
