"""The warm parent of a submission: forks a child for it, watches the child's processes, and ends them all.

Commands come as lines of JSON on the control socket: `{"spawn": {...}, "files": [...]}` with the child's work socket
attached, and the files of its cgroups, then `"interrupt"` or `"kill"`. Every child ends with one line
`{"ended": CAUSE, "left": [...]}`: "died" or the limit that it exceeded, and files that may be its and were left alone.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from typing import Any

from __main__ import load

from . import confine, levels, processes, stub, warm
from .cgroup import OpenCgroup
from .executor import Executor, Respond, Shell, broken, make_shell
from .watch import ChildWatch
from .wire import HEADER, WireError, decode, encode, frame

TICK = 0.025
MAX_DESCRIPTORS = 8


def main(order: dict[str, Any]) -> None:
    """Warm up, say so, and serve until the control socket is closed."""
    respond = responder(order["beside"])
    control = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    stub.install()
    processes.adopt_orphans()
    shell = make_shell()
    if order["warm"]:
        warm.up(shell, order["heavy"])
    level = levels.prepare(order)
    gc.collect()
    gc.freeze()
    control.sendall(b'"ready"\n')
    for descriptor in range(3):
        os.dup2(null, descriptor)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    ForkServer(control, shell, respond, level, order["socket_bytes"]).serve()


def responder(folder: str) -> Respond:
    """Return what answers questions, with all its probes: loaded before any code that they are to judge."""
    load("beside", os.path.join(folder, "__init__.py"), folder)
    for file in sorted(os.listdir(folder)):
        if file.endswith(".py") and file != "__init__.py":
            importlib.import_module(f"beside.{file[:-3]}")
    respond: Respond = sys.modules["beside.respond"].respond
    return respond


class ForkServer:
    """Serves one runner: one child at a time."""

    def __init__(
        self, control: socket.socket, shell: Shell, respond: Respond, level: confine.Confinement, socket_bytes: int
    ) -> None:
        self._control = control
        self._shell = shell
        self._respond = respond
        self._level = level
        self._socket_bytes = socket_bytes
        self._child: int | None = None
        self._limits: dict[str, Any] = {}
        self._cgroup = OpenCgroup()
        self._watch: ChildWatch | None = None

    def serve(self) -> None:
        """Do what comes in, until nothing does any more or somebody ends this process: never without the child."""
        try:
            while self._turn():
                pass
        finally:
            if self._child is not None:
                self._end(self._child, "died")
            self._level.close()

    def _turn(self) -> bool:
        """Wait for a command, a tick long when there is a child to be looked at; return whether the grader is there."""
        if select.select([self._control], [], [], None if self._child is None else TICK)[0]:
            data, descriptors, _, _ = socket.recv_fds(self._control, 65536, MAX_DESCRIPTORS)
            if not data:
                return False
            for line in data.splitlines():
                self._obey(json.loads(line), descriptors)
        if self._child is not None:
            self._look(self._child)
        return True

    def _obey(self, command: Any, descriptors: list[int]) -> None:
        if isinstance(command, dict):
            self._limits = command["spawn"]
            work, *files = descriptors
            self._cgroup = OpenCgroup(files, command["files"])
            self._watch = ChildWatch(self._limits, self._level, self._cgroup, self._socket_bytes)
            self._child = self._spawn(work)
        elif self._child is not None and command == "interrupt":
            os.kill(self._child, signal.SIGINT)
        elif self._child is not None and command == "kill":
            self._end(self._child, "died")

    def _spawn(self, work: int) -> int:
        """Fork a child that serves the work socket."""
        assert len(processes.tasks(os.getpid())) <= 1, "a zygote must have one thread when it forks"
        child = self._level.fork()
        if child:
            os.close(work)
            return child
        try:
            self._live(work)
        finally:
            os._exit(1)

    def _live(self, work: int) -> None:
        """Be the child: give up everything but the work socket, then serve it."""
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self._cgroup.enter()
        os.dup2(work, 3, inheritable=False)
        os.closerange(4, 65536)
        self._level.enter(self._limits)
        serve(socket.socket(fileno=3), Executor(self._shell, self._respond, self._limits["output_bytes"]))

    def _look(self, child: int) -> None:
        """Have the child end if it must, and say so if it has."""
        assert self._watch is not None
        if self._level.ended(child):
            self._end(child, "died")
        elif cause := self._watch.excess(child):
            self._end(child, cause)

    def _end(self, child: int, cause: str) -> None:
        """End the child and everything it started, and only then report."""
        left = self._level.end(child)
        self._child = None
        if self._cgroup.killed():
            cause = "memory"
        self._cgroup.close()
        with contextlib.suppress(OSError):  # the grader may be gone
            self._control.sendall(json.dumps({"ended": cause, "left": left}).encode() + b"\n")


def serve(work: socket.socket, executor: Executor) -> None:
    """Answer requests one by one until the grader hangs up."""
    owner = os.getpid()
    while True:
        nonce, size = HEADER.unpack(_read(work, HEADER.size))
        reply = executor.handle(decode(_read(work, size)))
        if os.getpid() != owner:
            os._exit(0)
        try:
            payload = encode(reply)
        except (WireError, RecursionError, MemoryError) as error:
            payload = encode(broken(error))
        work.sendall(frame(nonce, payload))


def _read(work: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = work.recv(min(size - len(data), 2**20))
        if not part:
            os._exit(0)
        data += part
    return bytes(data)
