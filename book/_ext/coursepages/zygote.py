"""A process that has imported what pages import, and forks a kernel that has it too for each line on its input.

It ends when its input does, and its kernels end with it. No operation of TensorFlow and no model may be made here: the
threads that they start do not survive a fork. What pages import of the course itself they import afresh.
"""

import contextlib
import gc
import importlib
import json
import os
import signal
import sys
from collections.abc import Iterator

IMPORTS = (
    "ipykernel.kernelapp",
    "matplotlib.backends.backend_svg",
    "myst_nb",
    "sklearn.datasets",
    "sklearn.isotonic",
    "scipy.ndimage",
    "scipy.special",
    "torch._dynamo",  # an optimizer imports it, and it takes as long as torch itself
    "tensorflow",
    "keras",
)


def main() -> None:
    """Read orders, JSON with the kernel's arguments, folder and environment, and answer with process numbers."""
    with silence():
        for name in IMPORTS:
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, reap)
    for line in sys.stdin:
        parent = os.getpid()
        if child := os.fork():
            print(child, flush=True)
        else:
            become_kernel(json.loads(line), parent)


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Take what is written to standard error for nothing: TensorFlow greets there, whatever its settings."""
    kept, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)


def reap(*_: object) -> None:
    """Wait for the kernels that have ended, so that their seconds count as those of the build."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def become_kernel(order: dict, parent: int) -> None:
    """Run a kernel in this process, in a group of its own, until it is told to stop."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    kernelapp = importlib.import_module("ipykernel.kernelapp")
    kernelapp.launch_new_instance([*order["arguments"], f"--IPKernelApp.parent_handle={parent}"])
    os._exit(0)


if __name__ == "__main__":
    main()
