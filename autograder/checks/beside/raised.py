"""An exception out of the student's code, described: its kinds, its message, and the student's own line."""

import linecache
import re
import sysconfig
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

MAX_MESSAGE = 400
COLOR = re.compile("\x1b\\[[0-9;]*m")
"""Keras colors its messages for a terminal."""

INSTALLED = (
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    str(Path(__file__).parent),
)
"""Where code lies that is not the student's: libraries, and the probes."""


def describe_error(error: BaseException) -> dict[str, Any]:
    """Describe an exception by the built-in classes it belongs to: one merely named alike counts for nothing."""
    kinds = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
    message, line, source = "", 0, ""
    with suppress(Exception):
        message = COLOR.sub("", str(error))[:MAX_MESSAGE]
    with suppress(Exception):
        line, source = _own_line(error)
    return {"kinds": kinds, "type": type(error).__name__[:80], "message": message, "line": line, "source": source}


def _own_line(error: BaseException) -> tuple[int, str]:
    """Return the last line of the student's own that an exception came through: its number and its text."""
    number, source = 0, ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if not frame.f_code.co_filename.startswith(INSTALLED):
            number, source = line, linecache.getline(frame.f_code.co_filename, line).strip()[:MAX_MESSAGE]
    return number, source
