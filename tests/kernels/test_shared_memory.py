"""Files in a /dev/shm that other programs of the same user use too: nothing of theirs is counted, or ever removed."""

import mmap
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from autograder.kernels.inside import shared_memory
from autograder.kernels.inside.shared_memory import FOLDER, Newcomers

MB = 2**20


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a file that can be made in a folder of its own: what grades at the same time sees other files."""
    folder = FOLDER / f"autograder-test-{os.getpid()}"
    folder.mkdir()
    monkeypatch.setattr(shared_memory, "FOLDER", folder)
    yield folder / "file"
    shutil.rmtree(folder)


@contextmanager
def process(*lines: str) -> Iterator[int]:
    """Run a program that goes on until the block is left; yield its number when these lines have run."""
    command = [sys.executable, "-u", "-c", "\n".join([*lines, "print('done')", "input()"])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"done\n"
        yield running.pid
        running.communicate(b"\n")


def writes(file: Path, size: int = MB) -> str:
    return f"file = open({str(file)!r}, 'wb', 0); file.write(bytes({size}))"


def test_what_a_process_of_the_submission_writes_is_counted_and_removed_in_the_end(file):
    newcomers = Newcomers()
    with process(writes(file)) as pid:
        assert newcomers.used([pid]) >= MB
    assert newcomers.used([]) >= MB
    assert newcomers.remove() == []
    assert not file.exists()


def test_a_file_of_many_names_is_counted_once_and_removed_under_all_of_them(file):
    newcomers = Newcomers()
    with process(writes(file), f"import os\nfor n in 'abc': os.link({str(file)!r}, {str(file)!r} + n)") as pid:
        newcomers.look([pid])
    newcomers.remove()
    assert list(file.parent.iterdir()) == []


def test_what_it_maps_is_its_own_too(file):
    newcomers = Newcomers()
    maps = "import mmap; memory = mmap.mmap(file.fileno(), 4096, prot=mmap.PROT_WRITE); file.close()"
    with process(writes(file).replace("'wb'", "'w+b'"), maps) as pid:
        newcomers.look([pid])
    newcomers.remove()
    assert not file.exists()


def test_what_was_only_read_was_there_before_or_was_never_seen_is_left_and_named(file):
    old = file.with_name("old")
    old.touch()
    newcomers = Newcomers()
    unseen, read = file.with_name("unseen"), file.with_name("read")
    unseen.touch()
    read.touch()
    with process(f"files = open({str(read)!r}), open({str(old)!r}, 'a')") as pid:
        assert newcomers.used([pid]) == 0
    assert sorted(newcomers.remove()) == [str(read), str(unseen)]
    assert sorted(file.parent.iterdir()) == [old, read, unseen]


@pytest.mark.parametrize("hold", ["open", "map"])
def test_what_another_program_holds_stays_and_is_nobody_elses(file, hold):
    newcomers = Newcomers()
    with process(writes(file)) as pid:
        newcomers.look([pid])
        with file.open("r+b") as handle:
            mapped = mmap.mmap(handle.fileno(), 4096) if hold == "map" else None
            if mapped is not None:
                handle.close()
            assert newcomers.remove() == []
            assert file.exists()
            if mapped is not None:
                mapped.close()


def test_two_graders_at_once_leave_each_others_files_alone(file):
    first, second = Newcomers(), Newcomers()
    other = file.with_name("other")
    with process(writes(file)) as ours, process(writes(other)) as theirs:
        first.look([ours])
        second.look([theirs])
    assert first.remove() == [str(other)]
    assert other.exists()
    assert not file.exists()
    assert second.remove() == []
    assert not other.exists()


def test_the_semaphores_of_another_program_are_left_alone():
    newcomers = Newcomers()
    code = "import multiprocessing as mp\nlock = mp.get_context('spawn').Lock()"
    with process(code):
        names = set(FOLDER.glob("sem.mp-*"))
        newcomers.remove()
        assert names
        assert set(FOLDER.glob("sem.mp-*")) >= names
