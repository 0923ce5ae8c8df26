"""What one submission may use."""

import math
from dataclasses import dataclass

MAX_SECONDS = 86_400.0
"""The longest that a cell may be given, a day: what the system counts time in overflows not far beyond."""


@dataclass(frozen=True)
class Limits:
    """Limits of one submission, all its processes together.

    Seconds are those of `budget`: they count as far as the submission used a processor in them.

    Attributes:
        cell_seconds: of one cell or one question.
        memory_mb: resident memory, /dev/shm included.
        processes: processes and threads alive at one time.
        open_files: file descriptors of one process.
        disk_mb: what the work folder may hold.
        output_bytes: printed output that is kept of one cell; the rest is dropped.
    """

    cell_seconds: float = 30.0
    memory_mb: int = 2048
    processes: int = 256
    open_files: int = 1024
    disk_mb: int = 512
    output_bytes: int = 100_000

    @property
    def exercise_seconds(self) -> float:
        """Seconds of all cells that answer one exercise; its questions have as many again."""
        return 2 * self.cell_seconds

    @property
    def notebook_seconds(self) -> float:
        """Seconds of all experiments of a notebook; what answers rest on has as many again."""
        return 4 * self.cell_seconds

    @property
    def waiting_seconds(self) -> float:
        """Seconds that a submission may wait, asleep or for a processor, before it is charged for that too."""
        return 4 * self.notebook_seconds

    @property
    def cpu_seconds(self) -> int:
        """Processor time of one process, which no notebook within the other limits uses up, with threads or without."""
        return math.ceil(16 * self.notebook_seconds) + 1
