"""The processes of a submission, seen from outside: memory, processor time, the living and the dead."""

import os
import subprocess
import sys
import time
from collections.abc import Iterable

import pytest

from autograder.kernels.inside import processes, watch
from autograder.kernels.inside.watch import CREDIT_SECONDS, FEW, MAX_SESSIONS, KernelMemory, MemoryWatch, ProcessorWatch

MB = 2**20
SHARING = """
import os, sys, time
if os.fork():
    os.wait()
block = bytearray(200 * 2**20)
for place in range(0, len(block), 4096): block[place] = 1
for _ in range(3):
    if os.fork() == 0:
        break
print('ready', flush=True)
time.sleep(60)
"""


@pytest.fixture
def family():
    """Start a process that has a child with 200 MB, shared with three of its own."""
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", SHARING], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        for _ in range(4):
            parent.stdout.readline()
        yield parent.pid
        for pid in list(processes.tree(parent.pid)):
            subprocess.run(["kill", "-9", str(pid)], check=True)


def members(pid: int) -> list[processes.Process]:
    return processes.living(processes.descendants(pid))


def test_the_tree_and_its_threads_are_counted(family):
    assert len(list(processes.descendants(family))) == 4
    assert [member.threads for member in members(family)] == [1] * 4


def test_pages_that_processes_share_count_once(family):
    assert sum(member.resident for member in members(family)) > 800 * MB
    assert not MemoryWatch(300 * MB).exceeded(members(family), shared=0)
    assert MemoryWatch(200 * MB).exceeded(members(family), shared=0)
    assert MemoryWatch(300 * MB).exceeded(members(family), shared=150 * MB)
    assert MemoryWatch(300 * MB).exceeded(members(family), shared=0, kernel=150 * MB)


def test_the_exact_sum_is_not_taken_at_every_look_but_is_when_memory_grows(family, monkeypatch):
    exact = []
    monkeypatch.setattr(watch, "PAUSE", 10_000)
    monkeypatch.setattr(processes, "proportional", lambda process: exact.append(process) or (60 * MB, 0))
    memory = MemoryWatch(300 * MB)
    for _ in range(10):
        assert not memory.exceeded(members(family), shared=0)
    assert len(exact) == 4
    assert memory.exceeded(members(family), shared=100 * MB)


def test_after_a_while_it_is_taken_again(family, monkeypatch):
    monkeypatch.setattr(watch, "PAUSE", 0)
    sums = iter([10 * MB] * 4 + [100 * MB] * 4)
    monkeypatch.setattr(processes, "proportional", lambda process: (next(sums), 0))
    memory = MemoryWatch(300 * MB)
    assert not memory.exceeded(members(family), shared=0)
    time.sleep(0.01)
    assert memory.exceeded(members(family), shared=0)


def test_a_process_that_is_gone_has_nothing():
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert processes.tasks(gone.pid) == []
    assert processes.living([gone.pid]) == []
    assert processes.seconds(gone.pid) == 0
    assert processes.descriptors(gone.pid) == 0
    assert list(processes.opened(gone.pid)) == list(processes.mapped(gone.pid)) == []


def test_the_dead_are_not_among_the_living():
    dead = subprocess.Popen(["true"])
    while (seen := processes.look(dead.pid)) is not None and seen.state not in processes.DEAD:
        time.sleep(0.01)
    assert seen is not None
    assert processes.living([dead.pid]) == []
    dead.wait()


READING = """
import mmap, time
size = 64 * 2**30
memory = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, mmap.PROT_READ)
print(flush=True)
for place in range(0, size, 2**21): memory[place]
print(flush=True)
time.sleep(60)
"""


def test_tables_of_pages_that_were_only_read_count():
    """Each of these pages is the one of zeros, of no process; the tables that lead there are 128 MB."""
    with subprocess.Popen([sys.executable, "-c", READING], stdout=subprocess.PIPE) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()
        assert not MemoryWatch(100 * MB).exceeded(processes.living([reader.pid]), shared=0)
        reader.stdout.readline()
        [process] = processes.living([reader.pid])
        assert process.resident < 50 * MB
        assert MemoryWatch(100 * MB).exceeded([process], shared=0)
        reader.kill()


