"""`begin`: what the first cell of a notebook asks for: is everything here, and which notebook is this?"""

import contextlib
import os
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

from autograder.checks import book, progress, watch
from autograder.extras import advice


class Missing(ImportError):
    """Something that the notebook needs is not installed; a line for each says how to get it."""

    def _render_traceback_(self) -> list[str]:
        """Give Jupyter these lines in place of a traceback."""
        return [str(self)]


def begin(assignment: str, *, needs: str = "", book_at: str = "") -> None:
    """Get ready for the checks of a notebook, and import TensorFlow where it is needed, without its log.

    Args:
        assignment: its name.
        needs: the modules that it imports beside the checks, with spaces between them.
        book_at: the address of the published book, as it was written in at release; empty where there is none.

    Raises:
        Missing: some module is not installed.
    """
    missing = [name for name in needs.split() if find_spec(name) is None]
    if missing:
        raise Missing("\n".join(f"{name} is missing: {advice(name)}, then restart the kernel" for name in missing))
    if "tensorflow" in needs.split() and "tensorflow" not in sys.modules:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        with _unheard():
            import_module("tensorflow")
    book.published = book_at
    progress.start(assignment)
    watch.start()


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """Drop what is written to the error stream below Python: TensorFlow logs before it reads at which level."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
