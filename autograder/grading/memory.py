"""A bound on the memory of the process that judges: an answer must not make it take what others need."""

import contextlib
import resource
import threading
from collections.abc import Iterator
from pathlib import Path

MB = 2**20
JUDGE_MB = 1024
"""What judging one submission may add to a worker: several times as much as any right answer makes it take."""
STATM = Path("/proc/self/statm")


@contextlib.contextmanager
def bounded(megabytes: int = JUDGE_MB) -> Iterator[None]:
    """Have what would take more memory than this raise MemoryError until the block is left.

    Nothing is bounded where the size of a process cannot be read, nor outside the main thread: the bound is one for all
    threads of a process, and those of a cluster's worker have bounds of their own.
    """
    if threading.current_thread() is not threading.main_thread() or not STATM.exists():
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    size = int(STATM.read_text().split()[0]) * resource.getpagesize()
    wanted = size + megabytes * MB
    resource.setrlimit(resource.RLIMIT_AS, (min([wanted, *(bound for bound in (soft, hard) if bound >= 0)]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
