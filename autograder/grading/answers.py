"""A record of what was asked and answered, so that a submission can be judged again without being run again."""

import hashlib
import io
import json
import zipfile
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.checks.ask import Answer, Opaque, Question, Raised, Tensor, Transport, Unanswered
from autograder.kernels.session import CellResult

Outcome = Answer | Unanswered


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
        """Return the record as an npz archive: arrays as they are, the rest as JSON."""
        arrays: list[np.ndarray] = []
        fields = {
            "cells": [vars(cell) for cell in self.cells],
            "outcomes": [[question, _pack(outcome, arrays)] for question, outcome in self.outcomes],
        }
        named: dict[str, Any] = {f"a{index}": array for index, array in enumerate(arrays)}
        stream = io.BytesIO()
        np.savez(stream, json=np.frombuffer(json.dumps(fields).encode(), np.uint8), **named)
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Record":
        """Read a record; raise ValueError when it is damaged."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                fields = json.loads(archive["json"].tobytes())
                outcomes = [(question, _unpack(packed, archive)) for question, packed in fields["outcomes"]]
            cells = [CellResult(**cell) for cell in fields["cells"]]
            return cls(cells, outcomes)
        except (KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"damaged record: {error}") from None


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
    digest = hashlib.sha256()
    _feed(digest, question.to_tree())
    return digest.hexdigest()


def _feed(digest: Any, tree: Any) -> None:
    if isinstance(tree, np.ndarray):
        digest.update(f"array {tree.dtype.str} {tree.shape} ".encode())
        digest.update(np.ascontiguousarray(tree).data)
    elif isinstance(tree, list):
        digest.update(f"list {len(tree)} ".encode())
        for item in tree:
            _feed(digest, item)
    elif isinstance(tree, dict):
        digest.update(f"dict {len(tree)} ".encode())
        for key, item in tree.items():
            digest.update(f"{key!r} ".encode())
            _feed(digest, item)
    else:
        digest.update(f"{type(tree).__name__} {tree!r} ".encode())


def _pack(outcome: Outcome, arrays: list[np.ndarray]) -> dict[str, Any]:
    if isinstance(outcome, Unanswered):
        return {"status": outcome.status, "message": outcome.message}
    raised = None if outcome.raised is None else vars(outcome.raised)
    return {"value": _pack_value(outcome.value, arrays), "raised": raised, "untouched": outcome.untouched}


def _pack_value(value: Any, arrays: list[np.ndarray]) -> Any:
    match value:
        case np.ndarray():
            arrays.append(value)
            return {"array": len(arrays) - 1}
        case list():
            return [_pack_value(item, arrays) for item in value]
        case tuple():
            return {"tuple": [_pack_value(item, arrays) for item in value]}
        case dict():
            return {"dict": {key: _pack_value(item, arrays) for key, item in value.items()}}
        case Tensor(array):
            return {"tensor": _pack_value(array, arrays)}
        case Opaque(name):
            return {"opaque": name}
    return value


def _unpack(packed: dict[str, Any], archive: Any) -> Outcome:
    if "status" in packed:
        return Unanswered(packed["status"], packed["message"])
    raised = packed["raised"]
    if raised is not None:
        raised = Raised(**{**raised, "kinds": tuple(raised["kinds"])})
    return Answer(_unpack_value(packed["value"], archive), raised, packed["untouched"])


def _unpack_value(tree: Any, archive: Any) -> Any:
    match tree:
        case {"array": int(index)}:
            return archive[f"a{index}"]
        case list():
            return [_unpack_value(item, archive) for item in tree]
        case {"tuple": items}:
            return tuple(_unpack_value(item, archive) for item in items)
        case {"dict": items}:
            return {key: _unpack_value(item, archive) for key, item in items.items()}
        case {"tensor": array}:
            return Tensor(_unpack_value(array, archive))
        case {"opaque": name}:
            return Opaque(name)
    return tree
