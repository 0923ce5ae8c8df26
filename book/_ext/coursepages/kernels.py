"""Kernels are forked from one process that has imported NumPy, PyTorch and Keras, instead of importing them for a page.

To import them takes ten seconds of a processor. Jupyter has provisioners so that kernels can come from elsewhere; none
that is published forks them.
"""

import json
import os
import signal
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from tempfile import gettempdir
from threading import Lock
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner
from sphinx.application import Sphinx

NAME = "forked"
# Pages run side by side, and matrices as small as theirs are slower on several threads.
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTEROP_THREADS", "TF_NUM_INTRAOP_THREADS"), "1")
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}


def setup(app: Sphinx) -> None:
    if sys.platform != "linux":  # the libraries of macOS do not bear a fork, and Windows has none
        return
    factory = KernelProvisionerFactory.instance()
    factory.provisioners[NAME] = EntryPoint(NAME, f"{__name__}:ForkProvisioner", factory.GROUP_NAME)
    factory.default_provisioner_name = NAME
    app.connect("build-finished", zygote.end)


class Zygote:
    """The process that forks kernels: started with the first one, by whichever page comes first."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None
        self.lock = Lock()

    def fork(self, order: dict[str, Any]) -> int:
        """Return the process number of a new kernel."""
        with self.lock:
            self.process = self.process or start()
            self.process.stdin.write(json.dumps(order) + "\n")
            return int(self.process.stdout.readline())

    def end(self, *_: object) -> None:
        """End the process, if there is one, and wait for it."""
        with self.lock:
            if self.process:
                self.process.communicate()
            self.process = None


def start() -> subprocess.Popen[str]:
    """Start a process that forks kernels."""
    # Without -P the modules beside the script would hide others of their names.
    command = [sys.executable, "-P", Path(__file__).with_name("zygote.py")]
    return subprocess.Popen(  # noqa: S603 (our own script)
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        env=THREADS | QUIET | os.environ,
    )


zygote = Zygote()


class Kernel:
    """What LocalProvisioner asks of a process: the part of `subprocess.Popen` that it uses."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """Return None as long as the process is there; its exit code is the zygote's to know."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def wait(self) -> int:
        """Return at once: LocalProvisioner has polled until the process was gone."""
        return 0

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class ForkProvisioner(LocalProvisioner):
    """Starts a kernel as a fork of the zygote."""

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Have the kernel meet its client in files, because two builds at a time can choose the same port."""
        self.parent.transport, self.parent.ip = "ipc", f"{gettempdir()}/kernel-{self.kernel_id}"
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start a kernel; of the command its arguments count, which begin with the connection file's."""
        self.cwd = str(kwargs.get("cwd") or Path.cwd())
        environment = THREADS | (kwargs.get("env") or dict(os.environ))
        order = {"arguments": cmd[cmd.index("-f") :], "folder": self.cwd, "environment": environment}
        self.process = Kernel(zygote.fork(order))
        self.pid = self.pgid = self.process.pid
        return self.connection_info
