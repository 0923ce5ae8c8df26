"""Machines of a small cluster, each with a network of its own, and the keys with which they know one another."""

import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
POSSIBLE = os.getuid() == 0 and shutil.which("ip") is not None and shutil.which("openssl") is not None
HOME = 254
"""The last number of the address of the machine that grades; the others count from 1."""


def run(*command: object, **options: object) -> str:
    """Run a command and return what it prints."""
    done = subprocess.run(list(map(str, command)), check=False, capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def install(folder: Path) -> Path:
    """Install the course for a worker from a wheel, as on another machine, and return its Python."""
    wheels = folder / "wheels"
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", wheels, ROOT, cwd=folder)
    (wheel,) = wheels.glob("dropout_course-*.whl")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv/bin/python"
    locked = ("--constraint", ROOT / "requirements.txt")
    run(
        python, "-m", "pip", "install", "--quiet", *locked, f"dropout-course[grade,cluster] @ {wheel.as_uri()}", cwd="/"
    )
    return python


@dataclass(frozen=True)
class Keys:
    """Certificates of an authority of its own."""

    folder: Path

    def make(self) -> "Keys":
        """Make the authority, and a key that it has signed."""
        self.folder.mkdir()
        new = ("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj")
        run(*new, "/CN=authority", "-x509", "-days", 1, "-keyout", "ca-key.pem", "-out", "ca.pem", cwd=self.folder)
        run(*new, "/CN=machine", "-keyout", "key.pem", "-out", "request.pem", cwd=self.folder)
        signed = ("-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days", 1, "-out", "cert.pem")
        run("openssl", "x509", "-req", "-in", "request.pem", *signed, cwd=self.folder)
        return self

    @property
    def environment(self) -> dict[str, str]:
        """Return what makes Dask speak TLS alone, with these keys."""
        comm = "DASK_DISTRIBUTED__COMM__"
        found = {f"{comm}REQUIRE_ENCRYPTION": "True", f"{comm}TLS__CA_FILE": str(self.folder / "ca.pem")}
        for role in ("SCHEDULER", "WORKER", "CLIENT"):
            found[f"{comm}TLS__{role}__KEY"] = str(self.folder / "key.pem")
            found[f"{comm}TLS__{role}__CERT"] = str(self.folder / "cert.pem")
        return found


@dataclass
class Machine:
    """A network namespace, and what runs in it."""

    name: str
    address: str
    python: Path
    keys: Keys
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, program: str, *options: object) -> subprocess.Popen[bytes]:
        """Start a program of Dask on this machine."""
        command = ["ip", "netns", "exec", self.name, self.python, "-m", f"distributed.cli.{program}", *options]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.keys.folder)} | self.keys.environment
        process = subprocess.Popen(
            [*map(str, command), "--no-dashboard"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=environment,
        )
        self.started.append(process)
        return process

    def lose(self) -> None:
        """End everything on this machine at once, as when its power fails."""
        for process in self.started:
            for child in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []:
                child.kill()
            process.kill()
            process.wait()
        self.started.clear()


@contextmanager
def network(python: Path, keys: Keys, machines: int) -> Iterator[list[Machine]]:
    """Connect machines to this one by a bridge; all of it is gone when the block is left."""
    mark, subnet = f"course{os.getpid() % 100_000}", f"10.213.{os.getpid() % 250}"
    run("ip", "link", "add", mark, "type", "bridge")
    made: list[Machine] = []
    try:
        run("ip", "address", "add", f"{subnet}.{HOME}/24", "dev", mark)
        run("ip", "link", "set", mark, "up")
        for number in range(1, machines + 1):
            machine = Machine(f"{mark}-{number}", f"{subnet}.{number}", python, keys)
            run("ip", "netns", "add", machine.name)
            made.append(machine)
            run("ip", "link", "add", f"v{number}{mark}", "type", "veth", "peer", "name", "eth0", "netns", machine.name)
            run("ip", "link", "set", f"v{number}{mark}", "master", mark, "up")
            inside = ("ip", "-n", machine.name)
            run(*inside, "address", "add", f"{machine.address}/24", "dev", "eth0")
            run(*inside, "link", "set", "eth0", "up")
            run(*inside, "link", "set", "lo", "up")
        yield made
    finally:
        for machine in made:
            machine.lose()
            run("ip", "netns", "delete", machine.name)
        time.sleep(0.1)
        run("ip", "link", "delete", mark)
