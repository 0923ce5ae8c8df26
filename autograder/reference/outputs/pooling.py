"""Pooling in Keras and PyTorch: outputs and gradients, with ties and overlaps, and the parameters of a net."""

import itertools

import numpy as np

CASES = ((2, 2), (3, 2), (2, 3))
"""Window size and stride: side by side, overlapping, and with gaps."""

NET = (("conv", 15, 5), ("pool", 2), ("conv", 60, 5), ("flatten",), ("dropout", 0.3), ("dense", 16), ("dense", 3))
INPUT_SHAPE = (32, 32, 3)


def record() -> dict[str, np.ndarray]:
    """Return images without and with equal entries, and for each case and framework the outputs and the gradient."""
    draw = np.random.default_rng(0)
    arrays = {"images": draw.normal(-1, 2, (2, 7, 8, 3)), "ties": draw.integers(0, 3, (2, 7, 8, 3)).astype(float)}
    for (size, stride), images in itertools.product(CASES, ("images", "ties")):
        x = arrays[images]
        shape = (2, (7 - size) // stride + 1, (8 - size) // stride + 1, 3)
        dy = draw.normal(0, 1, shape)
        arrays[f"{images}/{size}/{stride}/dy"] = dy
        for framework, ask in (("keras", _keras), ("torch", _torch)):
            for name, array in zip(("max", "average", "dx"), ask(x, dy, size, stride), strict=True):
                arrays[f"{images}/{size}/{stride}/{framework}/{name}"] = array
    for pooled in (False, True):
        arrays[f"parameters/{'pooled' if pooled else 'plain'}"] = np.array(_count_parameters(pooled))
    return arrays


def _keras(x: np.ndarray, dy: np.ndarray, size: int, stride: int) -> list[np.ndarray]:
    import keras
    import tensorflow as tf

    maximum, average = (
        kind(size, stride, dtype="float64") for kind in (keras.layers.MaxPooling2D, keras.layers.AveragePooling2D)
    )
    with tf.GradientTape() as tape:
        variable = tf.Variable(x)
        y = maximum(variable)
    dx = tape.gradient(y, variable, output_gradients=tf.constant(dy))
    return [array.numpy() for array in (y, average(x), dx)]


def _torch(x: np.ndarray, dy: np.ndarray, size: int, stride: int) -> list[np.ndarray]:
    import torch
    from torch.nn import functional

    inputs = torch.tensor(x.transpose(0, 3, 1, 2).copy(), requires_grad=True)
    y = functional.max_pool2d(inputs, size, stride)
    average = functional.avg_pool2d(inputs, size, stride)
    (dx,) = torch.autograd.grad(y, inputs, torch.tensor(dy.transpose(0, 3, 1, 2).copy()))
    return [array.detach().numpy().transpose(0, 2, 3, 1).copy() for array in (y, average, dx)]


def _count_parameters(pooled: bool) -> int:
    import keras

    make = {
        "conv": keras.layers.Conv2D,
        "pool": keras.layers.MaxPooling2D,
        "flatten": keras.layers.Flatten,
        "dropout": keras.layers.Dropout,
        "dense": keras.layers.Dense,
    }
    layers = [make[kind](*arguments) for kind, *arguments in NET if pooled or kind != "pool"]
    return int(keras.Sequential([keras.Input(INPUT_SHAPE), *layers]).count_params())
