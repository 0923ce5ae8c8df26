"""The processes of a submission, read from /proc: how many, how much memory, and an end to them.

Where there is no /proc (macOS) nothing is seen, and only the child itself is ended.
"""

import contextlib
import ctypes
import math
import os
import signal
import stat
import sys
import time
from collections.abc import Iterator

PR_SET_CHILD_SUBREAPER = 36
PAUSE = 10
"""How many times as long as something slow took one waits before doing it again."""
PAGE = os.sysconf("SC_PAGE_SIZE")


def adopt_orphans() -> None:
    """Become the parent of orphaned descendants, so that none of them gets away."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def tasks(pid: int) -> list[str]:
    """Return the threads of a process, none when it is gone."""
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def tree(pid: int) -> Iterator[int]:
    """Yield a process and all its descendants."""
    yield pid
    for task in tasks(pid):
        try:
            with open(f"/proc/{pid}/task/{task}/children") as file:
                children = file.read().split()
        except OSError:
            continue
        for child in children:
            yield from tree(int(child))


def descendants(pid: int) -> Iterator[int]:
    """Yield all processes that descend from one."""
    members = tree(pid)
    next(members)
    yield from members


def count(pid: int) -> int:
    """Return how many threads the descendants of a process have."""
    return sum(len(tasks(member)) for member in descendants(pid))


def resident(pid: int) -> int:
    """Return the resident memory of a process in bytes; pages shared with others count in full."""
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def proportional(pid: int) -> tuple[int, int]:
    """Return the memory of a process in bytes, where a page shared by n counts as 1/n, and the part of it that is
    shared memory."""
    parts = {"Pss:": 0, "Pss_Shmem:": 0}
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            for line in file:
                name, *words = line.split()
                if name in parts:
                    parts[name] = int(words[0]) * 1024
    except OSError:
        return resident(pid), 0
    return parts["Pss:"], parts["Pss_Shmem:"]


def nameless(pid: int) -> dict[tuple[int, int], int]:
    """Return the bytes of the files that descendants of a process hold open and no folder shows, by device and
    inode."""
    found = {}
    for member in descendants(pid):
        with contextlib.suppress(OSError):
            for number in os.listdir(f"/proc/{member}/fd"):
                with contextlib.suppress(OSError):
                    status = os.stat(f"/proc/{member}/fd/{number}")
                    if stat.S_ISREG(status.st_mode) and status.st_nlink == 0:
                        found[status.st_dev, status.st_ino] = status.st_blocks * 512
    return found


class MemoryWatch:
    """Tells when the descendants of a process have more resident memory than a limit, each page counted once.

    The exact sum takes tens of milliseconds a process. It is taken only when the quick one, in which a page counts for
    each process that shares it, could hide an excess: when that sum is above the limit and has grown by what was left
    under it last time, or when a while has passed.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._enough = limit
        self._due = math.inf

    def exceeded(self, pid: int, shared: int) -> bool:
        """Look at the descendants of the process now; `shared` are the bytes in their /dev/shm, mapped or not."""
        members = list(descendants(pid))
        quick = sum(map(resident, members)) + shared
        started = time.monotonic()
        if quick <= self._limit or (quick <= self._enough and started < self._due):
            return False
        parts = [proportional(member) for member in members]
        exact = sum(part for part, _ in parts) + max(0, shared - sum(mapped for _, mapped in parts))
        self._enough = quick + self._limit - exact
        self._due = time.monotonic() + PAUSE * (time.monotonic() - started)
        return exact > self._limit


def kill_descendants() -> None:
    """Kill every process that descends from this one."""
    for member in descendants(os.getpid()):
        with contextlib.suppress(ProcessLookupError):
            os.kill(member, signal.SIGKILL)
