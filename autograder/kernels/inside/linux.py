"""The few system calls that Python does not have, each raising OSError as Python's own do."""

import ctypes
import os
from typing import Any

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
CLONE_NEWCGROUP = 0x02000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 0x4000, 1 << 18

PR_SET_PDEATHSIG = 1
PR_SET_SECCOMP = 22
PR_CAPBSET_READ = 23
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
SECCOMP_MODE_FILTER = 2

_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *args: Any) -> int:
    result: int = getattr(_libc, name)(*args)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def syscall(number: int, *args: Any) -> int:
    """Make a system call by its number."""
    return _call("syscall", ctypes.c_long(number), *args)


def unshare(flags: int) -> None:
    """Leave the namespaces in `flags` for new ones."""
    _call("unshare", flags)


def setns(descriptor: int, kind: int) -> None:
    """Enter the namespace behind a descriptor."""
    _call("setns", descriptor, kind)


def mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    """Mount a file system."""
    _call(
        "mount", source.encode(), target.encode(), kind.encode() if kind else None, ctypes.c_ulong(flags), data.encode()
    )


def prctl(option: int, *args: Any) -> int:
    """Operate on the calling process; missing arguments are 0."""
    words = [arg if isinstance(arg, ctypes.Array | ctypes.Structure) else ctypes.c_ulong(arg) for arg in args]
    return _call("prctl", option, *words, *[ctypes.c_ulong(0)] * (4 - len(words)))


def drop_capabilities() -> None:
    """Give up every capability, now and for every program started later."""
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    for capability in range(64):
        try:
            if prctl(PR_CAPBSET_READ, capability):
                prctl(PR_CAPBSET_DROP, capability)
        except OSError:  # past the last capability, or not allowed to lower the bound: no_new_privs holds then
            break
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def filter_system_calls(program: bytes) -> None:
    """Set no_new_privs and load a compiled seccomp filter for this thread and everything it starts."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    loaded = _Program(len(program) // 8, program)
    _call(
        "prctl",
        PR_SET_SECCOMP,
        ctypes.c_ulong(SECCOMP_MODE_FILTER),
        ctypes.byref(loaded),
        ctypes.c_ulong(0),
        ctypes.c_ulong(0),
    )
