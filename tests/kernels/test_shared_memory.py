import mmap
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.kernels.inside.shared_memory import FOLDER, SMALL, Newcomers


@pytest.fixture
def file() -> Iterator[Path]:
    path = FOLDER / f"autograder-test-{os.getpid()}"
    yield path
    path.unlink(missing_ok=True)


def test_what_nobody_holds_is_counted_and_removed(file):
    newcomers = Newcomers()
    file.write_bytes(bytes(SMALL + 2**20))
    assert newcomers.used(os.getpid()) >= SMALL
    newcomers.remove()
    assert not file.exists()


def test_what_was_there_before_is_neither(file):
    file.write_bytes(bytes(SMALL + 2**20))
    newcomers = Newcomers()
    newcomers.remove()
    assert newcomers.used(os.getpid()) == 0
    assert file.exists()


@pytest.mark.parametrize("hold", ["open", "map"])
def test_what_another_program_holds_is_neither(file, hold):
    newcomers, again = Newcomers(), Newcomers()
    with file.open("w+b") as handle:
        handle.write(bytes(SMALL + 2**20))
        handle.flush()
        mapped = mmap.mmap(handle.fileno(), 4096) if hold == "map" else None
        if mapped is not None:
            handle.close()
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
            assert newcomers.used(stranger.pid) == 0
            assert again.used(os.getpid()) >= SMALL
            newcomers.remove()
            assert file.exists()
            stranger.communicate()
        if mapped is not None:
            mapped.close()


def test_the_semaphores_of_another_program_are_left_alone():
    newcomers = Newcomers()
    code = "import multiprocessing as mp\nlock = mp.get_context('spawn').Lock()\nprint('made', flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as stranger:
        assert stranger.stdout is not None
        assert stranger.stdout.readline() == b"made\n"
        names = set(FOLDER.glob("sem.mp-*"))
        newcomers.remove()
        assert names
        assert set(FOLDER.glob("sem.mp-*")) >= names
        stranger.communicate(b"\n")
