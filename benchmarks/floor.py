"""The floor: `python -m benchmarks.floor heavy|light NOTEBOOK...` prints the seconds that each notebook's cells take.

Every notebook runs in a fork of a process that has imported what it needs and run nothing, its check cells included.
"""

import contextlib
import importlib
import io
import json
import os
import sys
import time
from pathlib import Path

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
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    namespace = {"__name__": "__main__"}
    started = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        for source in sources:
            plain = "\n".join(line for line in source.splitlines() if not line.startswith("%"))
            with contextlib.suppress(Exception):
                exec(compile(plain, "<cell>", "exec"), namespace)  # noqa: S102 running cells is what is measured
    return time.perf_counter() - started


if __name__ == "__main__":
    weight, *notebooks = sys.argv[1:]
    for module in IMPORTS[weight]:
        importlib.import_module(module)
    print(json.dumps([run(Path(notebook)) for notebook in notebooks]))
