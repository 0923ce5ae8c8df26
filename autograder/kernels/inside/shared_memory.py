"""What a submission keeps in /dev/shm, which no process's resident memory shows."""

import contextlib
import os
import time
from pathlib import Path

from . import processes
from .processes import PAUSE

Files = dict[int, tuple[Path, os.stat_result]]

FOLDER = Path("/dev/shm")
SMALL = 2**24
"""Bytes that are not worth finding out whose they are."""


def used_by(pid: int) -> int:
    """Return the bytes in the /dev/shm of a process that has one of its own."""
    try:
        system = os.statvfs(f"/proc/{pid}/root{FOLDER}")
    except OSError:
        return 0
    return (system.f_blocks - system.f_bfree) * system.f_frsize


class Newcomers:
    """The files of this user that appeared in a /dev/shm that others use too, and that nobody else holds.

    Files are known by their inodes: a semaphore is mapped under another name than the one it is left with.
    """

    def __init__(self) -> None:
        self._before = set(files())
        self._not_theirs = 0
        self._due = 0.0

    def used(self, pid: int) -> int:
        """Return the bytes that the descendants of a process are answerable for.

        Finding that out takes a while, so that what was added since the last time is taken for theirs at first.
        """
        sizes = {inode: status.st_blocks * 512 for inode, (_, status) in self._new().items()}
        total = sum(sizes.values())
        if total <= SMALL:
            return 0
        started = time.monotonic()
        if started >= self._due:
            elsewhere = held(except_by=set(processes.tree(pid)))
            self._not_theirs = sum(size for inode, size in sizes.items() if inode in elsewhere)
            self._due = time.monotonic() + PAUSE * (time.monotonic() - started)
        return total - self._not_theirs

    def remove(self) -> None:
        """Remove what nobody holds."""
        if new := self._new():
            elsewhere = held(except_by=set())
            for inode, (path, _) in new.items():
                if inode not in elsewhere:
                    with contextlib.suppress(OSError):
                        path.unlink()

    def _new(self) -> Files:
        return {inode: file for inode, file in files().items() if inode not in self._before}


def files() -> Files:
    """Return this user's files in the folder by inode."""
    found: Files = {}
    with contextlib.suppress(OSError), os.scandir(FOLDER) as listing:
        for entry in listing:
            with contextlib.suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                if status.st_uid == os.getuid():
                    found[status.st_ino] = Path(entry.path), status
    return found


def held(except_by: set[int]) -> set[int]:
    """Return the inodes there that some process maps or has open, except for these processes."""
    found: set[int] = set()
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        if pid not in except_by:
            found |= held_by(pid)
    return found


def held_by(pid: int) -> set[int]:
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for number in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{pid}/fd/{number}").startswith(str(FOLDER)):
                    found.add(os.stat(f"/proc/{pid}/fd/{number}").st_ino)
    with contextlib.suppress(OSError), open(f"/proc/{pid}/maps", errors="replace") as maps:
        found |= {int(line.split()[4]) for line in maps if str(FOLDER) in line}
    return found
