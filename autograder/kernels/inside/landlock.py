"""Level landlock: no namespaces, but the kernel's Landlock denies files, TCP and signals to others, and seccomp the
rest.

What it cannot hide: that a path exists (stat works everywhere). /dev/shm is closed: what a submission left there could
not be told from what other programs of the same user keep there, so that nobody could clear up after it.
Numbers and rights are those of include/uapi/linux/landlock.h; the calls have the same numbers on x86_64 and aarch64.
"""

import ctypes
import os
import sys
from collections.abc import Iterator, Sequence
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

from . import anonymous, confine, linux, seccomp

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION = 1
RULE_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM, REFER, TRUNCATE, IOCTL_DEV = (
    1 << bit for bit in range(6, 16)
)
FILE_RIGHTS_OF_VERSION = {3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
BIND_TCP, CONNECT_TCP = 1, 2
SCOPE_ABSTRACT_SOCKETS, SCOPE_SIGNALS = 1, 2
NEEDED_VERSION = 3
NETWORK_VERSION = 4
SCOPE_VERSION = 6

READ = EXECUTE | READ_FILE | READ_DIR
OWN = (1 << 16) - 1 - (MAKE_CHAR | MAKE_BLOCK | IOCTL_DEV)
DEVICE = READ_FILE | WRITE_FILE | TRUNCATE
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV

KERNEL = (
    *("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/version", "/proc/filesystems", "/proc/sys"),
    "/sys/devices/system",
)
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("folder", ctypes.c_int32))


class Landlock(confine.InFolder):
    """Landlock, seccomp, resource limits, no capabilities.

    Args:
        shown: what of the file system a submission may read, without links in its names.
        hidden: what in that it may not.
    """

    def __init__(self, shown: Sequence[str], hidden: Sequence[str]) -> None:
        super().__init__()
        self._version = version()
        if self._version < NEEDED_VERSION:
            raise OSError(f"the kernel's Landlock has version {self._version}, not {NEEDED_VERSION} or later")
        self._readable = [*KERNEL]
        for path in shown:
            self._readable += map(str, around([Path(path) for path in hidden], Path(path)))
        scoped = self._version >= SCOPE_VERSION
        self._filter = seccomp.compile_filter(own_files=False, signals=scoped)
        anonymous.install()
        send_tensors_by_value()

    def enter(self, limits: dict[str, Any]) -> None:
        super().enter(limits)
        linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
        restrict(self.folder, self._readable, self._version)
        linux.drop_capabilities()
        linux.filter_system_calls(self._filter)


def version() -> int:
    """Return the kernel's Landlock version, 0 when it has none."""
    try:
        return linux.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(VERSION))
    except OSError:
        return 0


def restrict(folder: Path, readable: Sequence[str], version: int) -> None:
    """Allow this process to read these paths, to write to its folder, and nothing else."""
    handled = FILE_RIGHTS_OF_VERSION[min(version, max(FILE_RIGHTS_OF_VERSION))]
    ruleset = _Ruleset(
        handled,
        BIND_TCP | CONNECT_TCP if version >= NETWORK_VERSION else 0,
        SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS if version >= SCOPE_VERSION else 0,
    )
    size = ctypes.c_size_t(ctypes.sizeof(ruleset))
    descriptor = linux.syscall(CREATE_RULESET, ctypes.byref(ruleset), size, ctypes.c_uint32(0))
    for path in (*readable, f"/proc/{os.getpid()}"):
        permit(descriptor, path, READ & handled)
    for path in sys.path:
        permit(descriptor, path, READ_DIR & handled)
    for path in DEVICES:
        permit(descriptor, path, DEVICE & handled)
    permit(descriptor, str(folder), OWN & handled)
    linux.syscall(RESTRICT_SELF, ctypes.c_int(descriptor), ctypes.c_uint32(0))
    os.close(descriptor)


def around(hidden: Sequence[Path], root: Path) -> Iterator[Path]:
    """Yield a folder, or what is in it as far as it is needed to leave out what is hidden.

    Links in it are passed over: one such as lib64 would lead to what is hidden, and following others needs no rights.
    """
    inner = [path for path in hidden if path.is_relative_to(root)]
    if not inner:
        yield root
    elif root not in inner:
        for entry in root.iterdir():
            if not entry.is_symlink():
                yield from around(inner, entry)


def permit(ruleset: int, path: str, rights: int) -> None:
    """Grant rights on a path and all beneath it; a path that does not exist needs none."""
    try:
        descriptor = os.open(path, os.O_PATH)
    except OSError:
        return
    if not Path(path).is_dir():
        rights &= OF_A_FILE
    beneath = _Beneath(rights, descriptor)
    linux.syscall(
        ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(RULE_PATH_BENEATH), ctypes.byref(beneath), ctypes.c_uint32(0)
    )
    os.close(descriptor)


def send_tensors_by_value() -> None:
    """Have torch's DataLoader workers send tensors through their pipe: there is no shared memory to pass."""
    reducers: dict[type, Any] = ForkingPickler._extra_reducers  # type: ignore[attr-defined]
    for kind in [kind for kind in reducers if kind.__module__.partition(".")[0] == "torch"]:
        del reducers[kind]
    if torch := sys.modules.get("torch"):
        # A worker would put its batches there before it sends them.
        torch.UntypedStorage._new_shared = classmethod(lambda cls, size, *, device="cpu": cls(size, device=device))
