"""The floor: `python -m benchmarks.floor heavy|light NOTEBOOK...` prints the seconds that each notebook's cells take.

Every notebook runs in a fork of a process that has imported what it needs and run nothing: the cells that the grader
runs, and the checks.
"""

import contextlib
import importlib
import io
import json
import os
import sys
import time
from pathlib import Path

from autograder.grading.assignment import load
from autograder.kernels.needed import needed
from autograder.kernels.notebook import read_notebook
from autograder.kernels.sanitise import steps

IMPORTS = {"light": ("numpy", "matplotlib.pyplot", "autograder")}
IMPORTS["heavy"] = (*IMPORTS["light"], "torch", "tensorflow", "keras")


def run(notebook: Path) -> float:
    """Run a notebook's cells in a fork; return the seconds they took."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        os.write(theirs, json.dumps(_seconds(notebook)).encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours) as pipe:
        seconds = json.load(pipe)
    os.waitpid(child, 0)
    return float(seconds)


def _seconds(notebook: Path) -> float:
    submitted = read_notebook(notebook.read_bytes())
    released = load(notebook.stem).cells
    cells = needed(steps(released, submitted), released)
    namespace = {"__name__": "__main__"}
    started = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in cells:
            plain = "\n".join(line for line in cell.source.splitlines() if not line.startswith("%"))
            with contextlib.suppress(Exception):
                exec(compile(plain, "<cell>", "exec"), namespace)  # noqa: S102 running cells is what is measured
    return time.perf_counter() - started


if __name__ == "__main__":
    weight, *notebooks = sys.argv[1:]
    for module in IMPORTS[weight]:
        importlib.import_module(module)
    print(json.dumps([run(Path(notebook)) for notebook in notebooks]))
