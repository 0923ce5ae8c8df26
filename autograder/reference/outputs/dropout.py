"""Dropout in Keras and PyTorch: outputs and gradients for one input, with the masks that the frameworks drew."""

import numpy as np


def record() -> dict[str, np.ndarray]:
    """Return x, dy and, for each framework and rate, the output y and the gradient dx."""
    import keras
    import tensorflow as tf
    import torch

    draw = np.random.default_rng(0)
    x, dy = draw.normal(1, 2, (16, 12)), draw.normal(0, 1, (16, 12))
    arrays = {"x": x, "dy": dy}
    for rate in (0.2, 0.7):
        inputs = torch.tensor(x, requires_grad=True)
        torch.manual_seed(0)
        y = torch.nn.functional.dropout(inputs, rate)
        y.backward(torch.tensor(dy))
        assert inputs.grad is not None
        arrays |= {f"torch/{rate}/y": y.detach().numpy(), f"torch/{rate}/dx": inputs.grad.numpy()}

        layer = keras.layers.Dropout(rate, seed=0, dtype="float64")
        with tf.GradientTape() as tape:
            variable = tf.Variable(x)
            output = layer(variable, training=True)
        gradient = tape.gradient(output, variable, output_gradients=tf.constant(dy))
        arrays |= {f"keras/{rate}/y": output.numpy(), f"keras/{rate}/dx": gradient.numpy()}
    return arrays
