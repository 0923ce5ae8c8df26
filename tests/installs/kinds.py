"""Installations as people make them: a clone, a home without anything in it, and the one command of the README."""

import os
import resource
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
KINDS = {
    "student": "make student",
    "grader": "make grader",
    "frameworks": "make grader FRAMEWORKS=1",
    "book": "make .venv/.book node_modules/.package-lock.json",
}
"""What is run in the clone, by kind; the pages of the book are left to `make test`."""
MEGABYTES = {"student": 450, "grader": 600}
"""What an installation may take on the disk, in units of 2**20 bytes as `du` has them."""
OURS = ("MAKE", "MFLAGS", "VIRTUAL_ENV", "PYTHON", "PYTEST", "COURSE_", "XDG_")
"""How variables begin that somebody who has just cloned the course has not set."""


@dataclass(frozen=True)
class Installation:
    """A clone in which one kind was installed, what that took, and what it printed last."""

    clone: Path
    seconds: float
    processor: float
    said: str

    @property
    def megabytes(self) -> float:
        """Return what the environment takes on the disk."""
        return sum(path.lstat().st_blocks * 512 for path in (self.clone / ".venv").rglob("*")) / 2**20

    def run(self, *command: object, status: int = 0) -> str:
        """Run a command of the environment in the clone and return what it prints."""
        return run([self.clone / ".venv/bin" / str(command[0]), *command[1:]], self.clone, status)


def install(kind: str, folder: Path) -> Installation:
    """Clone the course, as it lies in this work tree, into an empty folder and install a kind there."""
    clone = copy(folder / "clone")
    begun, before = time.monotonic(), processor_seconds()
    said = run(["bash", "-c", KINDS[kind]], clone)
    return Installation(clone, time.monotonic() - begun, processor_seconds() - before, said)


def copy(clone: Path) -> Path:
    """Copy what a clone would have, with what is not committed yet."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listing.split("\0")):
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_bytes((ROOT / name).read_bytes())
            (clone / name).chmod((ROOT / name).stat().st_mode)
    return clone


def run(command: list[object], place: Path, status: int = 0) -> str:
    """Run a command with an empty home, no caches and nothing of this project in its environment."""
    home = place.parent / "home"
    home.mkdir(exist_ok=True)
    variables = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    variables |= {"HOME": str(home), "PIP_NO_CACHE_DIR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        [str(part) for part in command], cwd=place, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
