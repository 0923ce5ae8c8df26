"""R2: a submission that takes whatever it can get leaves an honest one beside it its processor, and all its points.

Both are held to one processor, so that what one gets is missing from the other, however many this machine has.
"""

import os
import threading
import time
from collections.abc import Iterator

import pytest

from autograder.grading.assignment import load
from autograder.grading.collect import Submission
from autograder.grading.grade import Graded, Task, grade
from autograder.kernels import cgroup, start
from autograder.kernels.limits import Limits
from autograder.kernels.session import Cell
from autograder.kernels.worker import WarmWorker
from tests.hostile.test_defenses import without
from tests.kernels.conftest import LEVELS
from tests.sample.submissions import notebook, right_cells
from tests.skips import NO_CGROUP

HOW = ("cgroup", "watch")
WARM = [level for level in LEVELS if level != "process"]
ASSIGNMENT = "dropout_numpy"
HONEST_SECONDS = 1.5
SETTLED_SECONDS = 3.0
"""After which a hog has used up its credit."""
EQUAL = 3.0
"""Times as much as an honest submission that a hog may get; without any bound it is about twenty-four."""
LIMITS = Limits(cell_seconds=60.0)

MANY = """
import os
for _ in range(24):
    if os.fork() == 0:
        {each}
        while True: {work}
"""
HOGS = {
    "many processes": MANY.format(each="pass", work="pass"),
    "a session each": MANY.format(each="os.setsid()", work="pass"),
    "short lives that nobody asks for": (
        "import os, signal, time\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\nif os.fork() == 0:\n"
        "    while True:\n        if os.fork() == 0:\n            end = time.monotonic() + 1\n"
        "            while time.monotonic() < end: pass\n            os._exit(0)\n        time.sleep(0.05)"
    ),
    "daemons": (
        "import os\nfor _ in range(24):\n    if os.fork() == 0:\n        if os.fork() == 0:\n"
        "            while True: pass\n"
        "        os._exit(0)\n    os.wait()"
    ),
    "threads": (
        "import hashlib, threading\ndef work():\n    data = bytes(10**6)\n    while True: hashlib.sha256(data)\n"
        "for _ in range(24): threading.Thread(target=work, daemon=True).start()"
    ),
    "memory": MANY.format(each="a = bytearray(4 * 10**6)", work="a[:] = bytes(4 * 10**6)"),
    "disk": MANY.format(each="f = open(str(os.getpid()), 'wb', 0)", work="f.seek(0); f.write(bytes(10**6))"),
}


@pytest.fixture
def one_processor() -> Iterator[None]:
    """Hold this process, and what it starts, to one processor."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


def bind(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have hogs held back by a cgroup, or by the watch alone."""
    if how == "watch":
        monkeypatch.setattr(cgroup, "make", list)
    elif "cpu" not in cgroup.available():
        pytest.skip(NO_CGROUP)


def beside(level: str, hog: str) -> float:
    """Return how much processor time a hog gets while an honest submission uses a second."""
    greedy, modest = WarmWorker(level, heavy=False), WarmWorker(level, heavy=False)
    with greedy.session(LIMITS) as one, modest.session(LIMITS) as other:
        one.run([Cell("1", hog)])
        time.sleep(SETTLED_SECONDS)
        before = used(greedy)
        burn = f"import time\nend = time.process_time() + {HONEST_SECONDS}\nwhile time.process_time() < end: pass"
        [result] = other.run([Cell("1", burn)])
        after = used(greedy)
    greedy.close()
    modest.close()
    assert result.status == "ok", result
    return (after - before) / HONEST_SECONDS


def used(worker: WarmWorker) -> float:
    """Return the processor time of what runs in a worker; nothing uses any that was ended."""
    assert worker._zygote is not None
    try:
        return worker._zygote.used()
    except Exception:
        return 0.0


FEW = ("a session each", "threads")
"""Hogs that stand for all in the suite; the others are a part of the release test."""
CASES = [
    pytest.param(hog, how, WARM[(number + place) % len(WARM)], marks=() if hog in FEW else pytest.mark.levels)
    for number, hog in enumerate(HOGS)
    for place, how in enumerate(HOW)
]


@pytest.mark.parametrize(("hog", "how", "level"), CASES)
def test_a_hog_gets_no_more_than_its_neighbor(hog, how, level, one_processor, monkeypatch):
    bind(how, monkeypatch)
    assert beside(level, HOGS[hog]) < EQUAL


@pytest.mark.levels
@pytest.mark.parametrize("level", WARM)
def test_without_a_bound_it_gets_nearly_all(level, one_processor, monkeypatch, tmp_path):
    unwatched = (("watch.py", "self._processor.exceeded(members)", "False"),)
    monkeypatch.setattr(cgroup, "make", list)
    monkeypatch.setattr(start, "CODE", without(unwatched, tmp_path / "without"))
    assert beside(level, HOGS["a session each"]) > 2 * EQUAL


@pytest.mark.parametrize(("how", "level"), list(zip(HOW, WARM, strict=False)))
def test_the_neighbor_keeps_its_points(how, level, one_processor, monkeypatch):
    """The attack as it was found, smaller: loops beside a session that is kept alive."""
    bind(how, monkeypatch)
    attack = f"{HOGS['many processes']}time.sleep(10)".replace("import os", "import os, time")
    books = {"honest": right_cells(ASSIGNMENT, 0), "hog": {next(iter(right_cells(ASSIGNMENT, 0))): attack}}
    assignment = load(ASSIGNMENT)
    graded: dict[str, Graded] = {}

    def run(name: str) -> None:
        submission = Submission(name, ASSIGNMENT, notebook(ASSIGNMENT, books[name]))
        worker = WarmWorker(level, heavy=False)
        limits = Limits(cell_seconds=3.0 if name == "honest" else 15.0)
        graded[name] = grade(Task(submission, assignment, assignment.version, 1, limits), worker)
        worker.close()

    threads = [threading.Thread(target=run, args=(name,)) for name in ("hog", "honest")]
    for thread in threads:
        thread.start()
        time.sleep(2)
    for thread in threads:
        thread.join()
    verdict = graded["honest"].verdict
    assert verdict.points == verdict.max_points
