"""Locks and shared memory of multiprocessing without names in /dev/shm: what a fork inherits, and files at home."""

import _multiprocessing
import _posixshmem
import ctypes
import mmap
import multiprocessing.context
import os


class Semaphore(_multiprocessing.SemLock):  # type: ignore[misc]
    """A semaphore in memory that a process shares with those it forks."""

    def __new__(cls, kind: int, value: int, maxvalue: int, name: str, unlink: bool) -> "Semaphore":
        memory = mmap.mmap(-1, mmap.PAGESIZE)
        place = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        if ctypes.CDLL(None).sem_init(ctypes.c_void_p(place), 1, ctypes.c_uint(value)):
            raise OSError("no semaphore can be made")
        made: Semaphore = cls._rebuild(place, kind, maxvalue, None)
        made.memory = memory
        return made


def install() -> None:
    """Have multiprocessing use no names, and fork in place of every other way to start a process: they need names."""
    _multiprocessing.SemLock = Semaphore
    contexts = multiprocessing.context._concrete_contexts  # type: ignore[attr-defined]
    contexts["spawn"] = contexts["forkserver"] = contexts["fork"]
    multiprocessing.set_start_method("fork", force=True)
    _posixshmem.shm_open, _posixshmem.shm_unlink = open_in_home, unlink_in_home


def open_in_home(path: str, flags: int, mode: int = 0o777) -> int:
    return os.open(in_home(path), flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode)


def unlink_in_home(path: str) -> None:
    os.unlink(in_home(path))


def in_home(path: str) -> str:
    return os.path.join(os.environ["HOME"], f".shm-{path.lstrip('/')}")
