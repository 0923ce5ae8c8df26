"""The warm process: one child after the other, and a new one when it is gone."""

import os
import signal
import subprocess
import sys
import time

import pytest

from autograder.kernels.limits import Limits
from autograder.kernels.session import Cell
from autograder.kernels.worker import WarmWorker
from autograder.kernels.zygote import Zygote, ZygoteFailed
from tests.kernels.conftest import LEVELS, running

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
    monkeypatch.setattr("autograder.kernels.start.RESPOND", tmp_path / "missing.py")
    with pytest.raises(ZygoteFailed, match=r"did not start: .*missing\.py"):
        Zygote("process", heavy=False)


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


@pytest.mark.parametrize("level", LEVELS)
def test_nothing_is_left_in_the_folder_for_temporary_files(level, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    zygote = Zygote(level, heavy=False)
    zygote.close()
    assert list(tmp_path.iterdir()) == []
    assert not zygote.alive()
