"""Files planted where people keep courses, submissions and settings, and looked for from within a submission."""

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.kernels import start
from autograder.kernels.doctor import UnavailableLevel, try_level
from autograder.kernels.view import submissions_view

KEPT = (
    *("/usr/local/share/nbgrader/exchange", "/usr/local/share", "/usr/local/etc/jupyter", "/usr/local/etc"),
    *("/usr/local/src", "/usr/local", "/usr/src", "/usr/share", "/usr/share/nbgrader", "/usr/etc", "/usr"),
    *("/etc/jupyter", "/etc", "/opt", "/srv", "/home", "/mnt", "/media", "/root", "/tmp", "/var/tmp", "/var/lib", "/"),
)
"""Where courses, exchanges and the settings of servers lie, and the folders that these are made in."""


@dataclass
class Search:
    """What was looked for from within: files that were planted, folders in which none could be, what was seen."""

    level: str
    planted: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        closed = f"; {len(self.closed)} folders closed to you are not shown" if self.closed else ""
        seen = ", ".join(self.seen) or "none"
        return f"{len(self.planted)} planted where courses are kept, seen at {self.level}: {seen}{closed}"


def places() -> Iterator[Path]:
    """Yield where people keep things beside a Python that everybody may see."""
    yield from map(Path, KEPT)
    for prefix in (sys.prefix, sys.base_prefix):
        yield from (Path(prefix, name) for name in ("", "etc", "etc/jupyter", "share", "src"))
    yield from (Path.cwd(), Path.home())


def search(level: str, kept: Iterable[Path]) -> Search:
    """Plant a file in each of these folders that exists, look for all of them from within, and remove them.

    Where this user may not write, the list of what is mounted is looked at in place of a file.
    """
    view = submissions_view(start.site_packages())
    found = Search(level)
    try:
        for folder in dict.fromkeys(path.resolve() for path in kept if os.path.isdir(path)):
            try:
                descriptor, name = tempfile.mkstemp(prefix=".autograder-doctor-", dir=folder)
                os.close(descriptor)
                found.planted.append(name)
            except OSError:
                found.closed.append(str(folder))
        said, wrong = try_level(level, found.planted)
        if wrong:
            raise UnavailableLevel(f"isolation level {level} is not available: {wrong}")
        found.seen = json.loads(said)
    finally:
        for name in found.planted:
            with contextlib.suppress(OSError):
                os.unlink(name)
    found.seen += [folder for folder in found.closed if view.beneath(Path(folder))]
    return found
