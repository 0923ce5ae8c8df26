"""Watching the cells of a notebook: which definitions failed since, and which names come close to an exercise's."""

import difflib
import re
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from autograder.checks import progress

DEFINES = re.compile(r"^(?:(?:async\s+)?def|class)\s+(\w+)|^(\w+)\s*=(?!=)", re.MULTILINE)
CLOSE = 0.8


def similar(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that a name was probably meant to be, if any, capitals and underscores apart."""
    plain = {_plain(one): one for one in known}
    close = difflib.get_close_matches(_plain(name), list(plain), n=1, cutoff=CLOSE)
    return plain[close[0]] if close else None


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def names() -> list[str]:
    """Return the names of the exercises of the notebook that is open."""
    begun = progress.current()
    return [exercise.name for exercise in begun.exercises] if begun else []


@dataclass
class CellWatch:
    """What the cells since the last good definition of each exercise did: failed, or defined a name that is close."""

    failed: dict[str, int] = field(default_factory=dict)
    misnamed: dict[str, str] = field(default_factory=dict)

    def see(self, source: str, count: int, succeeded: bool) -> None:
        """Take note of a cell that has run."""
        known = names()
        for match in DEFINES.finditer(source):
            name = match[1] or match[2]
            if name in known:
                self.misnamed.pop(name, None)
                self.failed.pop(name, None)
                if not succeeded:
                    self.failed[name] = count
            elif match[1] and (meant := similar(name, known)):
                self.misnamed[meant] = name

    def says(self, name: str) -> str:
        """Return what to know of the version of an exercise that is checked; an empty string where it is the last."""
        if name in self.failed:
            return f"Cell [{self.failed[name]}], which defines `{name}`, has failed since: this is an older version."
        if name in self.misnamed:
            return f"`{self.misnamed[name]}` was defined since: did you mean `{name}`? This is an older version."
        return ""


seen = CellWatch()


def shell() -> Any:
    """Return the IPython that runs the notebook, None in a plain interpreter."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def start() -> None:
    """Watch the cells that run from now on, once in a kernel."""
    running = shell()
    if running is not None and _after not in running.events.callbacks["post_run_cell"]:
        running.events.register("post_run_cell", _after)
        running.set_custom_exc((NameError,), _explain)


def _after(result: Any) -> None:
    if result.info is not None:
        seen.see(result.info.raw_cell, result.execution_count or 0, result.success)


def _explain(running: Any, kind: type, error: NameError, trace: Any, tb_offset: int | None = None) -> None:
    """Show one line in place of a traceback where a cell itself, and no function in it, lacks an exercise."""
    *_, (frame, _) = traceback.walk_tb(trace)
    if frame.f_code.co_name == "<module>" and (line := undefined(error.name or "")):
        error._render_traceback_ = lambda: [line]  # type: ignore[attr-defined]
    running.showtraceback((kind, error, trace), tb_offset=tb_offset)


def undefined(name: str) -> str:
    """Return what to do where a name is not defined; an empty string for one that is far from all exercises."""
    known = names()
    if name not in known:
        meant = similar(name, known)
        return f"NameError: `{name}` is not defined: did you mean `{meant}`?" if meant else ""
    if name in seen.failed:
        return f"NameError: `{name}` is not defined: cell [{seen.failed[name]}], which defines it, has failed."
    if name in seen.misnamed:
        return f"NameError: `{seen.misnamed[name]}` was defined: did you mean `{name}`?"
    return f"NameError: `{name}` is not defined yet: run its cell first, that of exercise {1 + known.index(name)}."
