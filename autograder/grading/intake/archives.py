"""The files of a download, in folders and in zips within zips, read without unpacking anything or following a link.

nbgrader's extractor unpacks what it is given, links and bombs included; nothing here writes, and every read is bounded.
"""

import io
import lzma
import math
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.grading.errors import CourseError
from autograder.kernels.notebook import MAX_BYTES

MAX_FILES = 200_000
MAX_DEPTH = 12
"""Folders and zips within each other."""
MAX_INNER = 64 * 2**20
"""Bytes of a zip within a zip, which is read into memory."""
MAX_INFLATED = 256 * 2**20
"""Bytes that the files of one inner zip may have together: what one student hands in."""

DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, ValueError, NotImplementedError)
"""What reading a zip raises, whatever is in it."""

NOISE = ("__macosx", "lost+found", "thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Entry:
    """A file of a download: its path, zips counted as folders, and its bytes, or why they are not to be had."""

    path: PurePosixPath
    read: Callable[[], bytes]


class Refused(Exception):
    """A file that is not read; the message says why."""


def entries(download: Path) -> Iterator[Entry]:
    """Yield the files of a folder or a zip, in order of their paths.

    Raises:
        CourseError: there is no such file or folder, it is neither, or it holds too many files.
    """
    if download.is_dir():
        found = _folder(download, PurePosixPath(), 0)
    elif zipfile.is_zipfile(download):
        found = _zip(download, PurePosixPath(), 0, Allowance(math.inf))
    else:
        there = "is neither a folder nor a zip" if download.exists() else "does not exist"
        raise CourseError(f"{download} {there}: give what the platform let you download")
    for number, entry in enumerate(found):
        if number == MAX_FILES:
            raise CourseError(f"{download} holds more than {MAX_FILES:,} files: give a part of it")
        yield entry


def is_noise(path: PurePosixPath) -> bool:
    """Tell whether a path leads into what systems leave behind: dot folders, __MACOSX and the like."""
    return any(part.startswith(".") or part.lower() in NOISE for part in path.parts)


def is_output(folder: Path) -> bool:
    """Tell whether a folder is what `autograder grade` writes."""
    return (folder / "verdicts.jsonl").is_file()


def _folder(folder: Path, place: PurePosixPath, depth: int) -> Iterator[Entry]:
    for item in sorted(os.scandir(folder), key=lambda item: item.name):
        path = place / os.fsencode(item.name).decode("utf-8", "replace")
        if is_noise(path):
            continue
        if item.is_symlink():
            yield Entry(path, _refuse("it is a link"))
        elif item.is_dir(follow_symlinks=False):
            if not is_output(Path(item.path)):
                yield from _folder(Path(item.path), path, depth + 1) if depth < MAX_DEPTH else _too_deep(path)
        elif not item.is_file(follow_symlinks=False):
            yield Entry(path, _refuse("it is no regular file"))
        elif path.suffix.lower() == ".zip":
            yield from _zip(Path(item.path), path, depth + 1, Allowance(MAX_INFLATED))
        else:
            yield Entry(path, lambda place=item.path: _read_file(place))  # type: ignore[misc]


def _zip(file: Path | io.BytesIO, place: PurePosixPath, depth: int, left: "Allowance") -> Iterator[Entry]:
    try:
        archive = zipfile.ZipFile(file)
    except DAMAGED as error:
        yield Entry(place, _refuse(f"the zip cannot be read ({error})"))
        return
    for info in sorted(archive.infolist(), key=lambda info: info.filename):
        inner = PurePosixPath(info.filename.replace("\\", "/"))
        path = place / inner.name if inner.parts and _leaves(inner) else place / inner
        if info.is_dir() or not inner.parts or is_noise(path):
            continue
        why = _fault(info, inner)
        if why:
            yield Entry(path, _refuse(why))
        elif path.suffix.lower() == ".zip":
            yield from _inner_zip(archive, info, path, depth, left)
        else:
            yield Entry(path, lambda info=info: _inflate(archive, info, MAX_BYTES, left))  # type: ignore[misc]


def _inner_zip(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: PurePosixPath, depth: int, left: "Allowance"
) -> Iterator[Entry]:
    if depth >= MAX_DEPTH:
        yield from _too_deep(path)
        return
    try:
        data = _inflate(archive, info, MAX_INNER, left)
    except Refused as refused:
        yield Entry(path, _refuse(str(refused)))
    else:
        yield from _zip(io.BytesIO(data), path, depth + 1, Allowance(MAX_INFLATED))


class Allowance:
    """How many bytes may still come out of one zip."""

    def __init__(self, size: float) -> None:
        self._left = size

    def spend(self, size: int) -> None:
        """Take from what is left; raise Refused when there is not so much."""
        self._left -= size
        if self._left < 0:
            raise Refused(f"its zip unpacks to more than {MAX_INFLATED >> 20} MB")


def _inflate(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int, left: Allowance) -> bytes:
    """Return the bytes of a file, whatever size the zip claims for it; raise Refused when there are too many."""
    try:
        with archive.open(info) as stream:
            data = stream.read(limit + 1)
    except (*DAMAGED, RuntimeError, EOFError) as error:
        raise Refused(f"the zip is damaged or locked ({error})") from None
    if len(data) > limit:
        raise Refused(f"it is larger than {limit >> 20} MB")
    left.spend(len(data))
    return data


def _fault(info: zipfile.ZipInfo, inner: PurePosixPath) -> str:
    """Return why a file of a zip is not even looked at, or an empty string."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return "it is a link, or no regular file"
    return "its path leads out of the zip" if _leaves(inner) else ""


def _leaves(inner: PurePosixPath) -> bool:
    return inner.is_absolute() or ".." in inner.parts or ":" in inner.name or ":" in inner.parts[0]


def _too_deep(path: PurePosixPath) -> Iterator[Entry]:
    yield Entry(path, _refuse("it lies too deep in folders and zips"))


def _refuse(why: str) -> Callable[[], bytes]:
    def read() -> bytes:
        raise Refused(why)

    return read


def _read_file(path: str) -> bytes:
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW)) as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Refused(f"it cannot be read ({error.strerror})") from None
    if len(data) > MAX_BYTES:
        raise Refused(f"it is larger than {MAX_BYTES >> 20} MB")
    return data
