"""The kernel's bounds: a fast allocation does not outrun the one on memory, and without any nothing else changes.

Cgroups v1 are run for real where they can be made. What is written to the files of v2 is compared with the kernel's
documentation only: no kernel with the memory controller in v2 has run it here, unless it is yours.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from autograder.kernels import cgroup, doctor
from autograder.kernels.inside import processes
from autograder.kernels.inside.cgroup import OpenCgroup
from autograder.kernels.limits import Limits
from autograder.kernels.session import Cell
from autograder.kernels.worker import WarmWorker
from tests.kernels.conftest import LEVELS, begun, running
from tests.skips import NO_CGROUP

VERSION = cgroup.available().get("memory")
WARM = [level for level in LEVELS if level != "process"]
PEAK = {1: "memory.max_usage_in_bytes", 2: "memory.peak"}
MB = 2**20
LIMITS = Limits(cell_seconds=20.0, memory_mb=300, disk_mb=1)
BOUND = 302 * MB
BURST = "import numpy as np\nx = np.ones(2**27)"  # 1 GB
HELD_UP_SECONDS = 8.0

for_real = pytest.mark.skipif(VERSION is None, reason=NO_CGROUP)


@pytest.fixture(params=WARM)
def worker(request: pytest.FixtureRequest) -> Iterator[WarmWorker]:
    """A light worker whose cgroup is gone when it is closed."""
    worker = WarmWorker(request.param, heavy=False)
    bound = of(worker)
    yield worker
    worker.close()
    assert not bound.folder.exists()


def of(worker: WarmWorker) -> cgroup.Cgroup:
    """Return the cgroup that bounds the memory of a worker."""
    assert worker._zygote is not None
    [bound] = [made for made in worker._zygote._cgroups if "memory" in made.place.controllers]
    return bound


def pid_of_zygote(worker: WarmWorker) -> int:
    assert worker._zygote is not None
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in processes.tree(worker._zygote._process.pid)}
    return max(pid for pid, command in commands.items() if '"run": "zygote"' in command)


@contextmanager
def held_up(pid: int) -> Iterator[None]:
    """Stop a process for a while, as a busy machine can."""
    go_on = threading.Timer(HELD_UP_SECONDS, os.kill, (pid, signal.SIGCONT))
    os.kill(pid, signal.SIGSTOP)
    go_on.start()
    yield
    go_on.join()


def burst(worker: WarmWorker):
    """Allocate 1 GB at once while the zygote, which watches, is held up; return the results and the peak in bytes."""
    zygote, folder = pid_of_zygote(worker), of(worker).folder
    with worker.session(LIMITS) as session:
        results = session.run([Cell("1", "def double(x): return 2 * x")])
        with held_up(zygote):
            results += session.run([Cell("2", BURST)])
        results += session.run([Cell("3", "print(double(4))")])
    assert VERSION is not None
    return [(result.status, result.output) for result in results], int((folder / PEAK[VERSION]).read_text())


@for_real
def test_a_burst_does_not_outrun_the_bound_and_the_next_cell_finds_what_was_there(worker):
    results, peak = burst(worker)
    assert results == [("ok", ""), ("memory", ""), ("ok", "8\n")]
    assert 200 * MB < peak <= BOUND


@for_real
def test_without_the_bound_it_does(worker, monkeypatch):
    admit = cgroup.Cgroup.admit
    monkeypatch.setattr(cgroup.Cgroup, "admit", lambda self, _: admit(self, 2**40))
    _, peak = burst(worker)
    assert peak > BOUND  # by how much depends on how busy this machine is


@for_real
def test_the_submission_ends_when_only_a_process_that_it_started_was_killed(worker):
    zygote = pid_of_zygote(worker)
    start = "import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', 'x = b\"x\" * 10**9']).returncode)"
    with worker.session(LIMITS) as session:
        session.run([Cell("1", "a = 1")])
        with held_up(zygote):
            results = session.run([Cell("2", start)])
        results += session.run([Cell("3", "import time; time.sleep(5)")])
    if VERSION == 1:
        assert results[0].output == "-9\n"
    assert "memory" in [result.status for result in results]


@for_real
def test_the_student_can_neither_leave_nor_loosen_it(worker):
    bound = of(worker)
    [limit] = bound._limits
    files = [bound.folder / name for name in (limit.name, "memory.swappiness", "memory.swap.max", "cpu.shares")]
    files += [folder / cgroup.ENTRANCE[bound.place.version] for folder in (bound.folder, bound.folder.parent)]
    escapes = [
        *(f"open('{file}', 'w').write('0')" for file in files),
        f"os.mkdir('{bound.folder}/inner')",
        "os.mkdir('mine')\nassert ctypes.CDLL(None).mount(b'c', b'mine', b'cgroup', 0, b'memory') == 0",
        "os.mkdir('mine2')\nassert ctypes.CDLL(None).mount(b'c', b'mine2', b'cgroup2', 0, None) == 0",
        "assert len(os.listdir('/proc/self/fd')) > 5  # the standard three, the wire, the listing",
    ]
    with worker.session(LIMITS) as session:
        [first, *results] = session.run([Cell(str(n), code) for n, code in enumerate(["import ctypes, os", *escapes])])
        assert first.status == "ok"
        assert [result.status for result in results] == ["error"] * len(escapes), results
        assert len(cgroup.members(bound.folder)) == 1
        assert abs(int(limit.read_text()) - BOUND) < 4096


@for_real
def test_the_zygote_stays_outside_and_nobody_is_in_it_between_submissions(worker):
    with worker.session(LIMITS) as session:
        session.run([Cell("1", "import subprocess\np = subprocess.Popen(['sleep', '60'])")])
        assert len(cgroup.members(of(worker).folder)) == 2
    assert cgroup.members(of(worker).folder) == []


@for_real
@pytest.mark.parametrize("level", WARM)
def test_what_a_killed_zygote_leaves_is_ended(level):
    worker = WarmWorker(level, heavy=False)
    mark, folder = f"7{os.getpid():07d}", of(worker).folder
    with worker.session(Limits()) as session:
        session.run([Cell("1", f"import subprocess\np = subprocess.Popen(['sleep', '{mark}'])")])
        assert len(begun(mark, 1)) == 1
        os.kill(worker._zygote._process.pid, signal.SIGKILL)
    worker.close()
    assert running(mark) == []
    assert not folder.exists()


@for_real
def test_what_a_killed_grader_leaves_is_swept_by_the_next_one():
    code = "from autograder.kernels import cgroup\nprint(*(made.folder for made in cgroup.make()), flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as grader:
        assert grader.stdout is not None
        folders = [Path(name) for name in grader.stdout.readline().decode().split()]
        first = cgroup.make()
        assert folders
        assert all(folder.exists() for folder in folders)
        grader.kill()
    second = cgroup.make()
    assert not any(folder.exists() for folder in folders)
    for bound in (*first, *second):
        assert bound.folder.exists()
        bound.close()
        assert not bound.folder.exists()


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """A folder where the kernel's would be mounted."""
    monkeypatch.setattr(cgroup, "MOUNT", tmp_path)
    monkeypatch.setattr(cgroup, "OWN", tmp_path / "own")
    return tmp_path


