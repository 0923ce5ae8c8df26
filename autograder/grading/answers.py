"""A record of what was asked and answered, so that a submission can be judged again without being run again."""

import hashlib
import struct
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from autograder.checks.ask import Answer, Question, Raised, Transport, Unanswered, from_tree, to_tree
from autograder.kernels.inside.wire import Tree, WireError, decode, encode
from autograder.kernels.session import CellResult

Outcome = Answer | Unanswered

SIZE = struct.Struct(">I")


class NotRecorded(Exception):
    """A question that was not put when the submission ran: it has to run again."""


class Recorder:
    """A transport that keeps every answer that passes through it."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.outcomes: list[tuple[str, Outcome]] = []

    def ask(self, question: Question) -> Answer:
        try:
            answer = self.transport.ask(question)
        except Unanswered as silence:
            self.outcomes.append((fingerprint(question), silence))
            raise
        self.outcomes.append((fingerprint(question), answer))
        return answer


@dataclass
class Record:
    """All that came out of running a submission: its cells' results and its answers, in order."""

    cells: list[CellResult] = field(default_factory=list)
    outcomes: list[tuple[str, Outcome]] = field(default_factory=list)

    def to_bytes(self) -> bytes:
        """Return the record as payloads of the wire, each behind its size; nothing when one of them would be too large.

        That takes an answer at the limits of the wire, which leave no room for what is kept beside it.
        """
        trees = [*map(vars, self.cells), *map(_pack, self.outcomes)]
        try:
            payloads = list(map(encode, trees))
        except WireError:
            return b""
        return b"".join(SIZE.pack(len(payload)) + payload for payload in payloads)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Record":
        """Read a record; raise ValueError when it is damaged or empty."""
        if not data:
            raise ValueError("damaged record: it is empty")
        try:
            trees = list(map(decode, _payloads(memoryview(data))))
            cells = [CellResult(**tree) for tree in trees if "question" not in tree]
            return cls(cells, [_unpack(tree) for tree in trees if "question" in tree])
        except (KeyError, TypeError, ValueError, WireError, struct.error) as error:
            raise ValueError(f"damaged record: {error}") from None


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


def _pack(asked: tuple[str, Outcome]) -> Tree:
    question, outcome = asked
    if isinstance(outcome, Unanswered):
        return {"question": question, "status": outcome.status, "message": outcome.message}
    raised = None if outcome.raised is None else vars(outcome.raised) | {"kinds": list(outcome.raised.kinds)}
    return {
        "question": question,
        "value": to_tree(outcome.value),
        "raised": raised,
        "untouched": outcome.untouched,
    }


def _unpack(tree: Tree) -> tuple[str, Outcome]:
    if "status" in tree:
        return tree["question"], Unanswered(tree["status"], tree["message"])
    raised = tree["raised"]
    if raised is not None:
        raised = Raised(**raised | {"kinds": tuple(raised["kinds"])})
    return tree["question"], Answer(from_tree(tree["value"]), raised, tree["untouched"])
