"""What a submission takes, compared with what it may take, as far as the kernel keeps no such limit by itself."""

import math
import os
import time
from collections.abc import Sequence
from typing import Any

from . import processes
from .cgroup import OpenCgroup
from .confine import Confinement
from .processes import PAUSE, Process

MB = 2**20
TABLES = 8
"""How many processes' worth of descriptors all of them may have open together."""
FEW = 128
"""Descriptors of which it does not matter what they lead to."""
PIPE_BYTES = 2**16
"""What a pipe holds; the filter of system calls lets none be made larger."""

SHARE = 1.5
"""Processors that a submission may want for as long as it likes: its own, and what a library's threads do beside it."""
CREDIT_SECONDS = 2.0
MAX_SESSIONS = 8
"""Sessions of one submission that may want more than its share: some kernels give each session a share of its own."""


class ChildWatch:
    """Looks at the processes of a child now and then.

    Args:
        limits: of the submission.
        level: at which the child runs.
        cgroup: in which it runs, where there is one.
        socket_bytes: what the kernel keeps at most of what was written to one socket.
    """

    def __init__(self, limits: dict[str, Any], level: Confinement, cgroup: OpenCgroup, socket_bytes: int) -> None:
        self._limits = limits
        self._level = level
        self._cgroup = cgroup
        self._memory = MemoryWatch(limits["memory_mb"] * MB)
        self._kernel = KernelMemory(socket_bytes)
        self._processor = ProcessorWatch(limits["cpu_seconds"])

    def excess(self, child: int) -> str | None:
        """Return the limit that the child and what it has started exceed, if any."""
        if self._cgroup.killed():  # maybe only a process that the child had started
            return "memory"
        members = processes.living(self._level.members(child))
        if sum(member.threads for member in members) > self._limits["processes"]:
            return "processes"
        descriptors = sum(processes.descriptors(member.pid) for member in members)
        if descriptors > TABLES * self._limits["open_files"]:
            return "files"
        kept = self._kernel.used(members, descriptors, self._level.sockets())
        if self._memory.exceeded(members, self._level.shared_memory(child), kept):
            return "memory"
        if self._level.disk() > self._limits["disk_mb"] * MB:
            return "disk"
        if not self._cgroup.shares_processors and self._processor.exceeded(members):
            return "processor"
        return None


class MemoryWatch:
    """Tells when processes have more memory than a limit, each page counted once.

    The exact sum takes tens of milliseconds a process. It is taken only when the quick one, in which a page counts for
    each process that shares it, could hide an excess: when that sum is above the limit and has grown by what was left
    under it last time, or when a while has passed.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._enough = limit
        self._due = math.inf

    def exceeded(self, members: Sequence[Process], shared: int, kernel: int = 0) -> bool:
        """Look at the processes now; `shared` are the bytes in their /dev/shm, mapped or not, `kernel` those that the
        kernel keeps for them."""
        private = kernel + sum(member.tables for member in members)
        quick = private + shared + sum(member.resident for member in members)
        started = time.monotonic()
        if quick <= self._limit or (quick <= self._enough and started < self._due):
            return False
        parts = [processes.proportional(member) for member in members]
        exact = private + sum(part for part, _ in parts) + max(0, shared - sum(mapped for _, mapped in parts))
        self._enough = quick + self._limit - exact
        self._due = time.monotonic() + PAUSE * (time.monotonic() - started)
        return exact > self._limit


class KernelMemory:
    """Counts what the kernel may keep for the sockets and pipes of a submission, which no process's memory shows.

    Each counts as full: how much is in one cannot be seen without taking part in it.
    """

    def __init__(self, socket_bytes: int) -> None:
        self._socket_bytes = socket_bytes
        self._bytes = {"socket": socket_bytes, "pipe": PIPE_BYTES}
        self._used = 0
        self._due = 0.0

    def used(self, members: Sequence[Process], descriptors: int, sockets: int) -> int:
        """Return the bytes, as of the last time that was found out.

        Args:
            members: whose they are.
            descriptors: how many they have open.
            sockets: how many sockets there are in a network of their own, also those that nobody has open because they
                are on their way from one process to another.
        """
        started = time.monotonic()
        if descriptors > FEW and started >= self._due:
            leads_to = {target for member in members for _, target in processes.opened(member.pid)}
            self._used = sum(self._bytes.get(target.partition(":")[0], 0) for target in leads_to)
            self._due = time.monotonic() + PAUSE * (time.monotonic() - started)
        return max(self._used if descriptors > FEW else 0, sockets * self._socket_bytes if sockets > FEW else 0)


class ProcessorWatch:
    """Has those wait behind all others who want more than their share of the processors, and tells when it is too much.

    What is wanted is sampled: how many threads run, or wait to, at each look. Neither short lives nor children that
    nobody asks for hide from that, as they do from sums of what each process has used.
    """

    def __init__(self, allowance: float) -> None:
        self._allowance = allowance
        self._processors = os.cpu_count() or 1
        self._wanted = self._used = 0.0
        self._last = time.monotonic()

    def exceeded(self, members: Sequence[Process]) -> bool:
        """Look at the processes now; the seconds since the last look count as they are now."""
        now = time.monotonic()
        elapsed, self._last = now - self._last, now
        wanted = sum(map(processes.runnable, members))
        used = min(wanted, self._processors)
        self._wanted = max(0.0, self._wanted + (wanted - SHARE) * elapsed)
        self._used = max(0.0, self._used + (used - SHARE) * elapsed)
        if self._wanted > CREDIT_SECONDS:
            for member in members:
                processes.give_way(member.pid)
            if len({member.session for member in members}) > MAX_SESSIONS:
                return True
        return self._used > self._allowance