OPEN = """
import os, socket, time
kept = [socket.socketpair() for _ in range(100)]
pipes = [os.pipe() for _ in range(50)]
os.fork()
print(flush=True)
time.sleep(60)
"""


def test_sockets_and_pipes_count_once_each_as_full():
    with subprocess.Popen([sys.executable, "-c", OPEN], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as holder:
        assert holder.stdout is not None
        for _ in range(2):
            holder.stdout.readline()
        both = processes.living(processes.tree(holder.pid))
        descriptors = sum(processes.descriptors(member.pid) for member in both)
        assert 600 <= descriptors <= 620
        used = KernelMemory(socket_bytes=10**6).used(both, descriptors, sockets=0)
        assert 200 * 10**6 + 50 * 2**16 <= used <= 203 * 10**6 + 55 * 2**16
        assert KernelMemory(10**6).used(both, descriptors, sockets=500) == 500 * 10**6
        assert KernelMemory(10**6).used(both, FEW, sockets=FEW) == 0
        processes.kill([member.pid for member in both])


def test_processor_time_of_children_counts_when_they_are_dead():
    burn = "import os, time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass\n"
    code = f"import os, time\nif not os.fork():\n    {burn.replace(chr(10), chr(10) + '    ')}os._exit(0)\nos.wait()\n"
    with subprocess.Popen([sys.executable, "-c", f"{code}print(flush=True)\ninput()"], stdin=-1, stdout=-1) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        assert processes.seconds(parent.pid) > 0.25
        parent.communicate(b"\n")


BURN = "import os, sys\n{fork}\nprint(flush=True)\nwhile True: pass"


def policies(pids: Iterable[int]) -> set[int]:
    return {os.sched_getscheduler(int(task)) for pid in pids for task in processes.tasks(pid)}


@pytest.mark.parametrize(
    ("burning", "fork", "demoted", "ended"),
    [
        (1, "", False, False),
        (4, "os.fork(); os.fork()", True, False),
        (
            5,
            # Threads that hold no interpreter lock while they work: of others only one runs at a time.
            "import hashlib, threading\nwork = 'block = bytes(10**8)\\nwhile True: hashlib.sha256(block)'\n"
            "for _ in range(4): threading.Thread(target=exec, args=[work, {'hashlib': hashlib}]).start()",
            True,
            False,
        ),
        (
            16,
            "for _ in range(4): os.fork()\ntry: os.setsid()\nexcept OSError: pass",
            True,
            True,
        ),
    ],
)
def test_who_wants_more_than_a_share_waits_behind_all_others(burning, fork, demoted, ended):
    with subprocess.Popen(
        [sys.executable, "-c", BURN.format(fork=fork)], stdout=subprocess.PIPE, start_new_session=True
    ) as first:
        assert first.stdout is not None
        first.stdout.readline()
        processor = ProcessorWatch(allowance=1000.0)
        told = False
        begun = time.monotonic()
        seen: set[int] = set()
        # On a busy machine the others have to get a processor before they can be seen to want one.
        while (waited := time.monotonic() - begun) < 3 * CREDIT_SECONDS or (
            waited < 60 * CREDIT_SECONDS and (seen == {os.SCHED_IDLE}, told) != (demoted, ended)
        ):
            time.sleep(0.025)
            told |= processor.exceeded(processes.living(processes.tree(first.pid)))
            seen = policies(processes.tree(first.pid))
        processes.kill(list(processes.tree(first.pid)))
    assert (seen == {os.SCHED_IDLE}, told) == (demoted, ended)
    assert MAX_SESSIONS < 16


def test_who_uses_too_much_for_too_long_is_ended():
    with subprocess.Popen([sys.executable, "-c", BURN.format(fork="os.fork()")], stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        first.stdout.readline()
        processor = ProcessorWatch(allowance=0.3)
        deadline = time.monotonic() + 30
        while not processor.exceeded(processes.living(processes.tree(first.pid))) and time.monotonic() < deadline:
            time.sleep(0.025)
        assert time.monotonic() < deadline
        processes.kill(list(processes.tree(first.pid)))
