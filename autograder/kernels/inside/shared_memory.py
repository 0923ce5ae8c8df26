"""What a submission keeps in /dev/shm, which no process's resident memory shows."""

import contextlib
import os
import time
from collections.abc import Iterable
from pathlib import Path

from . import processes
from .processes import PAUSE

Files = dict[Path, os.stat_result]

FOLDER = Path("/dev/shm")
SMALL = 2**24
"""Bytes that are not worth finding out whose they are."""

BLOCK = 4096

ABANDONED_SECONDS = 1.0
"""How long nobody may hold a file: from one process's closing it to the next one's opening it."""


def used_by(pid: int) -> int:
    """Return the bytes in the /dev/shm of a process that has one of its own."""
    try:
        system = os.statvfs(f"/proc/{pid}/root{FOLDER}")
    except OSError:
        return 0
    return (system.f_blocks - system.f_bfree) * system.f_frsize


class Newcomers:
    """The files of this user that appeared in a /dev/shm that others use too.

    A file is for those to answer for who map it or have it open, whoever made it; one that nobody has held for a while
    is removed under all its names, so that it fills no memory and is nobody's. Files are known by their inodes: a
    semaphore is mapped under another name than the one it is left with.
    """

    def __init__(self) -> None:
        self._before = {status.st_ino for status in files().values()}
        self._theirs: set[int] = set()
        self._due = 0.0

    def used(self, pid: int) -> int:
        """Return the bytes that the descendants of a process hold, as of the last time that was found out."""
        new = self._new()
        sizes = {status.st_ino: size(status) for status in new.values()}
        if sum(sizes.values()) <= SMALL:
            return 0
        started = time.monotonic()
        if started >= self._due:
            self._theirs = held(processes.descendants(pid))
            self._remove(new, time.time() - ABANDONED_SECONDS)
            self._due = time.monotonic() + PAUSE * (time.monotonic() - started)
        return sum(size for inode, size in sizes.items() if inode in self._theirs)

    def remove(self) -> None:
        """Remove what nobody holds."""
        self._remove(self._new(), time.time())

    def _new(self) -> Files:
        return {path: status for path, status in files().items() if status.st_ino not in self._before}

    def _remove(self, files: Files, before: float) -> None:
        """Remove those of the files that were last changed before some time and that nobody holds."""
        old = {path: status.st_ino for path, status in files.items() if status.st_ctime < before}
        if old:
            kept = held(map(int, filter(str.isdigit, os.listdir("/proc"))))
            for path, inode in old.items():
                if inode not in kept:
                    with contextlib.suppress(OSError):
                        path.unlink()


def size(file: os.stat_result) -> int:
    """Return the bytes that a file takes; an empty one is not for nothing."""
    return max(file.st_blocks * 512, BLOCK)


def files() -> Files:
    """Return this user's files in the folder by name."""
    found: Files = {}
    with contextlib.suppress(OSError), os.scandir(FOLDER) as listing:
        for entry in listing:
            with contextlib.suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                if status.st_uid == os.getuid():
                    found[Path(entry.path)] = status
    return found


def held(by: Iterable[int]) -> set[int]:
    """Return the inodes there that some of these processes map or have open."""
    return set().union(*map(held_by, by))


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
