"""The cgroups of a submission, seen from within: open files, as far as the grader could make any."""

import contextlib
import os
from collections.abc import Sequence

NANOSECONDS = 10**9


class Cgroup:
    """Lets a child in, and tells what the kernel counts of all that was in there.

    Args:
        files: descriptors.
        kinds: what each is for: "enter", "share" (to enter where processors are shared with others in equal parts),
            "kills" for want of memory, "used" for processor time.
    """

    def __init__(self, files: Sequence[int] = (), kinds: Sequence[str] = ()) -> None:
        self._files = list(zip(kinds, files, strict=True))
        self.shares_processors = "share" in kinds
        self.counts_seconds = "used" in kinds
        self._kills = self._count("kills")
        self._used = self._count("used")

    def enter(self) -> None:
        """Move this process in; where a kernel refuses, the watch is what is left."""
        for kind, file in self._files:
            if kind in ("enter", "share"):
                with contextlib.suppress(OSError):
                    os.write(file, b"0")

    def killed(self) -> bool:
        """Return whether a process was killed for want of memory since this object was made."""
        return self._count("kills") > self._kills

    def seconds(self) -> float:
        """Return the processor time that was used since this object was made, by the living and the dead."""
        return (self._count("used") - self._used) / NANOSECONDS

    def close(self) -> None:
        for _, file in self._files:
            os.close(file)
        self._files = []

    def _count(self, wanted: str) -> int:
        """Return a number that the kernel keeps, of nanoseconds if it is one of time; 0 where it keeps none."""
        for kind, file in self._files:
            if kind == wanted:
                with contextlib.suppress(OSError, ValueError):  # Linux before 4.13 does not count kills
                    words = os.pread(file, 4096, 0).split()
                    if b"usage_usec" in words:
                        return int(words[words.index(b"usage_usec") + 1]) * 1000
                    return int(words[words.index(b"oom_kill") + 1] if kind == "kills" else words[0])
        return 0
