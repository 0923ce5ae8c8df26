"""What a submission keeps in /dev/shm, which no process's resident memory shows."""

import contextlib
import os
import time
from collections.abc import Iterable
from pathlib import Path

from . import processes
from .processes import PAUSE

FOLDER = Path("/dev/shm")
BLOCK = 4096


def used_by(pid: int) -> int:
    """Return the bytes in the /dev/shm of a process that has one of its own."""
    try:
        system = os.statvfs(f"/proc/{pid}/root{FOLDER}")
    except OSError:
        return 0
    return (system.f_blocks - system.f_bfree) * system.f_frsize


class Newcomers:
    """The files that appeared in a /dev/shm in which other programs of the same user keep files too.

    Only those that a process of the submission was seen to write to are the submission's: they count for it until it
    ends, and are then removed under all their names, unless somebody else holds them. Files are known by their inodes:
    a semaphore is mapped under another name than the one it is left with.
    """

    def __init__(self) -> None:
        self._before = {status.st_ino for status in files().values()}
        self._theirs: set[int] = set()
        self._due = 0.0

    def used(self, pids: Iterable[int]) -> int:
        """Return the bytes of what these processes, and those before them, were seen to write to."""
        started = time.monotonic()
        if started >= self._due:
            self.look(pids)
            self._due = time.monotonic() + PAUSE * (time.monotonic() - started)
        return sum(size(status) for status in self._new().values() if status.st_ino in self._theirs)

    def look(self, pids: Iterable[int]) -> None:
        """Find out which of the files these processes write to."""
        if self._new():
            self._theirs |= held(pids, writing=True) - self._before

    def remove(self) -> list[str]:
        """Remove what is the submission's, and return the files that may be: new ones that nobody holds."""
        left = []
        if new := self._new():
            elsewhere = held(map(int, filter(str.isdigit, os.listdir("/proc"))))
            for path, status in new.items():
                if status.st_ino in elsewhere:
                    continue
                if status.st_ino not in self._theirs:
                    left.append(str(path))
                    continue
                with contextlib.suppress(OSError):
                    path.unlink()
        return left

    def _new(self) -> dict[Path, os.stat_result]:
        return {path: status for path, status in files().items() if status.st_ino not in self._before}


def size(file: os.stat_result) -> int:
    """Return the bytes that a file takes; an empty one is not for nothing."""
    return max(file.st_blocks * 512, BLOCK)


def files() -> dict[Path, os.stat_result]:
    """Return this user's files in the folder by name."""
    found: dict[Path, os.stat_result] = {}
    with contextlib.suppress(OSError), os.scandir(FOLDER) as listing:
        for entry in listing:
            with contextlib.suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                if status.st_uid == os.getuid():
                    found[Path(entry.path)] = status
    return found


def held(by: Iterable[int], writing: bool = False) -> set[int]:
    """Return the inodes there that some of these processes map or have open, or only those that they may write to."""
    found: set[int] = set()
    for pid in by:
        for path, target in processes.opened(pid):
            if target.startswith(f"{FOLDER}/"):
                with contextlib.suppress(OSError):
                    # The mode of the link says how the file was opened.
                    if not writing or os.lstat(path).st_mode & 0o200:
                        found.add(os.stat(path).st_ino)
        for mapping in processes.mapped(pid):
            if mapping.path.startswith(f"{FOLDER}/") and (not writing or "w" in mapping.rights):
                found.add(mapping.inode)
    return found
