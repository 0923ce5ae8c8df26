import mmap
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.kernels.inside import shared_memory
from autograder.kernels.inside.shared_memory import ABANDONED_SECONDS, BLOCK, FOLDER, SMALL, Newcomers


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a file that can be made in a folder of its own: what grades at the same time clears up /dev/shm itself."""
    folder = FOLDER / f"autograder-test-{os.getpid()}"
    folder.mkdir()
    monkeypatch.setattr(shared_memory, "FOLDER", folder)
    yield folder / "file"
    shutil.rmtree(folder)


def test_what_somebody_holds_is_counted_for_them_alone(file):
    newcomers, again = Newcomers(), Newcomers()
    lines = f"file = open({str(file)!r}, 'wb', 0)", f"file.write(bytes({SMALL + 2**20}))", "print('written')", "input()"
    command = [sys.executable, "-u", "-c", "\n".join(lines)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"written\n"
        assert newcomers.used(os.getpid()) >= SMALL
        assert again.used(holder.pid) == 0
        holder.communicate(b"\n")


def test_what_nobody_holds_is_not_counted_and_removed_in_the_end(file):
    newcomers = Newcomers()
    file.write_bytes(bytes(SMALL + 2**20))
    assert newcomers.used(os.getpid()) == 0
    assert file.exists()
    newcomers.remove()
    assert not file.exists()


def test_a_file_of_many_names_is_counted_once_and_removed_under_all_of_them(file):
    newcomers = Newcomers()
    file.write_bytes(bytes(SMALL - 2**20))
    names = [file.with_name(name) for name in ("a", "b", "c")]
    for name in names:
        name.hardlink_to(file)
    with file.open():
        assert newcomers.used(os.getppid()) == 0
    newcomers.remove()
    assert not any(name.exists() for name in (file, *names))


def test_empty_files_without_end_are_removed_too(file):
    newcomers = Newcomers()
    many = [file.with_name(str(number)) for number in range(SMALL // BLOCK + 1)]
    for path in many:
        path.touch()
    time.sleep(ABANDONED_SECONDS + 0.1)
    newcomers.used(os.getpid())
    assert not any(path.exists() for path in many)


def test_what_nobody_has_held_for_a_while_is_removed(file):
    newcomers = Newcomers()
    file.write_bytes(bytes(SMALL + 2**20))
    time.sleep(ABANDONED_SECONDS + 0.1)
    assert newcomers.used(os.getpid()) == 0
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
            assert again.used(os.getppid()) >= SMALL
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
