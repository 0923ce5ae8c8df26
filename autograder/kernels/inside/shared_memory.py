"""What a submission keeps in /dev/shm, which no process's resident memory shows."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from . import processes

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
    """The files of this user that appeared in a /dev/shm that others use too, and that nobody else holds."""

    def __init__(self) -> None:
        self._before = set(names())

    def used(self, pid: int) -> int:
        """Return the bytes that the descendants of a process are answerable for."""
        if self._size(self._names()) <= SMALL:
            return 0
        return self._size(self._names() - held(except_by=set(processes.tree(pid))))

    def remove(self) -> None:
        """Remove what nobody holds."""
        if new := self._names():
            for name in new - held(except_by=set()):
                with contextlib.suppress(OSError):
                    (FOLDER / name).unlink()

    def _names(self) -> set[str]:
        return {name for name in set(names()) - self._before if owner(name) == os.getuid()}

    def _size(self, names: Iterable[str]) -> int:
        total = 0
        for name in names:
            with contextlib.suppress(OSError):
                total += (FOLDER / name).lstat().st_blocks * 512
        return total


def names() -> list[str]:
    try:
        return os.listdir(FOLDER)
    except OSError:
        return []


def owner(name: str) -> int:
    try:
        return (FOLDER / name).lstat().st_uid
    except OSError:
        return -1


def held(except_by: set[int]) -> set[str]:
    """Return the names of files there that some process maps or has open, except for these processes."""
    found: set[str] = set()
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        if pid not in except_by:
            found |= held_by(pid)
    return found


def held_by(pid: int) -> set[str]:
    paths: list[str] = []
    with contextlib.suppress(OSError):
        for number in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                paths.append(os.readlink(f"/proc/{pid}/fd/{number}"))
    with contextlib.suppress(OSError), open(f"/proc/{pid}/maps", errors="replace") as maps:
        paths += [line.split(maxsplit=5)[-1].rstrip("\n") for line in maps if str(FOLDER) in line]
    return {path.removeprefix(f"{FOLDER}/") for path in paths if path.startswith(f"{FOLDER}/")}
