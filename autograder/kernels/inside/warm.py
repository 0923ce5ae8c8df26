"""What a zygote does once so that no child has to: imports, and first uses that are safe before a fork.

No TensorFlow operation, no `tf.constant` and no Keras model may be made here: their threads do not survive a fork, and
every child would hang.
"""

import importlib

LIGHT = ("numpy", "numpy.testing", "numpy.random")
HEAVY = ("torch", "torch.utils.data", "tensorflow", "keras", "matplotlib.pyplot")


def up(heavy: bool) -> None:
    """Warm the interpreter for NumPy alone, or for torch, TensorFlow, Keras and plots as well."""
    for name in LIGHT:
        importlib.import_module(name)
    if heavy:
        for name in HEAVY:
            importlib.import_module(name)
        _torch_step()


def _torch_step() -> None:
    """Take one optimizer step: it imports what torch leaves for later, which costs a second."""
    import torch

    layer = torch.nn.Linear(2, 1)
    optimizer = torch.optim.Adam(layer.parameters())
    layer(torch.zeros(1, 2)).sum().backward()
    optimizer.step()
