"""One submission from its first cell to its last question, whatever its code does."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from autograder.checks.ask import Answer, Question, Unanswered
from autograder.checks.beside.respond import place
from autograder.checks.beside.withheld import withheld
from autograder.checks.clean import clean
from autograder.kernels import pictures
from autograder.kernels.budget import Budget, Patience, Spent, Turn
from autograder.kernels.channel import AnsweredLate, Channel, Ended, Forged
from autograder.kernels.inside.wire import WireError
from autograder.kernels.limits import Limits
from autograder.kernels.pictures import Picture
from autograder.kernels.zygote import Zygote, ZygoteFailed

CellStatus = Literal["ok", "error", "timeout", "memory", "died", "skipped"]

LostStatus = Literal["timeout", "memory", "died", "error"]

CAUSES: dict[str, tuple[LostStatus, str]] = {
    "memory": ("memory", "used more than {memory_mb} MB of memory and was stopped"),
    "processes": ("died", "started more than {processes} processes and threads and was stopped"),
    "files": ("died", "opened more than {open_files} files in several processes and was stopped"),
    "processor": ("timeout", "used more than its share of the processors and was stopped"),
    "disk": ("died", "wrote more than {disk_mb} MB of files, or too many of them, and was stopped"),
    "died": ("died", "ended the Python process"),
}
"""What a child can end of, as a status and a sentence about a cell or an answer."""

GRACE_SECONDS = 2.0

NOTEBOOK = "__name__"
"""What there is to ask about before any cell has run."""

EXPERIMENT = "own experiment"
"""The part of cells on which no grade rests. No exercise has this name, which is no name in Python."""


@dataclass(frozen=True)
class Cell:
    """A code cell, or the place of a check.

    Attributes:
        id: its grade_id in the release, or "cell 3", by its place in the notebook.
        source: its text.
        part: the exercise that it answers or checks, EXPERIMENT when no grade rests on it, else empty.
        is_check: whether the exercise is to be asked here. A check is never run.
        is_shown: whether a person will look at what it shows, pictures included.
    """

    id: str
    source: str
    part: str = ""
    is_check: bool = False
    is_shown: bool = False


@dataclass(frozen=True)
class CellResult:
    """What became of a cell; the message and the output are clean text of limited length, as are the pictures."""

    id: str
    status: CellStatus
    message: str = ""
    output: str = ""
    part: str = ""
    pictures: tuple[Picture, ...] = ()


class Session(Protocol):
    """One submission; also a Transport of questions."""

    left_behind: list[str]

    def run(self, cells: Sequence[Cell]) -> list[CellResult]: ...
    def ask(self, question: Question) -> Answer: ...
    def close(self) -> None: ...


class Lost(Exception):
    """A request without a usable reply: why, and whether the child is still there."""

    def __init__(self, status: LostStatus, message: str) -> None:
        super().__init__(message)
        self.status: LostStatus = status
        self.message = message


class ZygoteSession:
    """A submission that runs in children of a zygote.

    A child that has to be killed is followed by another one, which first runs again the cells that had ended before.
    Each exercise has time of its own for the cells that answer it, and as much for its questions; experiments have
    theirs, and when it is used up those that are left are skipped.

    Args:
        start: returns a zygote that has no child; called again when the one before is gone.
        limits: of this submission.
        without: the paths of what is taken away from libraries before the first cell runs.

    Attributes:
        left_behind: files that may be the submission's and were left alone all the same, once it is closed.
    """

    def __init__(self, start: Callable[[], Zygote], limits: Limits, without: Sequence[str] = ()) -> None:
        self._start = start
        self._limits = limits
        self._without = list(without)
        self._zygote: Zygote | None = None
        self._channel: Channel | None = None
        self._done: list[Cell] = []
        patience = Patience(limits.waiting_seconds)
        self._shared = {part: Budget(limits.notebook_seconds, patience) for part in ("", EXPERIMENT)}
        self._answers = defaultdict[str, Budget](lambda: Budget(limits.exercise_seconds, patience))
        self._questions = defaultdict[str, Budget](lambda: Budget(limits.exercise_seconds, patience))
        self._banned: Lost | None = None
        self.left_behind: list[str] = []

    def run(self, cells: Sequence[Cell]) -> list[CellResult]:
        """Run cells in order; one that fails does not stop the next."""
        return [self._run_cell(cell) for cell in cells]

    def ask(self, question: Question) -> Answer:
        """Put a question; raise Unanswered, with the cause, when no usable answer comes."""
        budget = self._questions[question.subject]
        try:
            self._ready()
            answer = self._understand(self._request({"ask": question.to_tree()}, budget))
        except Lost as lost:
            raise Unanswered(lost.status, lost.message) from lost
        except Spent:
            cause = f"was not asked to the end: its questions had used their {budget.seconds:g} seconds"
            raise Unanswered("timeout", cause) from None
        if answer.raised is not None and "MemoryError" in answer.raised.kinds:
            raise Unanswered("memory", "asked for more memory than there is")
        return answer

    def close(self) -> None:
        """End the submission and everything it started."""
        self._discard()

    def _run_cell(self, cell: Cell) -> CellResult:
        budget = self._budget(cell)
        try:
            self._ready()
            result = self._run_once(cell)
        except Lost as lost:
            return CellResult(cell.id, lost.status, lost.message, part=cell.part)
        except Spent:
            return _left_out(cell, budget)
        if result.status in ("ok", "error"):
            self._done.append(cell)
        return result

    def _budget(self, cell: Cell) -> Budget:
        return self._shared.get(cell.part) or self._answers[cell.part]

    def _run_once(self, cell: Cell) -> CellResult:
        reply = self._request({"run": cell.source, "show": cell.is_shown}, self._budget(cell))
        match reply:
            case {"error": None, "output": str(output), "pictures": list(shown)}:
                text = clean(output, self._limits.output_bytes)
                return CellResult(cell.id, "ok", "", text, cell.part, pictures.read(shown))
            case {"error": {"kinds": list(kinds), "type": str(kind), "message": str(why)}, "output": str(output)}:
                status: CellStatus = "memory" if "MemoryError" in kinds else "error"
                message = clean(f"{kind}: {why}" if why else kind)
                text = clean(output, self._limits.output_bytes)
                return CellResult(cell.id, status, message, text, cell.part, pictures.read(reply.get("pictures")))
            case {"outcome": "broken", "raised": {"type": str(kind)}}:
                return CellResult(cell.id, "error", clean(kind), part=cell.part)
        raise self._ban("its answer is malformed")

    def _understand(self, reply: Any) -> Answer:
        try:
            return Answer.from_tree(reply)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._ban("its answer is malformed") from error

    def _ready(self) -> None:
        """See to it that there is a child that has run the cells so far."""
        while self._channel is None:
            if self._banned is not None:
                raise self._banned
            self._spawn()
            if self._without:
                self._withhold()
            self._replay()

    def _withhold(self) -> None:
        question = Question(NOTEBOOK, (self._without,), probe=place(withheld))
        self._understand(self._request({"ask": question.to_tree()}, self._questions[NOTEBOOK]))

    def _replay(self) -> None:
        for cell in list(self._done):
            try:
                self._run_once(cell)
            except (Lost, Spent):
                self._done.remove(cell)
                if self._channel is None:
                    return

    def _spawn(self) -> None:
        order = asdict(self._limits) | {"cpu_seconds": self._limits.cpu_seconds}
        if self._zygote is None:
            self._zygote = self._start()
        try:
            work = self._zygote.spawn(order)
        except ZygoteFailed:
            self._zygote = self._start()
            work = self._zygote.spawn(order)
        self._channel = Channel(work, self._zygote.control)

    def _request(self, request: dict[str, Any], budget: Budget) -> Any:
        """Send a request and return its reply; raise Lost when there is none in time, Spent when there is no time."""
        assert self._channel is not None and self._zygote is not None
        with budget.spend(self._limits.cell_seconds, self._zygote.used) as turn:
            try:
                self._channel.send(request, turn.end)
                return self._receive(self._channel, turn)
            except AnsweredLate:
                seconds = turn.exceeded() or turn.limit
                self._interrupt()
                raise Lost("timeout", f"took longer than {seconds:.3g} seconds and was stopped") from None
            except Ended:
                status, message = CAUSES.get(self._discard(), CAUSES["died"])
                raise Lost(status, message.format_map(asdict(self._limits))) from None
            except Forged as forged:
                raise self._ban(str(forged)) from None
            except WireError as error:
                raise Lost("error", "the question is too large to be asked") from error

    def _receive(self, channel: Channel, turn: Turn) -> Any:
        """Return the reply; raise AnsweredLate when it has used its time up."""
        while True:
            try:
                return channel.receive(turn.next_look())
            except AnsweredLate:
                if turn.exceeded():
                    raise

    def _interrupt(self) -> None:
        """Press Ctrl-C; a child that does not answer to it is killed."""
        assert self._channel is not None and self._zygote is not None
        try:
            self._zygote.interrupt()
            self._channel.receive(time.monotonic() + GRACE_SECONDS)
        except (AnsweredLate, Ended, ZygoteFailed):
            self._discard()
        except Forged as forged:
            self._ban(str(forged))

    def _ban(self, cause: str) -> Lost:
        """Believe nothing of this submission from now on."""
        self._discard()
        self._banned = Lost("error", f"the submission interfered with grading: {cause}")
        return self._banned

    def _discard(self) -> str:
        """End the child; return the cause of its end."""
        if self._channel is None or self._zygote is None:
            return "died"
        self._channel.close()
        self._channel = None
        try:
            ending = self._zygote.end()
        except ZygoteFailed:
            self._zygote.close()
            self._zygote = None
            return "died"
        self.left_behind += ending.left
        return ending.cause


def _left_out(cell: Cell, budget: Budget) -> CellResult:
    """Say why there was no time for a cell."""
    if cell.part == EXPERIMENT:
        cause = f"was left out: experiments before it had used their {budget.seconds:g} seconds; no grade rests on it"
        return CellResult(cell.id, "skipped", cause, part=cell.part)
    what = f"the cells of {cell.part}" if cell.part else "cells like it, on which answers rest,"
    return CellResult(
        cell.id, "timeout", f"was not run: {what} had used their {budget.seconds:g} seconds", part=cell.part
    )
