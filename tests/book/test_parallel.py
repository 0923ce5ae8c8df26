"""Networks side by side in one model are the networks that they would be alone."""

import keras
import numpy as np
import pytest
from coursebook.parallel import parallel_dense

NETWORKS, INPUTS, UNITS = 3, 5, 7


@pytest.mark.parametrize("shared", [False, True])
def test_each_network_is_a_dense_layer_of_its_own(shared: bool) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4, INPUTS) if shared else (4, NETWORKS, INPUTS)).astype("float32")
    layer = parallel_dense(NETWORKS, UNITS, "relu", shared=shared)
    outputs = np.asarray(layer(x))
    assert outputs.shape == (4, NETWORKS, UNITS)
    for k, (kernel, bias) in enumerate(zip(*layer.get_weights(), strict=True)):
        alone = np.maximum((x if shared else x[:, k]) @ kernel + bias, 0)
        np.testing.assert_allclose(outputs[:, k], alone, atol=1e-6)


def test_weights_start_within_the_limits_of_a_dense_layer() -> None:
    layer = parallel_dense(NETWORKS, 64)
    layer.build((None, NETWORKS, 64))
    limit = np.sqrt(6 / (64 + 64))
    largest = np.abs(layer.get_weights()[0]).max()
    assert 0.99 * limit < largest <= limit  # below by chance with probability .99^12288, about 1e-54


def test_training_side_by_side_is_training_alone() -> None:
    """With a penalty and without, because the mean over networks would weaken the loss beside it."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, NETWORKS, INPUTS)).astype("float32")
    y = rng.integers(0, 2, (60, NETWORKS, 1))
    penalty = {"kernel_regularizer": keras.regularizers.L2(0.01)}
    together = keras.Sequential(
        [
            keras.Input((NETWORKS, INPUTS)),
            parallel_dense(NETWORKS, UNITS, "relu", **penalty),
            parallel_dense(NETWORKS, 1, "sigmoid"),
        ]
    )
    start = together.get_weights()
    fit(together, x, y, loss_weights=[NETWORKS])
    for k in range(NETWORKS):
        alone = keras.Sequential(
            [
                keras.Input((INPUTS,)),
                keras.layers.Dense(UNITS, "relu", **penalty),
                keras.layers.Dense(1, "sigmoid"),
            ]
        )
        alone.set_weights([array[k] for array in start])
        fit(alone, x[:, k], y[:, k])
        np.testing.assert_allclose(alone.predict(x[:, k], verbose=0), together.predict(x, verbose=0)[:, k], atol=1e-4)


def fit(model: keras.Model, x: np.ndarray, y: np.ndarray, **options: list[int]) -> None:
    model.compile("rmsprop", "binary_crossentropy", **options)
    model.fit(x, y, epochs=5, batch_size=20, shuffle=False, verbose=0)
