"""Level sandbox, from within: each child gets namespaces, a /proc, work folders and a user of its own.

The zygote itself runs under bubblewrap, which already hides the host's files, network and processes; what is done here
keeps the children of one zygote apart, and from it. They follow one another, so that network and IPC namespaces of
their own would add nothing: no socket and, System V's being denied, no shared memory outlives its child.
"""

import os
import resource
import sys
from pathlib import Path
from typing import Any

from . import confine, linux, seccomp, shared_memory

USER = 1000
QUIET = linux.MS_NOSUID | linux.MS_NODEV


class Sandbox:
    """Namespaces, resource limits, no capabilities, and a list of allowed system calls."""

    def __init__(self) -> None:
        self._home = Path.cwd()
        self._own = os.open("/proc/self/ns/pid", os.O_RDONLY)
        self._filter = seccomp.compile_filter(own_files=True, signals=True)

    def fork(self) -> int:
        linux.unshare(linux.CLONE_NEWPID)
        child = os.fork()
        if child:
            linux.setns(self._own, linux.CLONE_NEWPID)
        return child

    def enter(self, limits: dict[str, Any]) -> None:
        linux.unshare(linux.CLONE_NEWNS)
        zygotes = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
        mount_own(self._home, limits)
        linux.unshare(linux.CLONE_NEWUSER)
        for name, text in (("setgroups", "deny"), ("uid_map", f"{USER} 0 1"), ("gid_map", f"{USER} 0 1")):
            write(f"self/{name}", text, zygotes)
        os.close(zygotes)
        confine.go_home(self._home)
        confine.limit_resources(limits)
        resource.setrlimit(resource.RLIMIT_NPROC, (limits["processes"],) * 2)
        linux.drop_capabilities()
        linux.filter_system_calls(self._filter)

    def shared_memory(self, child: int) -> int:
        return shared_memory.used_by(child)

    def disk(self) -> int:
        return 0

    def clear(self) -> None:
        """Do nothing: with the last process of a namespace everything in it is gone."""

    def close(self) -> None:
        """Do nothing, for the same reason."""


def mount_own(home: Path, limits: dict[str, Any]) -> None:
    """Mount what a child has for itself: its /proc, read-only because root may write to it, and three limited folders
    in memory."""
    linux.mount("none", "/", None, linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("proc", "/proc", "proc", QUIET | linux.MS_NOEXEC | linux.MS_RDONLY)
    sizes = {str(home): limits["disk_mb"], "/dev/shm": limits["memory_mb"]}
    if not any(path.startswith("/tmp/") for path in (sys.prefix, sys.base_prefix, *sys.path)):
        sizes["/tmp"] = limits["disk_mb"]  # else it would hide packages, and stays as it is, read-only
    for folder, megabytes in sizes.items():
        linux.mount("tmpfs", folder, "tmpfs", QUIET, f"mode=0700,size={megabytes}m,nr_inodes={confine.MAX_ENTRIES}")


def write(path: str, text: str, folder: int) -> None:
    descriptor = os.open(path, os.O_WRONLY, dir_fd=folder)
    os.write(descriptor, text.encode())
    os.close(descriptor)
