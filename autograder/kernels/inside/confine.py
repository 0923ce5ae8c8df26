"""How a child is kept in: what every level has to do, and what those do without namespaces."""

import contextlib
import itertools
import os
import resource
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from . import folders, processes, shared_memory

MEASURE_SECONDS = 0.5
REMOVE_SECONDS = 1.0
"""The next submission is not made to wait longer; the grader removes the rest in the end."""


class Confinement(Protocol):
    """A way to fork a child, to confine it from within, to look at it, and to clear up after it."""

    def fork(self) -> int:
        """Fork; return the child's process id in the parent, 0 in the child."""
        ...

    def enter(self, limits: dict[str, Any]) -> None:
        """Go, in the child, to an empty work folder, and give up all that a submission must not have."""
        ...

    def members(self, child: int) -> Iterable[int]:
        """Return the child and every process that descends from it, orphans too."""
        ...

    def ended(self, child: int) -> bool:
        """Ask for the dead who have nobody else; return whether the child is among them."""
        ...

    def shared_memory(self, child: int) -> int:
        """Return the bytes that a child and what it has started keep in /dev/shm."""
        ...

    def sockets(self) -> int:
        """Return how many sockets there are in the child's network, 0 where it shares that with others."""
        ...

    def disk(self) -> int:
        """Return the bytes in the child's work folder, 0 where the kernel limits them."""
        ...

    def end(self, child: int) -> list[str]:
        """Kill what is left of a child, see all of it end, and remove what it left behind.

        Returns:
            The files that may be its and that are left alone all the same.
        """
        ...

    def close(self) -> None:
        """Remove everything there is; it is the grader's last wish, or the grader is gone."""
        ...


class InFolder:
    """A work folder on the disk for each child, and its processes as descendants of this one."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._home = Path.cwd()
        self.folder = self._home

    def fork(self) -> int:
        self.folder = self._home / str(next(self._numbers))
        self.folder.mkdir()
        self._measured = 0.0
        self._nameless_in_memory = 0
        self._gone = False
        return os.fork()

    def enter(self, limits: dict[str, Any]) -> None:
        go_home(self.folder)
        limit_resources(limits)

    def members(self, child: int) -> Iterable[int]:
        return processes.descendants(os.getpid())

    def ended(self, child: int) -> bool:
        with contextlib.suppress(ChildProcessError):
            while pid := os.waitpid(-1, os.WNOHANG)[0]:
                if pid == child:
                    self._gone = True
        return self._gone

    def shared_memory(self, child: int) -> int:
        self._measure()
        return self._nameless_in_memory

    def sockets(self) -> int:
        return 0

    def disk(self) -> int:
        self._measure()
        return self._on_disk

    def end(self, child: int) -> list[str]:
        if not self._gone:
            processes.kill([child])
        with contextlib.suppress(ChildProcessError):
            while True:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    processes.kill(self.members(child))
                    time.sleep(0.001)
        folders.remove(self.folder, REMOVE_SECONDS)
        return []

    def close(self) -> None:
        os.chdir("/")
        folders.remove(self._home)

    def _measure(self) -> None:
        """Look now and then at what the files of a child take, those in no folder that it still writes to too."""
        if time.monotonic() - self._measured > MEASURE_SECONDS:
            on_disk, self._nameless_in_memory = folders.nameless(processes.descendants(os.getpid()), self.folder)
            self._on_disk = folders.size(self.folder) + on_disk
            self._measured = time.monotonic()


class InProcess(InFolder):
    """Resource limits and nothing else: the files, the network and the other processes of the user stay in reach."""

    def fork(self) -> int:
        self._newcomers = shared_memory.Newcomers()
        return super().fork()

    def shared_memory(self, child: int) -> int:
        return super().shared_memory(child) + self._newcomers.used(self.members(child))

    def end(self, child: int) -> list[str]:
        self._newcomers.look(self.members(child))
        return [*super().end(child), *self._newcomers.remove()]


def go_home(folder: Path) -> None:
    """Make a folder the working directory, the home and the place of temporary files."""
    os.chdir(folder)
    os.environ["HOME"] = os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None


def limit_resources(limits: dict[str, Any]) -> None:
    """Set the limits that the kernel keeps for each process."""
    for name, wanted in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_FSIZE, limits["disk_mb"] * 2**20),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
    ):
        hard = resource.getrlimit(name)[1]
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(name, (value, value))
