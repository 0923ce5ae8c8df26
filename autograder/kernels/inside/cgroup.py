"""The cgroups of a submission, seen from within: open files, as far as the grader could make any."""

import contextlib
import os
from collections.abc import Sequence


class OpenCgroup:
    """Lets a child in, and tells what the kernel counts of those that were in there.

    Args:
        files: descriptors.
        kinds: what each is for: "enter", "share" (to enter where processors are shared with others in equal parts),
            "kills" for want of memory.
    """

    def __init__(self, files: Sequence[int] = (), kinds: Sequence[str] = ()) -> None:
        self._files = list(zip(kinds, files, strict=True))
        self.shares_processors = "share" in kinds
        self._kills = self._count()

    def enter(self) -> None:
        """Move this process in; where a kernel refuses, the watch is what is left."""
        for kind, file in self._files:
            if kind in ("enter", "share"):
                with contextlib.suppress(OSError):
                    os.write(file, b"0")

    def killed(self) -> bool:
        """Return whether a process was killed for want of memory since this object was made."""
        return self._count() > self._kills

    def close(self) -> None:
        for _, file in self._files:
            os.close(file)
        self._files = []

    def _count(self) -> int:
        for kind, file in self._files:
            if kind == "kills":
                with contextlib.suppress(OSError, ValueError):  # Linux before 4.13 does not count them
                    words = os.pread(file, 4096, 0).split()
                    return int(words[words.index(b"oom_kill") + 1])
        return 0
