"""The grader's end of the wire: one question, one answer, within a time, or the cause why not."""

import secrets
import select
import socket
import time

from autograder.kernels.inside.wire import HEADER, MAX_FRAME, NONCE_BYTES, Tree, WireError, decode, encode, frame

PIECE = 2**20
SMALL_PIECE = 2**16
"""Bytes to read at least: as long as it is small, the memory for them is at hand."""


class AnsweredLate(Exception):
    """No whole answer yet when the time was over; `receive` may be called again."""


class Ended(Exception):
    """The other side is gone."""


class Forged(Exception):
    """Bytes came that answer nothing: the channel is not to be used again."""


class Channel:
    """Carries trees over a socket, and watches a second one that becomes readable when the submission has ended."""

    def __init__(self, work: socket.socket, watched: socket.socket) -> None:
        self._work = work
        self._watched = watched
        self._nonce = b""
        self._buffer = bytearray()
        self._poll = {event: self._poll_for(event) for event in (select.POLLIN, select.POLLOUT)}
        work.setblocking(False)

    def send(self, tree: Tree, deadline: float) -> None:
        """Send a question; raise Forged when anything came before it, AnsweredLate when it is not taken in time."""
        self._nonce = secrets.token_bytes(NONCE_BYTES)
        self._expect_silence()
        rest = memoryview(frame(self._nonce, encode(tree)))
        while rest:
            try:
                rest = rest[self._work.send(rest[:PIECE]) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, deadline)
            except OSError as error:
                raise Ended from error

    def receive(self, deadline: float) -> Tree:
        """Return the answer; raise AnsweredLate, Ended, or Forged when what came is no answer to this question."""
        self._fill(HEADER.size, deadline)
        nonce, size = HEADER.unpack(self._buffer[: HEADER.size])
        if not secrets.compare_digest(nonce, self._nonce):
            raise Forged("it sent an answer that belongs to no question")
        if size > MAX_FRAME:
            raise Forged("its answer is larger than an answer may be")
        self._fill(HEADER.size + size, deadline)
        self._nonce = secrets.token_bytes(NONCE_BYTES)
        payload = bytes(self._buffer[HEADER.size : HEADER.size + size])
        del self._buffer[: HEADER.size + size]
        try:
            return decode(payload)
        except WireError as error:
            raise Forged("its answer is malformed") from error

    def close(self) -> None:
        self._work.close()

    def _expect_silence(self) -> None:
        early: bytes | bytearray = self._buffer
        try:
            early = early or self._work.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError as error:
            raise Ended from error
        if not early:
            raise Ended
        raise Forged("it wrote to the grader's channel without being asked")

    def _fill(self, size: int, deadline: float) -> None:
        """Read until there are at least so many bytes, and what else has come by then."""
        while len(self._buffer) < size:
            self._wait(select.POLLIN, deadline)
            try:
                data = self._work.recv(min(max(size - len(self._buffer), SMALL_PIECE), PIECE))
            except BlockingIOError:
                continue
            except OSError as error:
                raise Ended from error
            if not data:
                raise Ended
            self._buffer += data

    def _poll_for(self, event: int) -> select.poll:
        poll = select.poll()
        poll.register(self._work, event)
        poll.register(self._watched, select.POLLIN)
        return poll

    def _wait(self, event: int, deadline: float) -> None:
        left = deadline - time.monotonic()
        ready = dict(self._poll[event].poll(1000 * left)) if left > 0 else {}
        if not ready:
            raise AnsweredLate
        if self._work.fileno() not in ready:
            raise Ended
