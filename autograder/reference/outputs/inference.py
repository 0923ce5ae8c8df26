"""A regression net of three blocks Dense - ReLU - Dropout - BatchNorm and a linear head, in Keras and in PyTorch."""

import itertools

import numpy as np

WIDTHS = (11, 10, 8, 6, 1)
RATE, EPS = 0.3, 1e-3
NAMES = ("W", "b", "gamma", "beta", "mean", "var")


def record() -> dict[str, np.ndarray]:
    """Return X, the weights (as "0/W", "0/b", "0/gamma", ...) and what each framework predicts in each dtype."""
    draw = np.random.default_rng(0)
    arrays = {"X": draw.normal(0, 1, (9, WIDTHS[0])) * draw.uniform(0.2, 5, WIDTHS[0])}
    for block, (inputs, units) in enumerate(itertools.pairwise(WIDTHS)):
        weights = [draw.normal(0, 0.5, (inputs, units)), draw.normal(0, 0.5, units)]
        if units > 1:
            weights += [draw.normal(1, 0.5, units), draw.normal(0, 1, units)]
            weights += [draw.uniform(0, 2, units), draw.uniform(0.2, 12, units)]
        arrays |= {f"{block}/{name}": array for name, array in zip(NAMES, weights, strict=False)}
    weights = [array for name, array in arrays.items() if name != "X"]
    for dtype in ("float32", "float64"):
        cast = [array.astype(dtype) for array in weights]
        for framework, predict in (("keras", _keras), ("torch", _torch)):
            arrays[f"{framework}/{dtype}/predictions"] = predict(cast, arrays["X"].astype(dtype))
    return arrays


def _keras(weights: list[np.ndarray], X: np.ndarray) -> np.ndarray:
    import keras

    dtype = str(X.dtype)
    layers = [keras.Input(X.shape[1:], dtype=dtype)]
    for units in WIDTHS[1:-1]:
        layers += [
            keras.layers.Dense(units, activation="relu", dtype=dtype),
            keras.layers.Dropout(RATE, dtype=dtype),
            keras.layers.BatchNormalization(epsilon=EPS, dtype=dtype),
        ]
    model = keras.Sequential([*layers, keras.layers.Dense(1, dtype=dtype)])
    model.set_weights(weights)
    predictions: np.ndarray = model(X, training=False).numpy()
    return predictions


def _torch(weights: list[np.ndarray], X: np.ndarray) -> np.ndarray:
    import torch
    from torch import nn

    layers: list[nn.Module] = []
    for inputs, units in itertools.pairwise(WIDTHS[:-1]):
        layers += [nn.Linear(inputs, units), nn.ReLU(), nn.Dropout(RATE), nn.BatchNorm1d(units, eps=EPS)]
    model = nn.Sequential(*layers, nn.Linear(*WIDTHS[-2:])).to(torch.tensor(X).dtype).eval()
    state = [tensor for name, tensor in model.state_dict().items() if not name.endswith("num_batches_tracked")]
    with torch.no_grad():
        for ours, theirs in zip(state, weights, strict=True):
            ours.copy_(torch.tensor(theirs).T if theirs.ndim == 2 else torch.tensor(theirs))
        return np.array(model(torch.tensor(X)).numpy())
