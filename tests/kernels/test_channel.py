"""The grader's end against a hand-made other end: forged, late, repeated and oversized frames are worth nothing."""

import socket
import threading
import time

import pytest

from autograder.kernels.channel import AnsweredLate, Channel, Ended, Forged
from autograder.kernels.inside.wire import HEADER, MAX_FRAME, encode, frame


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    watched, ending = socket.socketpair()
    yield Channel(ours, watched), theirs, ending
    for end in (ours, theirs, watched, ending):
        end.close()


def soon() -> float:
    return time.monotonic() + 60


def nonce_of_question(theirs: socket.socket) -> bytes:
    nonce, size = HEADER.unpack(theirs.recv(HEADER.size))
    assert len(theirs.recv(size)) == size
    return nonce


def test_an_answer_to_the_question_is_taken(ends):
    channel, theirs, _ = ends
    channel.send("question", soon())
    theirs.sendall(frame(nonce_of_question(theirs), encode("answer")))
    assert channel.receive(soon()) == "answer"


def test_every_question_has_its_own_nonce(ends):
    channel, theirs, _ = ends
    nonces = set()
    for _ in range(20):
        channel.send(1, soon())
        nonces.add(nonce_of_question(theirs))
    assert len(nonces) == 20


def test_a_frame_before_the_question_is_forged(ends):
    channel, theirs, _ = ends
    theirs.sendall(frame(bytes(16), encode("answer")))
    with pytest.raises(Forged, match="without being asked"):
        channel.send("question", soon())


def test_a_frame_with_a_guessed_nonce_is_forged(ends):
    channel, theirs, _ = ends
    channel.send("question", soon())
    nonce_of_question(theirs)
    theirs.sendall(frame(bytes(16), encode("answer")))
    with pytest.raises(Forged, match="no question"):
        channel.receive(soon())


def test_a_repeated_answer_is_forged(ends):
    channel, theirs, _ = ends
    channel.send("question", soon())
    answer = frame(nonce_of_question(theirs), encode("answer"))
    theirs.sendall(answer + answer)
    assert channel.receive(soon()) == "answer"
    with pytest.raises(Forged, match="without being asked"):
        channel.send("question", soon())


def test_an_answer_to_the_question_before_is_forged(ends):
    channel, theirs, _ = ends
    channel.send(1, soon())
    old = nonce_of_question(theirs)
    theirs.sendall(frame(old, encode(1)))
    channel.receive(soon())
    channel.send(2, soon())
    nonce_of_question(theirs)
    theirs.sendall(frame(old, encode(1)))
    with pytest.raises(Forged, match="no question"):
        channel.receive(soon())


def test_an_oversized_answer_is_refused_before_it_is_read(ends):
    channel, theirs, _ = ends
    channel.send(1, soon())
    theirs.sendall(HEADER.pack(nonce_of_question(theirs), MAX_FRAME + 1))
    with pytest.raises(Forged, match="larger"):
        channel.receive(soon())


def test_a_malformed_answer_is_forged(ends):
    channel, theirs, _ = ends
    channel.send(1, soon())
    theirs.sendall(frame(nonce_of_question(theirs), b"junk"))
    with pytest.raises(Forged, match="malformed"):
        channel.receive(soon())


def test_an_answer_in_drops_is_late_then_taken(ends):
    channel, theirs, _ = ends
    channel.send(1, soon())
    answer = frame(nonce_of_question(theirs), encode([1, 2]))
    theirs.sendall(answer[:23])
    with pytest.raises(AnsweredLate):
        channel.receive(time.monotonic() + 0.05)
    theirs.sendall(answer[23:])
    assert channel.receive(soon()) == [1, 2]


def test_a_submission_that_reads_nothing_is_late(ends):
    channel, _, _ = ends
    with pytest.raises(AnsweredLate):
        channel.send("x" * 2_000_000, time.monotonic() + 0.1)


def test_a_closed_socket_is_the_end(ends):
    channel, theirs, _ = ends
    channel.send(1, soon())
    theirs.close()
    with pytest.raises(Ended):
        channel.receive(soon())


def test_the_end_is_seen_though_a_grandchild_holds_the_socket(ends):
    channel, theirs, ending = ends
    channel.send(1, soon())
    nonce_of_question(theirs)
    threading.Timer(0.05, ending.sendall, [b"ended"]).start()
    with pytest.raises(Ended):
        channel.receive(soon())
