"""The grader's handle of a zygote process: start it, have a child forked, interrupt or end the child."""

import json
import select
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from autograder.kernels import cgroup
from autograder.kernels.inside.confine import remove
from autograder.kernels.start import command, environment

START_SECONDS = 180.0
END_SECONDS = 30.0
GONE = "the process that runs submissions is gone, or does not answer"


class ZygoteFailed(Exception):
    """The process that runs submissions did not start, or is gone."""


class Zygote:
    """A warm process that forks one child at a time.

    Args:
        level: "sandbox", "landlock" or "process".
        heavy: whether it imports torch, TensorFlow and Keras, or NumPy alone.

    Raises:
        ZygoteFailed: when it does not start, with what it said.
    """

    def __init__(self, level: str, heavy: bool) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="autograder-"))
        self._cgroup = cgroup.make()
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
                )
            try:
                self._read(time.monotonic() + START_SECONDS)
            except ZygoteFailed as silence:
                self.close()
                said.seek(0)
                lines = said.read().decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
                raise ZygoteFailed(f"the {level} process did not start: {lines[-1]}") from silence

    def spawn(self, order: dict[str, Any]) -> socket.socket:
        """Have a child forked; return the socket that it serves."""
        ours, theirs = socket.socketpair()
        files = self._cgroup.admit(charged(order)) if self._cgroup else []
        with theirs:
            try:
                message = json.dumps({"spawn": order}).encode() + b"\n"
                socket.send_fds(self.control, [message], [theirs.fileno(), *files])
            except OSError as error:
                ours.close()
                raise ZygoteFailed(GONE) from error
        return ours

    def interrupt(self) -> None:
        """Press Ctrl-C in the child."""
        self._say("interrupt")

    def end(self) -> str:
        """Kill the child with everything it started.

        Returns:
            "died", "memory", "processes" or "disk": what it ended of. Nothing of it is left by then.
        """
        self._say("kill")
        match self._read(time.monotonic() + END_SECONDS):
            case {"ended": str(cause)}:
                return cause
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
        if self._cgroup:
            self._cgroup.close()
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


def charged(order: dict[str, Any]) -> int:
    """Return the bytes that the kernel may charge to a submission that keeps within its limits.

    Beside what is resident, files in memory are charged: at level sandbox those of the work folder and of /tmp, each of
    which holds as much as a disk may. Only the watch can tell them apart, so this is the coarser bound of the two.
    """
    megabytes: int = order["memory_mb"] + 2 * order["disk_mb"]
    return megabytes * 2**20
