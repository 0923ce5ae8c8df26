"""How a child is kept in: at each level by what that level has."""

import contextlib
import errno
import itertools
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Protocol

from . import processes, shared_memory

MEASURE_SECONDS = 0.5
REMOVE_SECONDS = 1.0
"""The next submission is not made to wait longer; the grader removes the rest in the end."""
BLOCK = 4096
MAX_ENTRIES = 20_000


class Level(Protocol):
    """A way to fork a child, to confine it from within, and to clear up after it."""

    def fork(self) -> int:
        """Fork; return the child's process id in the parent, 0 in the child."""
        ...

    def enter(self, limits: dict[str, Any]) -> None:
        """Go, in the child, to an empty work folder, and give up all that a submission must not have."""
        ...

    def shared_memory(self, child: int) -> int:
        """Return the bytes that a child and what it has started keep in /dev/shm."""
        ...

    def disk(self) -> int:
        """Return the bytes in the child's work folder, 0 where the kernel limits them."""
        ...

    def clear(self) -> None:
        """Remove, in the parent, what an ended child left behind."""
        ...

    def close(self) -> None:
        """Remove, in the parent, everything there is; it is the grader's last wish, or the grader is gone."""
        ...


class Process:
    """Resource limits and nothing else: the files, the network and the other processes of the user stay in reach."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._home = Path.cwd()
        self._device = self._home.stat().st_dev
        self.folder = self._home

    def fork(self) -> int:
        self.folder = self._home / str(next(self._numbers))
        self.folder.mkdir()
        self._newcomers = shared_memory.Newcomers()
        self._measured = 0.0
        return os.fork()

    def enter(self, limits: dict[str, Any]) -> None:
        go_home(self.folder)
        limit_resources(limits)

    def shared_memory(self, child: int) -> int:
        self._measure()
        return self._newcomers.used(os.getpid()) + self._nameless_in_memory

    def disk(self) -> int:
        self._measure()
        return self._on_disk

    def clear(self) -> None:
        self._newcomers.remove()
        remove(self.folder, REMOVE_SECONDS)

    def close(self) -> None:
        os.chdir("/")
        remove(self._home)

    def _measure(self) -> None:
        """Look now and then at what the files of a child take, those that it has removed and still writes to too."""
        if time.monotonic() - self._measured > MEASURE_SECONDS:
            nameless = processes.nameless(os.getpid())
            on_disk = sum(size for (device, _), size in nameless.items() if device == self._device)
            self._nameless_in_memory = sum(nameless.values()) - on_disk
            self._on_disk = size(self.folder) + on_disk
            self._measured = time.monotonic()


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


def size(folder: Path) -> int:
    """Return the bytes that a folder takes, at least a block for each entry.

    It counts no further than MAX_ENTRIES; deeper than a path may be long, it counts as too large for any limit.
    """
    total, entries, folders = 0, 0, [str(folder)]
    while folders and entries < MAX_ENTRIES:
        try:
            with os.scandir(folders.pop()) as listing:
                for entry in listing:
                    entries += 1
                    total += max(entry.stat(follow_symlinks=False).st_blocks * 512, BLOCK)
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
        except OSError as error:  # removed meanwhile, or not to be read
            if error.errno == errno.ENAMETOOLONG:
                return sys.maxsize
    return total


def remove(folder: Path, seconds: float | None = None) -> None:
    """Remove a folder that a submission wrote, whatever it did to it: rm copes with any depth, Python does not.

    What is still there after three times these seconds stays.
    """
    for command in (["/bin/rm", "-rf"], ["/bin/chmod", "-R", "u+rwX"], ["/bin/rm", "-rf"]):
        if folder.exists():
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run([*command, folder], check=False, stderr=subprocess.DEVNULL, timeout=seconds)
