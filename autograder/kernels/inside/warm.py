"""What a zygote does once so that no child has to: imports, and first uses that are safe before a fork.

No TensorFlow operation, no `tf.constant` and no Keras model may be made here: their threads do not survive a fork, and
every child would hang.
"""

import contextlib
import importlib
import importlib.util
import io

from .executor import Shell

LIGHT = ("numpy", "numpy.testing", "numpy.random")
HEAVY = ("torch", "torch.utils.data", "tensorflow", "keras")
WHERE_INSTALLED = ("sklearn",)  # no notebook needs it, and a grader may lack it


def up(shell: Shell, heavy: bool) -> None:
    """Warm the interpreter for NumPy and plots, or for torch, TensorFlow, Keras and scikit-learn as well."""
    for name in LIGHT + HEAVY if heavy else LIGHT:
        importlib.import_module(name)
    for name in filter(importlib.util.find_spec, WHERE_INSTALLED if heavy else ()):
        importlib.import_module(name)
    if importlib.util.find_spec("matplotlib"):
        _figure()
        shell.run_line_magic("matplotlib", "inline")
    if heavy:
        _torch_step()
    _failing_cell(shell)


def _figure() -> None:
    import matplotlib.pyplot as plt

    plt.plot([0, 1])
    plt.close("all")


def _failing_cell(shell: Shell) -> None:
    """Run a cell that fails: what formats tracebacks stays loaded. One that awaits would leave its loop behind."""
    with contextlib.redirect_stdout(io.StringIO()):
        shell.run_cell("1/0", store_history=False)  # type: ignore[no-untyped-call]


def _torch_step() -> None:
    """Take one optimizer step: it imports what torch leaves for later, which costs a second."""
    import torch

    layer = torch.nn.Linear(2, 1)
    optimizer = torch.optim.Adam(layer.parameters())
    layer(torch.zeros(1, 2)).sum().backward()
    optimizer.step()
