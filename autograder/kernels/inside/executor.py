"""Runs cells as Jupyter does, and answers questions about what they defined."""

import ast
import io
import signal
import subprocess
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from .pictures import collected

Tree = Any
Respond = Callable[[dict[str, Any], dict[str, Any]], Tree]

MAX_MESSAGE = 400
CUT = "\n[the rest of the output was dropped]\n"


class CellOutput(io.TextIOBase):
    """What a cell prints, up to a limit; it cannot be closed or filled."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, limit: int) -> None:
        self._parts: list[str] = []
        self._left = limit

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self._left > 0:
            self._parts.append(text[: self._left])
            self._left -= len(text)
            if self._left <= 0:
                self._parts.append(CUT)
        return len(text)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1

    def close(self) -> None:
        pass

    def text(self) -> str:
        return "".join(self._parts)


class Shell(InteractiveShell):
    """IPython without a terminal, a history or a window system."""

    def enable_gui(self, gui: str | None = None) -> None:
        pass

    def enable_matplotlib(self, gui: str | None = None) -> tuple[Any, Any]:
        """Show figures as Jupyter does, but do not draw them after each cell as well: nobody looks at them."""
        enabled: tuple[Any, Any] = super().enable_matplotlib(gui)  # type: ignore[no-untyped-call]
        sys.modules["matplotlib.pyplot"].uninstall_repl_displayhook()
        return enabled

    def transform_cell(self, raw_cell: str) -> str:
        """Turn magics and the like into Python; a cell that is Python already has none, and takes half the time."""
        try:
            ast.parse(raw_cell)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            transformed: str = super().transform_cell(raw_cell)  # type: ignore[no-untyped-call]
            return transformed
        return f"{raw_cell}\n"

    def ask_exit(self) -> None:
        pass

    def system(self, command: str) -> None:
        """Run a `!command` and show what it prints."""
        done = subprocess.run(
            self.var_expand(command, depth=1),  # type: ignore[no-untyped-call]
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        sys.stdout.write(done.stdout.decode("utf-8", "replace"))
        self.user_ns["_exit_code"] = done.returncode

    system_piped = system_raw = system


def make_shell() -> Shell:
    """Return a shell that shows plain text only; figures are shown by name, not drawn."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.xmode = "Plain"
    config.InteractiveShell.colors = "nocolor"
    config.DisplayFormatter.active_types = ["text/plain"]
    return Shell.instance(config=config)


class Executor:
    """Answers the grader's requests, one at a time: run a cell, or answer a question.

    Args:
        shell: where the cells run.
        respond: answers a question about the names that the cells defined.
        output_bytes: how much of a cell's output is kept.
    """

    def __init__(self, shell: Shell, respond: Respond, output_bytes: int) -> None:
        self._shell = shell
        self._respond = respond
        self._output_bytes = output_bytes
        self._interruptible = False

    def handle(self, request: dict[str, Any]) -> Tree:
        """Return the reply to `{"run": source, "show": bool}` or `{"ask": question}`, whatever the student's code does.

        Pictures are drawn where they are to be shown. What is printed while a question is answered is nobody's to
        read, and takes no memory.
        """
        output = CellOutput(self._output_bytes if "run" in request else 0)
        sys.stdin = io.StringIO()
        sys.stdout = sys.stderr = output
        signal.alarm(0)  # one of an earlier cell must not end this one
        signal.signal(signal.SIGINT, self._interrupt)
        self._interruptible = True
        try:
            if "run" in request:
                with collected(self._shell, request["show"]) as pictures:
                    error = self._run(request["run"])
                return {"error": error, "output": output.text(), "pictures": pictures.shown}
            return self._respond(self._shell.user_ns, request["ask"])
        except BaseException as error:
            return broken(error)
        finally:
            self._interruptible = False

    def _run(self, source: str) -> Tree:
        result = self._shell.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]
        error = result.error_before_exec or result.error_in_exec
        return explain(error) if error is not None else None

    def _interrupt(self, signum: int, frame: FrameType | None) -> None:
        if self._interruptible:
            raise KeyboardInterrupt


def explain(error: BaseException) -> dict[str, Any]:
    """Describe an exception by its built-in classes, its name and its message."""
    try:
        message = str(error)[:MAX_MESSAGE]
    except Exception:
        message = ""
    kinds = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
    return {"kinds": kinds, "type": type(error).__name__[:80], "message": message, "line": 0}


def broken(error: BaseException) -> Tree:
    """Return the reply that says that a request could not be carried out."""
    return {"outcome": "broken", "raised": explain(error)}
