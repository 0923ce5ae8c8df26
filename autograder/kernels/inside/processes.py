"""The processes of a submission, read from /proc: which there are, what each takes, and an end to them.

Where there is no /proc (macOS) nothing is seen, and only the child itself is ended.
"""

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

PR_SET_CHILD_SUBREAPER = 36
TICKS = os.sysconf("SC_CLK_TCK")
DEAD = ("Z", "X")
KB = 1024
PAUSE = 10
"""How many times as long as something slow took one waits before doing it again."""


@dataclass(frozen=True)
class Process:
    """A living process.

    Attributes:
        pid: its number.
        state: R when it runs or waits for a processor, else another letter.
        threads: how many it has.
        resident: bytes of its memory, pages shared with others in full.
        tables: bytes of what the kernel keeps to find its pages, also those that it has only read.
        session: number of its session.
    """

    pid: int
    state: str
    threads: int
    resident: int
    tables: int
    session: int


@dataclass(frozen=True)
class Mapping:
    """A part of a file in the memory of a process: its path, inode and bytes, and rights such as rw-s."""

    path: str
    inode: int
    length: int
    rights: str


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


def living(pids: Iterable[int]) -> list[Process]:
    """Return what there is of these processes, without the dead whose parents have not asked for them."""
    found = (look(pid) for pid in pids)
    return [process for process in found if process is not None and process.state not in DEAD]


def look(pid: int) -> Process | None:
    """Return a process as it is now, None when it is gone."""
    try:
        with open(f"/proc/{pid}/status", errors="replace") as file:
            fields = dict(line.split(":", 1) for line in file)
    except OSError:
        return None
    resident, tables, session = (int(fields.get(name, "0").split()[0]) for name in ("VmRSS", "VmPTE", "NSsid"))
    return Process(pid, fields["State"].split()[0], int(fields["Threads"]), resident * KB, tables * KB, session)


def runnable(process: Process) -> int:
    """Return how many threads of a process run or wait for a processor."""
    if process.threads == 1:
        return int(process.state == "R")
    return sum(times[0] == "R" for task in tasks(process.pid) if (times := stat(f"{process.pid}/task/{task}")))


def seconds(pid: int) -> float:
    """Return the processor time of a process and of its children that ended and that it asked for."""
    fields = stat(str(pid))
    return sum(map(int, fields[11:15])) / TICKS if fields else 0.0


def stat(path: str) -> list[str]:
    """Return the fields of /proc/.../stat behind the name, none when the process is gone."""
    try:
        with open(f"/proc/{path}/stat", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []


def proportional(process: Process) -> tuple[int, int]:
    """Return the memory of a process in bytes, where a page shared by n counts as 1/n, and the part of it that is
    shared memory."""
    parts = {"Pss:": 0, "Pss_Shmem:": 0}
    try:
        with open(f"/proc/{process.pid}/smaps_rollup") as file:
            for line in file:
                name, *words = line.split()
                if name in parts:
                    parts[name] = int(words[0]) * KB
    except OSError:
        return process.resident, 0
    return parts["Pss:"], parts["Pss_Shmem:"]


def descriptors(pid: int) -> int:
    """Return how many descriptors a process has open; since Linux 6.2 the size of their folder says so."""
    try:
        return os.stat(f"/proc/{pid}/fd").st_size or len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def opened(pid: int) -> Iterator[tuple[str, str]]:
    """Yield what a process has open: the path of each descriptor, and what it leads to."""
    with contextlib.suppress(OSError):
        for number in os.listdir(f"/proc/{pid}/fd"):
            path = f"/proc/{pid}/fd/{number}"
            with contextlib.suppress(OSError):
                yield path, os.readlink(path)


def mapped(pid: int) -> Iterator[Mapping]:
    """Yield what a process maps of files."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/maps", errors="replace") as maps:
        for line in maps:
            addresses, rights, _, _, inode, *path = line.rstrip("\n").split(maxsplit=5)
            if inode != "0":
                start, end = (int(address, 16) for address in addresses.split("-"))
                yield Mapping("".join(path), int(inode), end - start, rights)


def give_way(pid: int) -> None:
    """Have all threads of a process, and what it starts from now on, run only when nobody else wants to."""
    for task in tasks(pid):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(int(task), os.SCHED_IDLE, os.sched_param(0))


def kill(pids: Iterable[int]) -> None:
    """Kill these processes."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
