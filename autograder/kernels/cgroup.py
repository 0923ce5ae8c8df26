"""The kernel's own bound on a submission's memory: a cgroup, where this machine lets one be made.

The zygote stays outside, each child enters before it runs anything. The watch over resident memory goes on beside it:
that one is precise and works everywhere, but looks only now and then, and a fast allocation outruns it.
"""

import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PREFIX = "autograder-"
REMOVE_SECONDS = 1.0
MOUNT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")


@dataclass(frozen=True)
class Interface:
    """The files of a cgroup: where the limit goes, what else is set once, where to enter, and what counts kills."""

    limit: str
    settings: tuple[tuple[str, str], ...]
    entrance: str
    events: str


# One thread enters a v1 cgroup by `tasks` in 0.05 ms. `cgroup.procs`, all there is in v2, sleeps 6 to 10 ms until every
# processor has taken note, unless the file system is mounted with favordynmods.
VERSIONS = {
    1: Interface("memory.limit_in_bytes", (("memory.swappiness", "0"),), "tasks", "memory.oom_control"),
    2: Interface("memory.max", (("memory.swap.max", "0"), ("memory.oom.group", "1")), "cgroup.procs", "memory.events"),
}


class MemoryCgroup:
    """A cgroup that bounds the memory of one submission at a time, without swapping.

    Args:
        version: of cgroups, 1 or 2.
        parent: folder of the cgroup in which it is made.

    Raises:
        OSError: when it cannot be made there.
    """

    def __init__(self, version: int, parent: Path) -> None:
        interface = VERSIONS[version]
        sweep(parent)
        self.version = version
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=parent))
        self._limit = self.folder / interface.limit
        self._bytes = 0
        self._open: list[int] = []
        try:
            for name, text in interface.settings:
                with contextlib.suppress(FileNotFoundError):  # a kernel without swap has no setting for it
                    write(self.folder / name, text)
            self._open.append(os.open(self.folder / interface.entrance, os.O_WRONLY))
            self._open.append(os.open(self.folder / interface.events, os.O_RDONLY))
        except OSError:
            self.close()
            raise

    def admit(self, limit: int) -> list[int]:
        """Bound what is charged from now on, in bytes; return the descriptors of the entrance and of the events."""
        if limit != self._bytes:
            with contextlib.suppress(OSError):  # what an ended submission left may not be gone yet
                write(self._limit, str(limit))
                self._bytes = limit
        return self._open

    def close(self) -> None:
        """Remove it, and kill whoever a zygote that was itself killed has left in it."""
        while self._open:
            os.close(self._open.pop())
        deadline = time.monotonic() + REMOVE_SECONDS
        while not removed(self.folder) and time.monotonic() < deadline:
            for pid in members(self.folder):
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)


def make() -> MemoryCgroup | None:
    """Return a new cgroup, None where none can be made."""
    with contextlib.suppress(OSError, ValueError):
        for version, parent in places():
            with contextlib.suppress(OSError):
                return MemoryCgroup(version, parent)
    return None


def available() -> int | None:
    """Return the version of the cgroups that can be made here, None when none can."""
    if (made := make()) is None:
        return None
    made.close()
    return made.version


def places() -> Iterator[tuple[int, Path]]:
    """Yield the version and the folder of cgroups in which this process may be able to make one.

    That is its own. In v2 a cgroup that holds processes cannot hand the memory controller down, so the one above it is
    the next choice: it belongs to this user where control is delegated.
    """
    for line in OWN.read_text().splitlines():
        number, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            yield 1, MOUNT / "memory" / path.lstrip("/")
        elif number == "0":
            own = MOUNT / path.lstrip("/")
            for parent in (own, own.parent):
                with contextlib.suppress(OSError):
                    write(parent / "cgroup.subtree_control", "+memory")
                    yield 2, parent


def sweep(parent: Path) -> None:
    """Remove the cgroups of graders that were killed: each bears the process id of its own."""
    for folder in parent.glob(f"{PREFIX}*"):
        try:
            os.kill(int(folder.name.split("-")[1]), 0)
        except ProcessLookupError:
            removed(folder)
        except (PermissionError, ValueError):
            continue


def removed(folder: Path) -> bool:
    """Remove a cgroup; return whether it is gone, which it cannot be while there are processes in it."""
    with contextlib.suppress(OSError):
        folder.rmdir()
    return not folder.exists()


def members(folder: Path) -> list[int]:
    """Return the processes in a cgroup that this process can see."""
    with contextlib.suppress(OSError):
        return [pid for pid in map(int, (folder / "cgroup.procs").read_text().split()) if pid]
    return []


def write(path: Path, text: str) -> None:
    """Write to a file of the kernel's; unlike Path.write_text, never create one."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
