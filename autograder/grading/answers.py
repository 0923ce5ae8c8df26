"""A record of what was asked and answered, so that a submission can be judged again without being run again."""

import hashlib
import struct
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from autograder.checks.ask import (
    Answer,
    Interrupted,
    Question,
    Raised,
    Transport,
    Unanswered,
    Undefined,
    from_tree,
    to_tree,
)
from autograder.kernels.inside.wire import Tree, WireError, decode, encode
from autograder.kernels.sanitise import Note
from autograder.kernels.session import CellResult

Outcome = Answer | Unanswered

SIZE = struct.Struct(">I")

MAX_RECORD = 64 * 2**20
"""Bytes of a record, which stays in memory while a submission is judged: twenty times what right answers take."""


class NotRecorded(Interrupted):
    """A question that was not put when the submission ran: it has to run again."""


class Recorder:
    """A transport that keeps every answer that passes through it, as long as there is room for all of them.

    Between the answers it keeps what became of the cells and which exercise was judged when.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._payloads: list[bytes] = []
        self._room = MAX_RECORD

    def ask(self, question: Question) -> Answer:
        try:
            answer = self.transport.ask(question)
        except Unanswered as silence:
            self._keep(_pack(question, silence))
            raise
        self._keep(_pack(question, answer))
        return answer

    def ran(self, cell: CellResult) -> None:
        """Keep what became of a cell, but for its pictures, which have nothing to do with a grade."""
        self._keep({name: value for name, value in vars(cell).items() if name != "pictures"})

    def judges(self, exercise: str) -> None:
        """Keep that the questions which follow are those of an exercise."""
        self._keep({"exercise": exercise})

    def judges_apart(self, exercise: str) -> None:
        """Keep that the questions which follow are those of an exercise, put in a process of another kind."""
        self._keep({"apart": exercise})

    def record(self, notes: Sequence[Note] = ()) -> bytes:
        """Return payloads of the wire, each behind its size: all that was kept, and what the student is told besides.

        There is nothing when all of it was too much, or an answer so large that the wire has no room for what is kept
        beside it.
        """
        for note in notes:
            self._keep(vars(note))
        return b"".join(SIZE.pack(len(payload)) + payload for payload in self._payloads)

    def _keep(self, tree: Tree) -> None:
        if self._room < 0:
            return
        try:
            self._payloads.append(encode(tree))
            self._room -= len(self._payloads[-1])
        except WireError:
            self._room = -1
        if self._room < 0:
            self._payloads.clear()


@dataclass
class Record:
    """All that came out of a submission.

    `course` is what happened, in order: what became of a cell, or the name of an exercise that was judged. `apart` are
    those that were judged once more after that, see `Sitting.judge_apart`.
    """

    course: list[CellResult | str] = field(default_factory=list)
    apart: list[str] = field(default_factory=list)
    outcomes: list[tuple[str, Outcome]] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def cells(self) -> list[CellResult]:
        return [event for event in self.course if isinstance(event, CellResult)]

    @classmethod
    def from_bytes(cls, data: bytes) -> "Record":
        """Read a record; raise ValueError when it is damaged or empty."""
        if not data:
            raise ValueError("damaged record: it is empty")
        record = cls()
        try:
            for payload in _payloads(memoryview(data)):
                record._add(decode(payload))
        except (KeyError, TypeError, ValueError, WireError, struct.error) as error:
            raise ValueError(f"damaged record: {error}") from None
        return record

    def _add(self, tree: Tree) -> None:
        if "question" in tree:
            self.outcomes.append(_unpack(tree))
        elif "exercise" in tree:
            self.course.append(tree["exercise"])
        elif "apart" in tree:
            self.apart.append(tree["apart"])
        elif "about" in tree:
            self.notes.append(Note(**tree))
        else:
            self.course.append(CellResult(**tree))


def _payloads(data: memoryview) -> Iterator[bytes]:
    while data:
        (size,) = SIZE.unpack_from(data)
        yield bytes(data[SIZE.size : SIZE.size + size])
        data = data[SIZE.size + size :]


class Replay:
    """A transport that gives the recorded answers again, the first to each question first."""

    def __init__(self, record: Record) -> None:
        self._waiting: defaultdict[str, deque[Outcome]] = defaultdict(deque)
        for question, outcome in record.outcomes:
            self._waiting[question].append(outcome)

    def ask(self, question: Question) -> Answer:
        waiting = self._waiting[fingerprint(question)]
        if not waiting:
            raise NotRecorded(question.subject)
        outcome = waiting.popleft()
        if isinstance(outcome, Unanswered):
            raise outcome
        return outcome


def fingerprint(question: Question) -> str:
    """Return a hash of everything a question sends."""
    return hashlib.sha256(encode(question.to_tree())).hexdigest()


def _pack(question: Question, outcome: Outcome) -> Tree:
    asked = fingerprint(question)
    if isinstance(outcome, Unanswered):
        undefined = isinstance(outcome, Undefined)
        return {"question": asked, "status": outcome.status, "message": outcome.message, "undefined": undefined}
    raised = None if outcome.raised is None else vars(outcome.raised) | {"kinds": list(outcome.raised.kinds)}
    return {
        "question": asked,
        "value": to_tree(outcome.value),
        "raised": raised,
        "untouched": outcome.untouched,
    }


def _unpack(tree: Tree) -> tuple[str, Outcome]:
    if "status" in tree:
        kind = Undefined if tree["undefined"] else Unanswered
        return tree["question"], kind(tree["status"], tree["message"])
    raised = tree["raised"]
    if raised is not None:
        raised = Raised(**raised | {"kinds": tuple(raised["kinds"])})
    return tree["question"], Answer(from_tree(tree["value"]), raised, tree["untouched"])
