"""Work folders on a disk that others use too: how much is in one, and an end to it, whatever was done to it."""

import contextlib
import itertools
import os
import stat
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import processes

BLOCK = 4096
MAX_ENTRIES = 20_000
"""Files and folders of a submission; more are too many, however small they are."""
MAX_MAPPED = 16
"""Files that are in no folder and that nobody has open, but somebody maps: of these only a part may be seen."""
LOOKS = 20
"""How often a folder is looked at again in which folders come and go."""


def size(folder: Path) -> int:
    """Return the bytes that a folder takes, at least a block for each entry.

    With more than MAX_ENTRIES in it, with folders that cannot be read or lie too deep, or never still for long enough
    to be looked at, it counts as too large for any limit.
    """
    for _ in range(LOOKS):
        try:
            return _bytes(str(folder), None, itertools.count(1))
        except (FileNotFoundError, NotADirectoryError):
            if not folder.exists():
                return 0
        except (OSError, OverflowError, RecursionError):
            break
    return sys.maxsize


def _bytes(name: str, parent: int | None, numbers: Iterator[int]) -> int:
    """Return the bytes of what is in a folder; by descriptors, so that what is moved meanwhile is not lost sight of."""
    total = 0
    descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    try:
        with os.scandir(descriptor) as listing:
            for entry, number in zip(listing, numbers, strict=False):
                if number > MAX_ENTRIES:
                    raise OverflowError
                with contextlib.suppress(FileNotFoundError):
                    total += max(entry.stat(follow_symlinks=False).st_blocks * 512, BLOCK)
                if entry.is_dir(follow_symlinks=False):
                    total += _bytes(entry.name, descriptor, numbers)
    finally:
        os.close(descriptor)
    return total


def nameless(pids: Iterable[int], folder: Path) -> tuple[int, int]:
    """Return the bytes of the files that processes hold and no folder shows: those once in a folder, and all others.

    A file that is only mapped counts as far as it is mapped; too many of these are too large.
    """
    inner = os.stat(folder).st_dev
    opened: dict[tuple[int, int], int] = {}
    mapped: defaultdict[int, int] = defaultdict(int)
    for pid in pids:
        for path, _ in processes.opened(pid):
            with contextlib.suppress(OSError):
                status = os.stat(path)
                if stat.S_ISREG(status.st_mode) and status.st_nlink == 0:
                    opened[status.st_dev, status.st_ino] = status.st_blocks * 512
        for mapping in processes.mapped(pid):
            if mapping.path.startswith(f"{folder}/") and mapping.path.endswith(" (deleted)"):
                mapped[mapping.inode] += mapping.length
    ours = {inode: size for (device, inode), size in opened.items() if device == inner}
    closed = [length for inode, length in mapped.items() if inode not in ours]
    on_disk = sys.maxsize if len(closed) > MAX_MAPPED else sum(closed) + sum(ours.values())
    return on_disk, sum(opened.values()) - sum(ours.values())


def remove(folder: Path, seconds: float | None = None) -> None:
    """Remove a folder that a submission wrote, whatever it did to it: rm copes with any depth, Python does not.

    What is still there after three times these seconds stays.
    """
    for command in (["/bin/rm", "-rf"], ["/bin/chmod", "-R", "u+rwX"], ["/bin/rm", "-rf"]):
        if folder.exists():
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run([*command, folder], check=False, stderr=subprocess.DEVNULL, timeout=seconds)
