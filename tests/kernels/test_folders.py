"""Work folders: how much is in one, and that it can be removed whatever was done to it. Packages: which can be read."""

import ctypes
import mmap
import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.kernels import view
from autograder.kernels.inside import landlock
from autograder.kernels.inside.folders import BLOCK, MAX_ENTRIES, MAX_MAPPED, nameless, remove, size
from autograder.kernels.limits import Limits
from autograder.kernels.session import Cell
from autograder.kernels.worker import WarmWorker
from tests.kernels.conftest import LEVELS

libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p


def dig(folder: Path, depth: int) -> None:
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("deep", dir_fd=here)
        below = os.open("deep", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


def test_files_links_and_folders_count_and_links_are_not_followed(tmp_path):
    (tmp_path / "file").write_bytes(bytes(10**6))
    (tmp_path / "link").symlink_to("/")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "empty").touch()
    assert 10**6 <= size(tmp_path) <= 10**6 + 5 * BLOCK


def test_too_many_entries_are_too_large_wherever_they_lie(tmp_path, monkeypatch):
    monkeypatch.setattr("autograder.kernels.inside.folders.MAX_ENTRIES", 10)
    for number in range(5):
        (tmp_path / f"a{number}").mkdir()
        (tmp_path / f"a{number}" / "b").touch()
    assert size(tmp_path) <= 15 * BLOCK
    (tmp_path / "a0" / "c").touch()
    assert size(tmp_path) == sys.maxsize
    assert MAX_ENTRIES > 1000


def test_a_folder_that_cannot_be_read_is_too_large(tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir()
    open_folder = os.open

    def refuse(name, flags, **place):
        if name == "closed":
            raise PermissionError
        return open_folder(name, flags, **place)

    monkeypatch.setattr(os, "open", refuse)
    assert size(tmp_path) == sys.maxsize


def test_what_is_moved_while_it_is_looked_at_is_not_lost_sight_of(tmp_path):
    """Two folders that change places without end: a look that follows paths misses what is in them every other time."""
    (tmp_path / "a" / "in").mkdir(parents=True)
    (tmp_path / "a" / "in" / "file").write_bytes(bytes(10**6))
    swap = "import os\nprint(flush=True)\nwhile True:\n    os.rename('a', 'b')\n    os.rename('b', 'a')"
    with subprocess.Popen([sys.executable, "-c", swap], cwd=tmp_path, stdout=subprocess.PIPE) as mover:
        assert mover.stdout is not None
        mover.stdout.readline()
        sizes = [size(tmp_path) for _ in range(200)]
        mover.kill()
    assert min(sizes) >= 10**6


def only_mapped(path: Path, length: int) -> int:
    """Map a file that is closed and removed at once, as Python's own mmap does not; return where."""
    path.write_bytes(bytes(length))
    with path.open("r+b") as file:
        place = libc.mmap(None, ctypes.c_size_t(length), 1, mmap.MAP_SHARED, file.fileno(), ctypes.c_long(0))
    path.unlink()
    assert place != ctypes.c_void_p(-1).value
    return place


@pytest.mark.parametrize("hold", ["open", "map"])
def test_what_is_in_no_folder_counts_as_long_as_somebody_holds_it(tmp_path, hold):
    path, length = tmp_path / "file", 10**6
    before = nameless([os.getpid()], tmp_path)[0]
    if hold == "map":
        place = only_mapped(path, length)
        assert nameless([os.getpid()], tmp_path)[0] >= before + length
        libc.munmap(ctypes.c_void_p(place), ctypes.c_size_t(length))
    else:
        with path.open("wb") as file:
            file.write(bytes(length))
            file.flush()
            path.unlink()
            assert nameless([os.getpid()], tmp_path)[0] >= before + length
    assert nameless([os.getpid()], tmp_path)[0] == before


def test_too_many_files_that_are_only_mapped_are_too_large(tmp_path):
    before = nameless([os.getpid()], tmp_path)[0]
    places = [only_mapped(tmp_path / "file", 4096) for _ in range(MAX_MAPPED + 1)]
    assert nameless([os.getpid()], tmp_path)[0] == sys.maxsize
    libc.munmap(ctypes.c_void_p(places.pop()), ctypes.c_size_t(4096))
    assert nameless([os.getpid()], tmp_path)[0] == before + 4096 * MAX_MAPPED
    for place in places:
        libc.munmap(ctypes.c_void_p(place), ctypes.c_size_t(4096))


def test_a_folder_deeper_than_a_path_is_too_large_and_can_be_removed(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    dig(folder, 3000)
    assert size(folder) == sys.maxsize
    remove(folder)
    assert not folder.exists()


@pytest.mark.parametrize("mode", [0o000, 0o400, 0o100])
def test_a_folder_without_permissions_can_be_removed(tmp_path, mode):
    folder = tmp_path / "work"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "file").touch()
    (folder / "a").chmod(mode)
    remove(folder)
    assert not folder.exists()


def test_a_folder_that_is_gone_is_no_error(tmp_path):
    remove(tmp_path / "never")
    assert size(tmp_path / "never") == 0


@pytest.mark.parametrize("level", [level for level in LEVELS if level != "process"])
def test_an_installed_autograder_cannot_be_read_but_its_neighbors_can(level, tmp_path, monkeypatch):
    site = tmp_path / "site-packages"
    (site / "autograder").mkdir(parents=True)
    (site / "autograder" / "answers.py").write_text("answer = 42")
    (site / "neighbor").mkdir()
    (site / "neighbor" / "__init__.py").write_text("answer = 43")
    monkeypatch.syspath_prepend(str(site))
    worker = WarmWorker(level, heavy=False)
    cells = (
        "import neighbor\nprint(neighbor.answer)",
        f"print(open('{site}/autograder/answers.py').read())",
        f"open('{site}/autograder/note', 'w')",
        f"open('{site}/note', 'w')",
        f"open('{tmp_path}/note', 'w')",
    )
    with worker.session(Limits()) as session:
        ours, theirs, *notes = session.run([Cell(source, source) for source in cells])
    worker.close()
    assert {note.status for note in notes} == {"error"}
    assert ours.output == "43\n"
    assert theirs.status == "error"
    assert theirs.message.startswith(("PermissionError", "FileNotFoundError"))


def test_no_way_leads_around_to_an_installed_autograder(tmp_path, monkeypatch):
    site = tmp_path / "lib" / "site-packages"
    (site / "autograder").mkdir(parents=True)
    (site / "neighbor").mkdir()
    (tmp_path / "lib64").symlink_to("lib")
    monkeypatch.setattr(view, "SYSTEM", (str(tmp_path),))
    found = view.submissions_view([str(tmp_path / "lib64" / "site-packages")])
    allowed = [path for shown in found.shown for path in landlock.around(found.hidden, shown)]
    assert site / "neighbor" in allowed
    assert [path for path in allowed if (site / "autograder").is_relative_to(path)] == []
