"""The processes of a submission, read from /proc: how many, how much memory, and an end to them.

Where there is no /proc (macOS) nothing is seen, and only the child itself is ended.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator

PR_SET_CHILD_SUBREAPER = 36
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


def count(pid: int) -> int:
    """Return how many threads a process and its descendants have."""
    return sum(len(tasks(member)) for member in tree(pid))


def resident(pid: int) -> int:
    """Return the resident memory of a process in bytes; pages shared with others count in full."""
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def proportional(pid: int) -> int:
    """Return the resident memory of a process in bytes; a page shared by n processes counts as 1/n."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return sum(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))
    except OSError:
        return resident(pid)


def memory(pid: int, enough: int = 0) -> int:
    """Return the resident memory of a process and its descendants in bytes, shared pages counted once.

    The exact sum is slow, so it is taken only when the quick one, which counts shared pages for each process, exceeds `enough`.
    """
    members = list(tree(pid))
    quick = sum(map(resident, members))
    return sum(map(proportional, members)) if quick > enough and len(members) > 1 else quick


def kill_descendants() -> None:
    """Kill every process that descends from this one."""
    me = os.getpid()
    for member in tree(me):
        if member != me:
            try:
                os.kill(member, signal.SIGKILL)
            except ProcessLookupError:
                pass
