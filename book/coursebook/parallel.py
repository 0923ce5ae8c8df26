"""Several small Keras networks trained side by side in one model, for the price of little more than one."""

from typing import Any

import keras


def parallel_dense(
    networks: int, units: int, activation: str | None = None, *, shared: bool = False, **options: Any
) -> keras.layers.EinsumDense:
    """Return a Dense layer for each of several networks, which share no weight.

    A loss on the outputs is a mean over the networks as well. Adam and RMSprop do not mind the factor; beside a penalty
    on the weights, ``loss_weights=[networks]`` takes it out.

    Args:
        networks: their number k.
        units: outputs of each.
        activation: as for `keras.layers.Dense`.
        shared: inputs have shape (n, d), the same for all networks; else (n, k, d). Outputs have shape (n, k, units).
        options: passed on to `keras.layers.EinsumDense`.
    """
    return keras.layers.EinsumDense(
        "nd,kdu->nku" if shared else "nkd,kdu->nku",
        output_shape=(networks, units),
        activation=activation,
        bias_axes="ku",
        kernel_initializer=_glorot_uniform,
        **options,
    )


def _glorot_uniform(shape: tuple[int, int, int], dtype: str | None = None) -> Any:
    """Draw kernels (k, d, units) by Glorot's rule for one network; Keras' own would count the fans of all together."""
    limit = (6 / (shape[1] + shape[2])) ** 0.5
    return keras.random.uniform(shape, -limit, limit, dtype=dtype)
