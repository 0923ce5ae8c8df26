"""BatchNorm in Keras and PyTorch: outputs, gradients and running statistics for the same inputs and weights."""

import numpy as np

EPS = 1e-3
KINDS = ("rows", "images")


def record() -> dict[str, np.ndarray]:
    """Return the inputs and, for each kind of input, framework and dtype, what one training step and inference give.

    The names are y, dx, dgamma, dbeta, running_mean and running_var after the step, and inference with those two.
    """
    draw = np.random.default_rng(0)
    scale = np.array([0.02, 0.3, 1, 5, 1])
    arrays = {
        "rows": draw.normal(0.5, 2, (7, 5)) * scale,
        "images": draw.normal(-1, 2, (3, 2, 4, 5)) * scale,
        "gamma": draw.normal(1, 0.5, 5),
        "beta": draw.normal(0, 1, 5),
        "running_mean": draw.normal(0, 1, 5),
        "running_var": draw.uniform(0.2, 3, 5),
    }
    arrays |= {f"{kind}/dy": draw.normal(0, 1, arrays[kind].shape) for kind in KINDS}
    names = ("y", "dx", "dgamma", "dbeta", "running_mean", "running_var", "inference")
    for dtype in ("float32", "float64"):
        cast = {name: array.astype(dtype) for name, array in arrays.items() if "/" not in name or name.endswith("/dy")}
        weights = [cast[name] for name in ("gamma", "beta", "running_mean", "running_var")]
        for kind in KINDS:
            for framework, ask in (("keras", _keras), ("torch", _torch)):
                for name, array in zip(names, ask(cast[kind], cast[f"{kind}/dy"], weights), strict=True):
                    arrays[f"{kind}/{framework}/{dtype}/{name}"] = array
    return arrays


def _keras(x: np.ndarray, dy: np.ndarray, weights: list[np.ndarray]) -> list[np.ndarray]:
    import keras
    import tensorflow as tf

    layer = keras.layers.BatchNormalization(epsilon=EPS, dtype=str(x.dtype))
    layer.build(x.shape)
    layer.set_weights(weights)
    with tf.GradientTape() as tape:
        variable = tf.Variable(x)
        y = layer(variable, training=True)
    sources = [variable, layer.gamma.value, layer.beta.value]
    gradients = tape.gradient(y, sources, output_gradients=tf.constant(dy))
    statistics = [layer.moving_mean.value, layer.moving_variance.value]
    return [array.numpy().copy() for array in (y, *gradients, *statistics, layer(x, training=False))]


def _torch(x: np.ndarray, dy: np.ndarray, weights: list[np.ndarray]) -> list[np.ndarray]:
    import torch

    layer = (torch.nn.BatchNorm1d if x.ndim == 2 else torch.nn.BatchNorm2d)(x.shape[-1], eps=EPS).to(
        torch.tensor(x).dtype
    )
    names = ("weight", "bias", "running_mean", "running_var")
    layer.load_state_dict(dict(zip(names, map(torch.tensor, weights), strict=True)), strict=False)
    inputs = torch.tensor(x, requires_grad=True)
    y = layer(inputs.movedim(-1, 1)).movedim(1, -1)
    gradients = torch.autograd.grad(y, [inputs, layer.weight, layer.bias], torch.tensor(dy))
    inference = layer.eval()(inputs.movedim(-1, 1)).movedim(1, -1)
    return [
        array.detach().numpy().copy() for array in (y, *gradients, layer.running_mean, layer.running_var, inference)
    ]