@pytest.mark.parametrize("own", [None, "", "0::/\n", "4:memory:/somewhere\n0::/\n", "0::/../..\n", "1:cpuset:/\n"])
def test_where_none_can_be_made_submissions_run_and_the_doctor_says_so(elsewhere, own):
    if own is not None:
        (elsewhere / "own").write_text(own)
    assert cgroup.make() == []
    assert all(how.startswith("watched only") for how in doctor.bounds().values())
    worker = WarmWorker(WARM[0] if WARM else "process", heavy=False)
    with worker.session(LIMITS) as session:
        results = session.run([Cell("1", "a = 1"), Cell("2", BURST), Cell("3", "print(a)")])
    worker.close()
    assert [(result.status, result.output) for result in results] == [("ok", ""), ("memory", ""), ("ok", "1\n")]


@for_real
def test_the_doctor_says_which_version_there_is():
    assert doctor.bounds()["memory"] == f"bounded by the kernel too, with a cgroup (v{VERSION})"


@pytest.mark.parametrize("busy", [False, True])
def test_version_2_with_files_in_place_of_the_kernel(elsewhere, monkeypatch, busy):
    """Where the own cgroup is busy, which the kernel says with an error, the one above it is taken."""
    own = elsewhere / "app.slice" / "own.scope"
    own.mkdir(parents=True)
    (elsewhere / "own").write_text("0::/app.slice/own.scope\n")
    parent = own.parent if busy else own
    (parent / "cgroup.subtree_control").touch()

    def populate(prefix: str, dir: Path) -> str:  # noqa: A002 - the name that tempfile.mkdtemp has
        folder = dir / f"{prefix}x"
        folder.mkdir()
        for name in ("memory.max", "memory.swap.max", "memory.oom.group", "cgroup.procs"):
            (folder / name).touch()
        (folder / "memory.events").write_text("low 0\noom 0\noom_kill 2\noom_group_kill 0\n")
        (folder / "cpu.stat").write_text("usage_usec 1000000\nuser_usec 800000\nsystem_usec 200000\n")
        return str(folder)

    monkeypatch.setattr(cgroup.tempfile, "mkdtemp", populate)
    [bound] = cgroup.make()
    assert bound.place == cgroup.Place(2, parent, ("memory", "cpu"))
    assert (parent / "cgroup.subtree_control").read_text() == "+cpuory"  # written over what was written before
    kinds, files = zip(*bound.admit(BOUND), strict=True)
    inside = OpenCgroup(files, kinds)
    inside.enter()
    contents = {path.name: path.read_text() for path in bound.folder.iterdir()}
    del contents["memory.events"], contents["cpu.stat"]
    assert contents == {
        "memory.max": str(BOUND),
        "memory.swap.max": "0",
        "memory.oom.group": "1",
        "cgroup.procs": "0",
    }
    assert not inside.killed()
    assert inside.shares_processors
    (bound.folder / "memory.events").write_text("low 0\noom 1\noom_kill 3\noom_group_kill 1\n")
    (bound.folder / "cpu.stat").write_text("usage_usec 3500000\nuser_usec 0\nsystem_usec 0\n")
    assert inside.killed()
    assert bound.used() == 3.5
    shutil.rmtree(bound.folder)
    bound.close()


def test_in_version_1_each_hierarchy_gets_one_and_none_gets_two(elsewhere):
    """Two controllers may be one hierarchy; that of memory may be in version 2, or nowhere."""
    (elsewhere / "own").write_text("7:cpu,cpuacct:/a\n4:memory:/b\n2:cpuset:/\n0::/\n")
    assert list(cgroup.places())[:2] == [
        cgroup.Place(1, elsewhere / "cpu" / "a", ("cpu", "cpuacct")),
        cgroup.Place(1, elsewhere / "memory" / "b", ("memory",)),
    ]


def test_a_kernel_that_refuses_entry_or_counts_no_kills_ends_nothing():
    read_only = os.open(os.devnull, os.O_RDONLY)
    inside = OpenCgroup([read_only, os.dup(read_only)], ["enter", "kills"])
    inside.enter()
    assert not inside.killed()
    inside.close()
