"""The command line and the environment of a process on the submission's side."""

import json
import os
import sys
from pathlib import Path

import autograder.checks.beside
import autograder.kernels.inside
from autograder.kernels import bubblewrap
from autograder.kernels.view import submissions_view

CODE = Path(autograder.kernels.inside.__file__).parent
SOCKET_BYTES = 212_992
"""Linux's own choice, where it cannot be asked for another."""
BESIDE = Path(autograder.checks.beside.__file__).parent


def command(run: str, level: str, **order: object) -> list[str]:
    """Return the command line that runs a module of `inside` at a level.

    The interpreter starts without its site-packages, which are added by hand: no .pth file, so no editable install, is
    processed.
    """
    code, beside, site = CODE, BESIDE, site_packages()
    view = submissions_view(site)
    if level == "sandbox":
        code, beside = Path(bubblewrap.INSIDE, "inside"), Path(bubblewrap.INSIDE, "beside")
    if level == "landlock":
        order |= {"shown": [*map(str, view.shown), str(CODE)], "hidden": [*map(str, view.hidden)]}
    order |= {"run": run, "level": level, "site": site, "beside": str(beside), "socket_bytes": socket_bytes()}
    start = [sys.executable, "-I", "-S", "-B", str(code / "__main__.py"), json.dumps(order)]
    return bubblewrap.wrap(CODE, BESIDE, view, start) if level == "sandbox" else start


def socket_bytes() -> int:
    """Return what the kernel keeps at most of what was written to a socket that nobody reads."""
    try:
        return int(Path("/proc/sys/net/core/wmem_default").read_text())
    except (OSError, ValueError):
        return SOCKET_BYTES


def site_packages() -> list[str]:
    """Return the folders of installed packages on this interpreter's path."""
    return [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]


def environment(level: str, home: Path) -> dict[str, str]:
    """Return the whole environment of a submission: nothing of the grader's own."""
    folder = str(bubblewrap.HOME if level == "sandbox" else home)
    in_turn = {"JOBLIB_MULTIPROCESSING": "0"} if level == "landlock" else {}  # its processes need names in /dev/shm
    one_thread = ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "TF_NUM_INTRAOP", "TF_NUM_INTEROP")
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "HOME": folder,
        "TMPDIR": folder,
        "USER": "student",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PIP_NO_INDEX": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        **in_turn,
        **{f"{name}_THREADS": "1" for name in one_thread},
    }
