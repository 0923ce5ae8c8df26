"""What somebody handed in for an assignment, once or several times, and which of it counts."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import PurePosixPath

from autograder.grading.intake.layouts import Found, copy_number, given_name

UNKNOWN = Found("")


@dataclass(frozen=True)
class Attempt:
    """A notebook of a student for an assignment.

    `path` is that in the download, or in the folder of submissions where it has been before; `time` is when it was
    handed in, in UTC, as far as that is known; `written` tells whether anything is written in it.
    """

    student: str
    assignment: str
    notebook: str
    path: PurePosixPath
    read: Callable[[], bytes]
    owner: Found = UNKNOWN
    time: datetime | None = None
    written: bool = True
    secret: bytes = b""
    new: bool = True

    @property
    def key(self) -> tuple[str, str, str]:
        return self.student, self.assignment, self.notebook

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.read()).hexdigest()

    @property
    def renamed(self) -> bool:
        """Tell whether the file has another name than the notebook was handed out under."""
        return given_name(self.path.name) != f"{self.notebook}.ipynb"


def in_order(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Return attempts in the order in which they count, the last one last.

    One in which nothing is written never stands before one in which something is: people hand in the file that they
    were given beside the one they worked in. Then times decide where all are known, else what came later to us, and
    which copy a name says it is.
    """
    dated = all(attempt.time is not None for attempt in attempts)

    def place(attempt: Attempt) -> tuple[object, ...]:
        time = attempt.time.timestamp() if attempt.time else 0.0
        came = (time,) if dated else (attempt.new, time)
        return attempt.written, *came, copy_number(attempt.path.name), not attempt.renamed, str(attempt.path)

    return sorted(attempts, key=place)
