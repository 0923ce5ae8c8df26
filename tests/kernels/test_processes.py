"""The processes of a submission, seen from outside."""

import subprocess
import sys
import time

import pytest

from autograder.kernels.inside import processes
from autograder.kernels.inside.processes import MemoryWatch

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


def test_the_tree_and_its_threads_are_counted(family):
    assert len(list(processes.descendants(family))) == 4
    assert processes.count(family) == 4


def test_pages_that_processes_share_count_once(family):
    assert sum(map(processes.resident, processes.descendants(family))) > 800 * MB
    assert not MemoryWatch(300 * MB).exceeded(family, shared=0)
    assert MemoryWatch(200 * MB).exceeded(family, shared=0)
    assert MemoryWatch(300 * MB).exceeded(family, shared=150 * MB)


def test_the_exact_sum_is_not_taken_at_every_look_but_is_when_memory_grows(family, monkeypatch):
    exact = []
    monkeypatch.setattr(processes, "PAUSE", 10_000)
    monkeypatch.setattr(processes, "proportional", lambda pid: exact.append(pid) or (60 * MB, 0))
    watch = MemoryWatch(300 * MB)
    for _ in range(10):
        assert not watch.exceeded(family, shared=0)
    assert len(exact) == 4
    assert watch.exceeded(family, shared=100 * MB)


def test_after_a_while_it_is_taken_again(family, monkeypatch):
    monkeypatch.setattr(processes, "PAUSE", 0)
    sums = iter([10 * MB] * 4 + [100 * MB] * 4)
    monkeypatch.setattr(processes, "proportional", lambda pid: (next(sums), 0))
    watch = MemoryWatch(300 * MB)
    assert not watch.exceeded(family, shared=0)
    time.sleep(0.01)
    assert watch.exceeded(family, shared=0)


def test_a_process_that_is_gone_has_nothing():
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert processes.tasks(gone.pid) == []
    assert processes.resident(gone.pid) == 0
    assert not MemoryWatch(MB).exceeded(gone.pid, shared=0)
