"""Level sandbox, from within: each child gets namespaces, a /proc, work folders and a user of its own.

The zygote itself runs under bubblewrap, which already hides the host's files, network and processes; what is done here
keeps the children of one zygote apart, and from it. They follow one another, so that network and IPC namespaces of
their own would add nothing: no socket and, System V's being denied, no shared memory outlives its child.
"""

import contextlib
import os
import resource
import select
import socket
import subprocess
import sys
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

from . import confine, folders, linux, processes, seccomp, shared_memory

USER = 1000
QUIET = linux.MS_NOSUID | linux.MS_NODEV


class Sandbox:
    """Namespaces, resource limits, no capabilities, and a list of allowed system calls."""

    def __init__(self) -> None:
        self._home = Path.cwd()
        self._own = os.open("/proc/self/ns/pid", os.O_RDONLY)
        self._filter = seccomp.compile_filter(own_files=True, signals=True)
        self._reapers, theirs = socket.socketpair()
        code = [sys.executable, "-I", "-S", "-B", str(Path(__file__).with_name("__main__.py"))]
        with theirs:
            self._server = subprocess.Popen([*code, '{"run": "reaper", "site": []}'], stdin=theirs.fileno())

    def fork(self) -> int:
        self._reapers.sendall(b" ")
        self._first = int(self._reapers.recv(32))
        self._alive = os.pidfd_open(self._first)
        namespace = os.open(f"/proc/{self._first}/ns/pid", os.O_RDONLY)
        linux.setns(namespace, linux.CLONE_NEWPID)
        child = os.fork()
        if child:
            os.close(namespace)
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

    def members(self, child: int) -> Iterable[int]:
        return chain(processes.tree(child), processes.descendants(self._first))

    def ended(self, child: int) -> bool:
        return os.waitpid(child, os.WNOHANG)[0] == child

    def shared_memory(self, child: int) -> int:
        return shared_memory.used_by(child)

    def sockets(self) -> int:
        with open("/proc/self/net/sockstat") as file:
            return int(file.readline().split()[2])

    def disk(self) -> int:
        return 0

    def end(self, child: int) -> list[str]:
        """End the namespace by its first process: with the last one in it, everything there is gone."""
        processes.kill([self._first])
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)
        select.select([self._alive], [], [])
        os.close(self._alive)
        return []

    def close(self) -> None:
        self._reapers.close()
        self._server.wait()


def mount_own(home: Path, limits: dict[str, Any]) -> None:
    """Mount what a child has for itself: its /proc, read-only because root may write to it, and three limited folders
    in memory."""
    linux.mount("none", "/", None, linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("proc", "/proc", "proc", QUIET | linux.MS_NOEXEC | linux.MS_RDONLY)
    sizes = {str(home): limits["disk_mb"], "/dev/shm": limits["memory_mb"]}
    if not any(path.startswith("/tmp/") for path in (sys.prefix, sys.base_prefix, *sys.path)):
        sizes["/tmp"] = limits["disk_mb"]  # else it would hide packages, and stays as it is, read-only
    for folder, megabytes in sizes.items():
        linux.mount("tmpfs", folder, "tmpfs", QUIET, f"mode=0700,size={megabytes}m,nr_inodes={folders.MAX_ENTRIES}")


def write(path: str, text: str, folder: int) -> None:
    descriptor = os.open(path, os.O_WRONLY, dir_fd=folder)
    os.write(descriptor, text.encode())
    os.close(descriptor)
