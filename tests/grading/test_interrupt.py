"""What has to be whole is written to its end, and Ctrl-C is not lost over it."""

import os
import signal
import threading

import pytest

from autograder.grading.interrupt import undisturbed


@undisturbed()
def write(written: list[str], fails: bool = False) -> None:
    """Write after Ctrl-C has come."""
    os.kill(os.getpid(), signal.SIGINT)
    if fails:
        raise OSError("no room")
    written.append("all of it")


def test_what_is_being_written_ends_before_the_program_does() -> None:
    written: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        write(written)
    assert written == ["all of it"]


def test_afterwards_ctrl_c_ends_the_program_at_once() -> None:
    before = signal.getsignal(signal.SIGINT)
    with undisturbed():
        pass
    assert signal.getsignal(signal.SIGINT) is before


def test_a_fault_is_told_before_ctrl_c() -> None:
    with pytest.raises(OSError, match="no room"):
        write([], fails=True)


def test_in_another_thread_nothing_changes() -> None:
    done = []

    def work() -> None:
        with undisturbed():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done
