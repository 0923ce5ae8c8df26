"""What a submission keeps in /dev/shm, which no process's resident memory shows."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path("/dev/shm")
SETTLED_SECONDS = 1.0


def used_by(pid: int) -> int:
    """Return the bytes in the /dev/shm of a process that has one of its own."""
    try:
        system = os.statvfs(f"/proc/{pid}/root{FOLDER}")
    except OSError:
        return 0
    return (system.f_blocks - system.f_bfree) * system.f_frsize


class Newcomers:
    """The files of this user that appeared in a /dev/shm that others use too.

    Those of a submission that runs at the same time are counted with them: nothing tells them apart.
    """

    def __init__(self) -> None:
        self._before = set(names())

    def used(self) -> int:
        """Return their bytes."""
        return sum(status.st_blocks * 512 for _, status in self._new())

    def remove(self) -> None:
        """Remove those that nobody can be about to open."""
        for path, status in self._new():
            if status.st_mtime < time.time() - SETTLED_SECONDS or status.st_blocks > 2**11:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _new(self) -> Iterator[tuple[Path, os.stat_result]]:
        for name in set(names()) - self._before:
            with contextlib.suppress(OSError):
                status = (FOLDER / name).lstat()
                if status.st_uid == os.getuid():
                    yield FOLDER / name, status


def names() -> list[str]:
    try:
        return os.listdir(FOLDER)
    except OSError:
        return []
