"""One submission from its first cell to its last question, whatever its code does."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Protocol

from autograder.checks.ask import Answer, Question, Unanswered
from autograder.kernels.channel import Channel, Ended, Forged, Late
from autograder.kernels.inside.wire import WireError
from autograder.kernels.limits import Limits
from autograder.kernels.zygote import Zygote, ZygoteFailed

CellStatus = Literal["ok", "error", "timeout", "memory", "died", "skipped"]

LostStatus = Literal["timeout", "memory", "died", "error"]

CAUSES: dict[str, tuple[LostStatus, str]] = {
    "memory": ("memory", "used more than {memory_mb} MB of memory and was stopped"),
    "processes": ("died", "started more than {processes} processes and threads and was stopped"),
    "disk": ("died", "wrote more than {disk_mb} MB of files, or too many of them, and was stopped"),
    "died": ("died", "ended the Python process"),
}
"""What a child can end of, as a status and a sentence about a cell or an answer."""

GRACE_SECONDS = 2.0
MAX_MESSAGE = 400

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Cell:
    """A code cell."""

    id: str
    source: str


@dataclass(frozen=True)
class CellResult:
    """What became of a cell; the message and the output are clean text of limited length."""

    id: str
    status: CellStatus
    message: str = ""
    output: str = ""


class Session(Protocol):
    """One submission; also a Transport of questions."""

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

    Args:
        start: returns a zygote that has no child; called again when the one before is gone.
        limits: of this submission.
    """

    def __init__(self, start: Callable[[], Zygote], limits: Limits) -> None:
        self._start = start
        self._limits = limits
        self._zygote: Zygote | None = None
        self._channel: Channel | None = None
        self._done: list[Cell] = []
        self._left = limits.notebook_seconds
        self._banned: Lost | None = None

    def run(self, cells: Sequence[Cell]) -> list[CellResult]:
        """Run cells in order; one that fails does not stop the next."""
        return [self._run_cell(cell) for cell in cells]

    def ask(self, question: Question) -> Answer:
        """Put a question; raise Unanswered, with the cause, when no usable answer comes."""
        try:
            self._ready()
            answer = self._understand(self._request({"ask": question.to_tree()}))
        except Lost as lost:
            raise Unanswered(lost.status, lost.message) from lost
        if answer.raised is None:
            return answer
        if "MemoryError" in answer.raised.kinds:
            raise Unanswered("memory", "asked for more memory than there is")
        raised = replace(
            answer.raised, type=clean(answer.raised.type, 80), message=clean(answer.raised.message, MAX_MESSAGE)
        )
        return replace(answer, raised=raised)

    def close(self) -> None:
        """End the submission and everything it started."""
        self._discard()

    def _run_cell(self, cell: Cell) -> CellResult:
        try:
            self._ready()
            result = self._run_once(cell)
        except Lost as lost:
            return CellResult(cell.id, lost.status, lost.message)
        if result.status in ("ok", "error"):
            self._done.append(cell)
        return result

    def _run_once(self, cell: Cell) -> CellResult:
        reply = self._request({"run": cell.source})
        match reply:
            case {"error": None, "output": str(output)}:
                return CellResult(cell.id, "ok", output=clean(output, self._limits.output_bytes))
            case {"error": {"kinds": list(kinds), "type": str(kind), "message": str(text)}, "output": str(output)}:
                status: CellStatus = "memory" if "MemoryError" in kinds else "error"
                message = clean(f"{kind}: {text}" if text else kind, MAX_MESSAGE)
                return CellResult(cell.id, status, message, clean(output, self._limits.output_bytes))
            case {"outcome": "broken", "raised": {"type": str(kind)}}:
                return CellResult(cell.id, "error", clean(kind, MAX_MESSAGE))
        raise self._ban("its answer is malformed")

    def _understand(self, reply: Any) -> Answer:
        try:
            return Answer.from_tree(reply)
        except Unanswered as unanswered:
            raise Lost("error", clean(unanswered.message, MAX_MESSAGE)) from unanswered
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._ban("its answer is malformed") from error

    def _ready(self) -> None:
        """See to it that there is a child that has run the cells so far."""
        while self._channel is None:
            if self._banned is not None:
                raise self._banned
            self._spawn()
            self._replay()

    def _replay(self) -> None:
        for cell in list(self._done):
            try:
                self._run_once(cell)
            except Lost:
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

    def _request(self, request: dict[str, Any]) -> Any:
        """Send a request and return its reply; raise Lost when there is none within the time that is left."""
        if self._left <= 0:
            raise Lost("timeout", f"was not run: the notebook had used its {self._limits.notebook_seconds:g} seconds")
        assert self._channel is not None and self._zygote is not None
        started = time.monotonic()
        seconds = min(self._limits.cell_seconds, self._left)
        try:
            self._channel.send(request, started + seconds)
            return self._channel.receive(started + seconds)
        except Late:
            self._interrupt()
            raise Lost("timeout", f"took longer than {seconds:.3g} seconds and was stopped") from None
        except Ended:
            status, message = CAUSES.get(self._discard(), CAUSES["died"])
            raise Lost(status, message.format_map(asdict(self._limits))) from None
        except Forged as forged:
            raise self._ban(str(forged)) from None
        except WireError as error:
            raise Lost("error", "the question is too large to be asked") from error
        finally:
            self._left -= time.monotonic() - started

    def _interrupt(self) -> None:
        """Press Ctrl-C; a child that does not answer to it is killed."""
        assert self._channel is not None and self._zygote is not None
        try:
            self._zygote.interrupt()
            self._channel.receive(time.monotonic() + GRACE_SECONDS)
        except (Late, Ended, ZygoteFailed):
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
            return self._zygote.end()
        except ZygoteFailed:
            self._zygote.close()
            self._zygote = None
            return "died"


def clean(text: str, limit: int) -> str:
    """Return text without terminal escapes and control characters, cut to a length."""
    return _CONTROL.sub("�", _ESCAPE.sub("", text[:limit].replace("\r\n", "\n").replace("\r", "\n")))
