"""Files that are still there when the power has failed: what was written counts when the disk has it, not before."""

import ctypes
import os
import sys
from collections.abc import Iterable
from pathlib import Path


def write(path: Path, data: bytes, synced: bool = True) -> None:
    """Write a file in one step, its folder first: a reader, and who comes after a power cut, finds the old or the new.

    Args:
        path: of the file.
        data: all that is in it.
        synced: whether the disk has it on return; without, `sync` sees to that for many files at once.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("wb") as stream:
        stream.write(data)
        if synced:
            stream.flush()
            os.fsync(stream.fileno())
    fresh.replace(path)
    if synced:
        sync_folder(path.parent)


def append(path: Path, lines: Iterable[str]) -> None:
    """Add lines to a file and see them on the disk; a line that was cut short before stays a line of its own."""
    with path.open("a+b") as stream:
        if stream.seek(0, os.SEEK_END):
            stream.seek(-1, os.SEEK_END)
            if stream.read(1) != b"\n":
                stream.write(b"\n")
        stream.writelines(line.encode() for line in lines)
        stream.flush()
        os.fsync(stream.fileno())
    sync_folder(path.parent)


def sync(folder: Path) -> None:
    """See everything on the disk that was written to the file system of a folder.

    One call for a batch of files: seeing to each of them by itself takes as many turns of the disk as there are files.
    """
    if sys.platform != "linux":
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """See the names of the files in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
