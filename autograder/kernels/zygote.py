"""The grader's handle of a zygote process: start it, have a child forked, interrupt or end the child."""

import json
import os
import select
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.checks.ask import Interrupted
from autograder.kernels import cgroup
from autograder.kernels.inside import processes
from autograder.kernels.inside.folders import remove
from autograder.kernels.start import command, environment

START = "COURSE_START_SECONDS"
"""Environment variable: how long a process may take until it is ready to run submissions."""
START_SECONDS = 180.0
END_SECONDS = 30.0
GONE = "the process that runs submissions is gone, or does not answer"


class ZygoteFailed(Interrupted):
    """The process that runs submissions did not start, or is gone.

    Attributes:
        said: what it wrote to its standard error, which may have nothing to do with it.
    """

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said


@dataclass(frozen=True)
class Ending:
    """What a child ended of.

    Attributes:
        cause: "died", or the limit that it exceeded.
        left: files that may be its and that were left alone.
    """

    cause: str
    left: list[str]


class Zygote:
    """A warm process that forks one child at a time.

    Args:
        level: "sandbox", "landlock" or "process".
        heavy: whether it imports torch, TensorFlow and Keras, or NumPy alone.

    Raises:
        ZygoteFailed: when it does not start; the message says whether it ended or took too long.
    """

    def __init__(self, level: str, heavy: bool) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="autograder-"))
        self._cgroups = cgroup.make()
        self.control, theirs = socket.socketpair()
        with tempfile.TemporaryFile() as said:
            with theirs:
                self._process = subprocess.Popen(
                    command("zygote", level, heavy=heavy, warm=level != "process"),
                    stdin=theirs.fileno(),
                    stdout=said,
                    stderr=said,
                    env=environment(level, self._home),
                    cwd=self._home,
                    start_new_session=True,  # Ctrl-C is for the grader, which ends the rest in order
                )
            seconds = start_seconds()
            deadline = time.monotonic() + seconds
            try:
                self._read(deadline)
            except ZygoteFailed as silence:
                late = time.monotonic() >= deadline
                if late:
                    self._process.kill()
                self.close()
                said.seek(0)
                why = slow(seconds) if late else f"ended with exit code {self._process.returncode} before it was ready"
                message = f"the {level} process {why}"
                raise ZygoteFailed(message, said.read().decode("utf-8", "replace").strip()) from silence

    def spawn(self, order: dict[str, Any]) -> socket.socket:
        """Have a child forked; return the socket that it serves."""
        ours, theirs = socket.socketpair()
        files = [file for made in self._cgroups for file in made.admit(charged(order))]
        with theirs:
            try:
                message = json.dumps({"spawn": order, "files": [kind for kind, _ in files]}).encode() + b"\n"
                socket.send_fds(self.control, [message], [theirs.fileno(), *(number for _, number in files)])
            except OSError as error:
                ours.close()
                raise ZygoteFailed(GONE) from error
        return ours

    def used(self) -> float | None:
        """Return the seconds of processors that everything in here has used so far, the living and the dead.

        Only differences mean something. Where no cgroup counts, children that nobody asked for are missing; None where
        there is nothing to be read.
        """
        for made in self._cgroups:
            if (seconds := made.used()) is not None:
                return seconds
        return sum(map(processes.seconds, processes.tree(self._process.pid))) or None

    def interrupt(self) -> None:
        """Press Ctrl-C in the child."""
        self._say("interrupt")

    def end(self) -> Ending:
        """Kill the child with everything it started; nothing of it is left when this returns."""
        self._say("kill")
        match self._read(time.monotonic() + END_SECONDS):
            case {"ended": str(cause), "left": list(left)}:
                return Ending(cause, left)
        raise ZygoteFailed(GONE)

    def alive(self) -> bool:
        """Return whether the zygote can still be spoken to."""
        return self.control.fileno() >= 0 and self._process.poll() is None

    def close(self) -> None:
        """End the zygote; a child of it ends as well."""
        self.control.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for made in self._cgroups:
            made.close()
        remove(self._home)

    def _say(self, word: str) -> None:
        try:
            self.control.sendall(json.dumps(word).encode() + b"\n")
        except OSError as error:
            raise ZygoteFailed(GONE) from error

    def _read(self, deadline: float) -> Any:
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        data = b""
        try:
            while not data.endswith(b"\n"):
                ready = poll.poll(max(0.0, 1000 * (deadline - time.monotonic())))
                part = self.control.recv(4096) if ready else b""
                if not part:
                    raise ZygoteFailed(GONE)
                data += part
            return json.loads(data)
        except (OSError, ValueError) as error:
            raise ZygoteFailed(GONE) from error


def start_seconds() -> float:
    """Return how long a process may take to start."""
    return float(os.environ.get(START, START_SECONDS))


def slow(seconds: float) -> str:
    return f"took longer than {seconds:g} s to start: give it more, with {START}={2 * seconds:g} in the environment"


def charged(order: dict[str, Any]) -> int:
    """Return the bytes that the kernel may charge to a submission that keeps within its limits.

    Beside what is resident, files in memory are charged: at level sandbox those of the work folder and of /tmp, each of
    which holds as much as a disk may. Only the watch can tell them apart, so this is the coarser bound of the two.
    """
    megabytes: int = order["memory_mb"] + 2 * order["disk_mb"]
    return megabytes * 2**20
