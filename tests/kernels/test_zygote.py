"""The warm process: one child after the other, and a new one when it is gone."""

import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.grading import warm
from autograder.grading.errors import CourseError
from autograder.kernels import cgroup, start
from autograder.kernels.limits import Limits
from autograder.kernels.session import Cell
from autograder.kernels.worker import WarmWorker
from autograder.kernels.zygote import Zygote, ZygoteFailed
from tests.kernels.conftest import LEVELS, begun, running

WARM = [level for level in LEVELS if level != "process"]
FEW, MANY = 30, 500

REMEMBERS_NOTHING = """
assert 'seen' not in globals()
seen = open('note', 'x').write('x')
"""
USES_FRAMEWORKS = f"""
{REMEMBERS_NOTHING}
import tensorflow, torch
layer = torch.nn.Linear(3, 1)
layer(torch.ones(2, 3)).sum().backward()
assert float(layer.bias.grad) == 2
assert float(tensorflow.reduce_sum(tensorflow.ones((2, 3)) @ tensorflow.ones((3, 1)))) == 6
"""


@pytest.mark.parametrize("children", [FEW, pytest.param(MANY, marks=pytest.mark.endurance)])
@pytest.mark.parametrize("heavy", [False, True])
@pytest.mark.parametrize("level", WARM)
def test_of_children_in_a_row_none_hangs_and_none_remembers(level, heavy, children):
    worker = WarmWorker(level, heavy)
    for number in range(children):
        with worker.session(Limits()) as session:
            [result] = session.run([Cell("1", USES_FRAMEWORKS if heavy else REMEMBERS_NOTHING)])
        assert result.status == "ok", (number, result)
    worker.close()


@pytest.mark.parametrize("level", WARM)
def test_a_zygote_that_was_killed_is_replaced_within_the_session(level):
    worker = WarmWorker(level, heavy=False)
    with worker.session(Limits()) as session:
        assert session.run([Cell("1", "a = 1")])[0].status == "ok"
        os.kill(worker._zygote._process.pid, signal.SIGKILL)
        time.sleep(0.2)
        results = session.run([Cell("2", "print(a)"), Cell("3", "print(a)"), Cell("4", "print(a)")])
    # At level landlock its child may answer once more before it is missed.
    assert [result.status for result in results].count("died") <= 1
    assert results[2].output == "1\n"
    worker.close()


def test_a_zygote_that_cannot_start_says_why(monkeypatch, tmp_path):
    monkeypatch.setattr("autograder.kernels.start.BESIDE", tmp_path / "missing")
    with pytest.raises(ZygoteFailed, match="the process process ended with exit code 1 before it was ready") as caught:
        Zygote("process", heavy=False)
    assert "missing/__init__.py" in caught.value.said


SLOW = "import sys, time\n\ndef up(shell, heavy):\n    print('a warning', file=sys.stderr)\n    time.sleep(60)\n"
FIRST_FAILS = """
import os, sys
def up(shell, heavy):
    if not os.path.exists({flag!r}):
        open({flag!r}, 'w')
        sys.exit(3)
"""


@pytest.mark.parametrize("level", WARM)
def test_a_slow_start_says_that_it_is_slow_and_how_to_wait_for_it(level, monkeypatch, tmp_path):
    monkeypatch.setattr(start, "CODE", with_warm_up(tmp_path, SLOW))
    monkeypatch.setenv("COURSE_START_SECONDS", "3")
    with pytest.raises(ZygoteFailed, match=r"took longer than 3 s to start: .*COURSE_START_SECONDS=6") as caught:
        Zygote(level, heavy=False)
    assert caught.value.said == "a warning"


@pytest.mark.parametrize("level", [level for level in WARM if level == "landlock"])  # at sandbox no flag would stay
def test_a_start_that_failed_is_tried_once_more(level, monkeypatch, tmp_path):
    flag = tmp_path / "flag"
    monkeypatch.setattr(start, "CODE", with_warm_up(tmp_path, FIRST_FAILS.format(flag=str(flag))))
    monkeypatch.setattr(warm, "threadpool_limits", lambda _: None)
    worker = warm._warm_worker(level, heavy=False)
    warm._cool(level, heavy=False)
    assert flag.exists()
    assert worker.isolation == level


@pytest.mark.parametrize("level", WARM)
def test_a_start_that_fails_again_stops_the_class_with_its_reason_and_what_was_said_apart(level, monkeypatch, tmp_path):
    monkeypatch.setattr(start, "CODE", with_warm_up(tmp_path, "import sys\ndef up(*_): sys.exit('no such thing')\n"))
    warm._cool(level, heavy=False)  # that of an earlier test would do
    with pytest.raises(CourseError, match=f"after 2 tries: the {level} process ended with exit code 1") as caught:
        warm._warm_worker(level, heavy=False)
    assert caught.value.said == "no such thing"
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.said) == (str(caught.value), caught.value.said)


def with_warm_up(tmp_path: Path, text: str) -> Path:
    """Return a copy of the submission's side that warms up in another way."""
    code = tmp_path / "inside"
    shutil.copytree(start.CODE, code, ignore=shutil.ignore_patterns("__pycache__"))
    (code / "warm.py").write_text(text)
    return code


@pytest.mark.parametrize("level", LEVELS)
def test_a_grader_that_is_killed_leaves_no_process_and_no_folder(level, tmp_path):
    code = (
        "import os\nfrom autograder.kernels.limits import Limits\nfrom autograder.kernels.session import Cell\n"
        "from autograder.kernels.worker import open_worker\n"
        f"with open_worker({level!r}, heavy=False).session(Limits()) as session:\n"
        "    session.run([Cell('1', 'import subprocess; subprocess.Popen([\"sleep\", \"MARK\"])')])\n"
        "    print('ready', flush=True)\n    input()\n"
    ).replace("MARK", mark := f"6{os.getpid():07d}")
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as grader:
        assert grader.stdout is not None
        assert grader.stdout.readline() == b"ready\n"
        grader.kill()
    deadline = time.monotonic() + 120
    while (list(tmp_path.glob("*/*")) or running(mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert running(mark) == []
    assert list(tmp_path.glob("*/*")) == []


@pytest.mark.parametrize("level", WARM)
def test_a_zygote_that_is_told_to_end_leaves_no_process(level, monkeypatch):
    """Without a cgroup nobody else would find them."""
    monkeypatch.setattr(cgroup, "make", list)
    worker = WarmWorker(level, heavy=False)
    mark = f"5{os.getpid():07d}"
    with worker.session(Limits()) as session:
        session.run(
            [Cell("1", f"import subprocess\nsubprocess.Popen('setsid sleep {mark} & exit', shell=True).wait()")]
        )
        assert len(begun(mark, 1)) == 1
        worker._zygote._process.terminate()
        worker._zygote._process.wait(30)
    worker.close()
    assert running(mark) == []


@pytest.mark.parametrize("level", WARM)
def test_ctrl_c_is_not_for_the_zygote(level):
    worker = WarmWorker(level, heavy=False)
    assert os.getsid(worker._zygote._process.pid) == worker._zygote._process.pid
    worker.close()


@pytest.mark.parametrize("level", LEVELS)
def test_nothing_is_left_in_the_folder_for_temporary_files(level, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    zygote = Zygote(level, heavy=False)
    zygote.close()
    assert list(tmp_path.iterdir()) == []
    assert not zygote.alive()
