"""How a child is kept in: one level each for what the machine offers."""

import os
import resource
from typing import Any, Protocol


class Level(Protocol):
    """A way to fork a child and to confine it from within."""

    def fork(self) -> int:
        """Fork; return the child's process id in the parent, 0 in the child."""
        ...

    def enter(self, limits: dict[str, Any]) -> str:
        """Give up, in the child, all it must not have; return its work folder."""
        ...

    def clear(self) -> None:
        """Remove, in the parent, what an ended child left behind."""
        ...


class Process:
    """Resource limits and nothing else: the files, the network and the other processes of the user stay in reach."""

    def fork(self) -> int:
        return os.fork()

    def enter(self, limits: dict[str, Any]) -> str:
        limit_resources(limits)
        folder: str = limits["folder"]
        return folder

    def clear(self) -> None:
        pass


def prepare(level: str) -> Level:
    """Return the level of this name, ready to fork."""
    return Process()


def limit_resources(limits: dict[str, Any]) -> None:
    """Set the limits that the kernel keeps for each process."""
    for name, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_FSIZE, limits["disk_mb"] * 2**20),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
    ):
        hard = resource.getrlimit(name)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (value, value))
