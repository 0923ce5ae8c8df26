"""LayerNorm, RMSNorm and GroupNorm in Keras and PyTorch: outputs and gradients for the same inputs and weights."""

from typing import Any

import numpy as np

EPS = {"layernorm": 1e-3, "rmsnorm": 1e-6, "groupnorm": 1e-3}
GROUPS = 3


def record() -> dict[str, np.ndarray]:
    """Return the inputs and, for each layer, framework and dtype, the output y, dx, dgamma and dbeta."""
    draw = np.random.default_rng(0)
    arrays = {
        "vectors": draw.normal(0.5, 2, (5, 4, 7)) * np.array([0.02, 0.3, 1, 5])[:, None],
        "images": draw.normal(-1, 2, (3, 4, 5, 6)),
        "gamma": draw.normal(1, 0.5, 7),
        "beta": draw.normal(0, 1, 7),
        "dy": draw.normal(0, 1, (3, 4, 5, 6)),
        "vectors/dy": draw.normal(0, 1, (5, 4, 7)),
    }
    for dtype in ("float32", "float64"):
        for layer in EPS:
            x = arrays["images" if layer == "groupnorm" else "vectors"].astype(dtype)
            dy = arrays["dy" if layer == "groupnorm" else "vectors/dy"].astype(dtype)
            gamma, beta = (arrays[name][: x.shape[-1]].astype(dtype) for name in ("gamma", "beta"))
            weights = [gamma] if layer == "rmsnorm" else [gamma, beta]
            for framework, ask in (("keras", _keras), ("torch", _torch)):
                for name, array in zip(("y", "dx", "dgamma", "dbeta"), ask(layer, x, dy, weights), strict=False):
                    arrays[f"{layer}/{framework}/{dtype}/{name}"] = array
    return arrays


def _keras(layer: str, x: np.ndarray, dy: np.ndarray, weights: list[np.ndarray]) -> list[np.ndarray]:
    import keras
    import tensorflow as tf

    dtype = str(x.dtype)
    module = {
        "layernorm": lambda: keras.layers.LayerNormalization(epsilon=EPS[layer], dtype=dtype),
        "rmsnorm": lambda: keras.layers.RMSNormalization(epsilon=EPS[layer], dtype=dtype),
        "groupnorm": lambda: keras.layers.GroupNormalization(GROUPS, epsilon=EPS[layer], dtype=dtype),
    }[layer]()
    module.build(x.shape)
    module.set_weights(weights)
    with tf.GradientTape() as tape:
        variable = tf.Variable(x)
        y = module(variable)
    parameters = [weight.value for weight in module.trainable_weights]
    gradients = tape.gradient(y, [variable, *parameters], output_gradients=tf.constant(dy))
    return [array.numpy() for array in (y, *gradients)]


def _torch(layer: str, x: np.ndarray, dy: np.ndarray, weights: list[np.ndarray]) -> list[np.ndarray]:
    import torch
    from torch.nn import functional

    inputs = torch.tensor(x, requires_grad=True)
    parameters: dict[str, Any] = {
        name: torch.tensor(weight, requires_grad=True)
        for name, weight in zip(("weight", "bias"), weights, strict=False)
    }
    channels_first = inputs.movedim(-1, 1)
    functions = {
        "layernorm": lambda: functional.layer_norm(inputs, x.shape[-1:], **parameters, eps=EPS[layer]),
        "rmsnorm": lambda: functional.rms_norm(inputs, x.shape[-1:], **parameters, eps=EPS[layer]),
        "groupnorm": lambda: functional.group_norm(channels_first, GROUPS, **parameters, eps=EPS[layer]).movedim(1, -1),
    }
    y = functions[layer]()
    gradients = torch.autograd.grad(y, [inputs, *parameters.values()], torch.tensor(dy))
    return [array.detach().numpy() for array in (y, *gradients)]
