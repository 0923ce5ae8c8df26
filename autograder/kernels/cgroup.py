"""The kernel's own bounds on a submission: cgroups, as far as this machine lets them be made.

One bounds memory, another gives every submission the same share of the processors however many processes it has, a
third counts processor time. In version 1 each of them may be a hierarchy of its own, in version 2 all are one.
The zygote stays outside, each child enters before it runs anything. The watch over memory goes on beside it: that one
is precise and works everywhere, but looks only now and then, and a fast allocation outruns it.
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
class Controller:
    """What a controller is for: files that are set once, the one that takes a limit, those that count something."""

    settings: tuple[tuple[str, str], ...] = ()
    limit: str = ""
    counts: tuple[tuple[str, str], ...] = ()


CONTROLLERS = {
    1: {
        "memory": Controller(
            (("memory.swappiness", "0"),), "memory.limit_in_bytes", (("kills", "memory.oom_control"),)
        ),
        "cpu": Controller(),
        "cpuacct": Controller(counts=(("used", "cpuacct.usage"),)),
    },
    2: {
        "memory": Controller(
            (("memory.swap.max", "0"), ("memory.oom.group", "1")), "memory.max", (("kills", "memory.events"),)
        ),
        "cpu": Controller(counts=(("used", "cpu.stat"),)),
    },
}
# One thread enters a v1 cgroup by `tasks` in 0.05 ms. `cgroup.procs`, all there is in v2, sleeps 6 to 10 ms until every
# processor has taken note, unless the file system is mounted with favordynmods.
ENTRANCE = {1: "tasks", 2: "cgroup.procs"}


@dataclass(frozen=True)
class Place:
    """A cgroup in which this process may be able to make another, and what that one can bound."""

    version: int
    parent: Path
    controllers: tuple[str, ...]


class Cgroup:
    """A cgroup for one submission at a time.

    Args:
        place: where it is made.

    Raises:
        OSError: when it cannot be made there.
    """

    def __init__(self, place: Place) -> None:
        sweep(place.parent)
        self.place = place
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=place.parent))
        self._limits: list[Path] = []
        self._bytes = 0
        self._open: list[tuple[str, int]] = []
        try:
            self._prepare()
        except OSError:
            self.close()
            raise

    def admit(self, limit: int) -> list[tuple[str, int]]:
        """Bound the memory that is charged from now on, in bytes; return the files for a child and what each is for."""
        if limit != self._bytes:
            with contextlib.suppress(OSError):  # what an ended submission left may not be gone yet
                for path in self._limits:
                    write(path, str(limit))
                self._bytes = limit
        return [(kind, file) for kind, file in self._open if kind != "used"]

    def used(self) -> float | None:
        """Return the seconds of processors used in here so far, None where this cgroup does not count them."""
        for kind, file in self._open:
            if kind == "used":
                with contextlib.suppress(OSError, ValueError):
                    name, *words = os.pread(file, 4096, 0).split()
                    return int(words[0]) / 1e6 if name == b"usage_usec" else int(name) / 1e9
        return None

    def close(self) -> None:
        """Remove it, and kill whoever a zygote that was itself killed has left in it."""
        while self._open:
            os.close(self._open.pop()[1])
        deadline = time.monotonic() + REMOVE_SECONDS
        while not removed(self.folder) and time.monotonic() < deadline:
            for pid in members(self.folder):
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)

    def _prepare(self) -> None:
        kind = "share" if "cpu" in self.place.controllers else "enter"
        files = [(kind, ENTRANCE[self.place.version], os.O_WRONLY)]
        for name in self.place.controllers:
            controller = CONTROLLERS[self.place.version][name]
            for setting, text in controller.settings:
                with contextlib.suppress(FileNotFoundError):  # a kernel without swap has no setting for it
                    write(self.folder / setting, text)
            if controller.limit:
                self._limits.append(self.folder / controller.limit)
            files += [(count, file, os.O_RDONLY) for count, file in controller.counts]
        for what, file, flags in files:
            self._open.append((what, os.open(self.folder / file, flags)))


def make() -> list[Cgroup]:
    """Return new cgroups that together bound what can be bound here; none where none can be made."""
    made: list[Cgroup] = []
    with contextlib.suppress(OSError, ValueError):
        for place in places():
            if not any(set(place.controllers) & set(other.place.controllers) for other in made):
                with contextlib.suppress(OSError):
                    made.append(Cgroup(place))
    return made


def available() -> dict[str, int]:
    """Return what can be bound here, "memory" and "cpu", with the version of the cgroups that do it."""
    found: dict[str, int] = {}
    for cgroup in make():
        found |= dict.fromkeys(cgroup.place.controllers, cgroup.place.version)
        cgroup.close()
    return found


def places() -> Iterator[Place]:
    """Yield where this process may be able to make cgroups, the best first.

    That is its own of each hierarchy. In v2 a cgroup that holds processes cannot hand its controllers down, so the one
    above it is the next choice: it belongs to this user where control is delegated.
    """
    for line in OWN.read_text().splitlines():
        number, names, path = line.split(":", 2)
        if ours := tuple(name for name in names.split(",") if name in CONTROLLERS[1]):
            yield Place(1, MOUNT / ours[0] / path.lstrip("/"), ours)
        elif number == "0":
            own = MOUNT / path.lstrip("/")
            for parent in (own, own.parent):
                if handed := tuple(name for name in CONTROLLERS[2] if hand_down(parent, name)):
                    yield Place(2, parent, handed)


def hand_down(parent: Path, controller: str) -> bool:
    """Let the cgroups in this one use a controller; return whether they can."""
    with contextlib.suppress(OSError):
        write(parent / "cgroup.subtree_control", f"+{controller}")
        return True
    return False


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
