"""A network of Dense, ReLU, Dropout and BatchNorm blocks with a linear head in Keras and PyTorch, at inference."""

from itertools import pairwise

import numpy as np

SIZES = (11, 10, 8, 6)
EPS = 1e-3


def record() -> dict[str, np.ndarray]:
    """Return the inputs X, the weights in the order of `repaired_predict`, and predictions by framework and dtype."""
    draw = np.random.default_rng(0)
    arrays = {"X": draw.normal(0, 2, (9, SIZES[0]))}
    weights: list[np.ndarray] = []
    for fan_in, units in pairwise(SIZES):
        weights += [draw.normal(0, 0.5, (fan_in, units)), draw.normal(0, 0.5, units), draw.normal(1, 0.3, units)]
        weights += [draw.normal(0, 1, units), draw.uniform(0, 1, units), draw.uniform(0.02, 3, units)]
    weights += [draw.normal(0, 1, (SIZES[-1], 1)), draw.normal(0, 1, 1)]
    arrays |= {f"weights/{i}": array for i, array in enumerate(weights)}
    for dtype in ("float32", "float64"):
        cast = [array.astype(dtype) for array in weights]
        for framework, predict in (("keras", _keras), ("torch", _torch)):
            arrays[f"{framework}/{dtype}/y"] = predict(cast, arrays["X"].astype(dtype))
    return arrays


def _keras(weights: list[np.ndarray], X: np.ndarray) -> np.ndarray:
    import keras

    keras.utils.set_random_seed(0)
    dtype = str(X.dtype)
    layers = [keras.Input(SIZES[:1], dtype=dtype)]
    for units in SIZES[1:]:
        layers += [keras.layers.Dense(units, "relu", dtype=dtype), keras.layers.Dropout(0.3, dtype=dtype)]
        layers += [keras.layers.BatchNormalization(epsilon=EPS, dtype=dtype)]
    model = keras.Sequential([*layers, keras.layers.Dense(1, dtype=dtype)])
    model.set_weights(weights)
    return np.asarray(model(X, training=False))


def _torch(weights: list[np.ndarray], X: np.ndarray) -> np.ndarray:
    import torch
    from torch import nn

    tensors = [torch.tensor(array) for array in weights]
    layers: list[nn.Module] = []
    for fan_in, units in pairwise(SIZES):
        layers += [nn.Linear(fan_in, units), nn.ReLU(), nn.Dropout(0.3), nn.BatchNorm1d(units, eps=EPS)]
    layers.append(nn.Linear(SIZES[-1], 1))
    model = nn.Sequential(*layers).to(tensors[0].dtype).eval()
    for i in range(0, len(tensors), 6):
        kernel, bias, *norm = tensors[i : i + 6]
        layer = layers[4 * (i // 6)]
        layer.load_state_dict({"weight": kernel.T, "bias": bias})
        if norm:
            names = ("weight", "bias", "running_mean", "running_var")
            layers[4 * (i // 6) + 3].load_state_dict(dict(zip(names, norm, strict=True)), strict=False)
    with torch.no_grad():
        return np.asarray(model(torch.tensor(X)))
