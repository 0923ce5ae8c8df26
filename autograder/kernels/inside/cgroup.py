"""The memory cgroup of a submission, seen from within: two open files, if the grader could make one."""

import contextlib
import os
from collections.abc import Sequence


class Cgroup:
    """Lets a child in, and tells when the kernel has killed for want of memory.

    Args:
        files: descriptors of where to enter and of what counts kills, or nothing.
    """

    def __init__(self, files: Sequence[int] = ()) -> None:
        self._files = files
        self._kills = self._count()

    def enter(self) -> None:
        """Move this process into the cgroup; a kernel that refuses leaves it to the watch over its memory."""
        for entrance in self._files[:1]:
            with contextlib.suppress(OSError):
                os.write(entrance, b"0")

    def killed(self) -> bool:
        """Return whether a process in the cgroup was killed since this object was made."""
        return self._count() > self._kills

    def close(self) -> None:
        for file in self._files:
            os.close(file)
        self._files = ()

    def _count(self) -> int:
        for events in self._files[1:]:
            with contextlib.suppress(OSError, ValueError):  # Linux before 4.13 does not count them
                words = os.pread(events, 4096, 0).split()
                return int(words[words.index(b"oom_kill") + 1])
        return 0
