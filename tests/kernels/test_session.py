"""A submission from its first cell to its last question, whatever its code does."""

import os
import time

import numpy as np
import pytest

from autograder.checks.ask import Question, Unanswered
from autograder.kernels.inside import processes
from autograder.kernels.limits import Limits
from autograder.kernels.session import EXPERIMENT, Cell
from tests.kernels.conftest import begun, running

DOUBLE = "import numpy as np\ndef double(a): return 2 * a"


def unanswered(submission, subject: str, *args) -> Unanswered:
    with pytest.raises(Unanswered) as caught:
        submission.ask(subject, *args)
    return caught.value


def test_a_value_comes_back(submit):
    submission = submit(DOUBLE)
    np.testing.assert_array_equal(submission.value("double", np.arange(3.0)), [0, 2, 4])
    assert submission.value("double", "ab") == "abab"
    assert submission.value("double", [1, None]) == [1, None, 1, None]


def test_an_exception_of_the_students_code_comes_back(submit):
    answer = submit("def f(p):\n    raise ValueError(f'bad {p}\\x1b[31m')").ask("f", 3)
    assert answer.raised is not None
    assert "ValueError" in answer.raised.kinds
    assert answer.raised.message == "bad 3"


def test_a_changed_argument_is_noticed(submit):
    submission = submit("def clobber(a):\n    a[:] = 0\n    return a")
    assert not submission.ask("clobber", np.ones(3)).untouched


def test_a_name_that_is_not_defined_says_so(submit):
    assert unanswered(submit("1/0"), "double").message.startswith("is not defined")


ENDINGS = {
    "loop": ("def f():\n    while True: pass", "timeout", "took longer than"),
    "loop that catches": (
        "def f():\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass",
        "timeout",
        "took longer",
    ),
    "ignored signal": (
        "import signal, time\ndef f():\n    signal.signal(signal.SIGINT, signal.SIG_IGN)\n    time.sleep(100)",
        "timeout",
        "took longer",
    ),
    "exit": ("import os\ndef f(): os._exit(0)", "died", "ended the Python process"),
    "kill": (
        "import os, signal\ndef f():\n    os.kill(os.getpid(), 9)\n    import ctypes\n    ctypes.string_at(0)",
        "died",
        "ended",
    ),
    "segfault": ("import ctypes\ndef f(): ctypes.string_at(0)", "died", "ended"),
    "abort": ("import os\ndef f(): os.abort()", "died", "ended"),
    "memory": ("def f():\n    x = []\n    while True: x.append(bytearray(10**7))", "memory", "more than 300 MB"),
    "one huge array": ("import numpy as np\ndef f(): return np.ones((10**6, 10**6))", "memory", "more memory than"),
    "shared memory": (
        "import mmap\ndef f():\n    m = mmap.mmap(-1, 10**9)\n    for i in range(0, 10**9, 4096): m[i] = 1",
        "memory",
        "more than 300 MB",
    ),
    "memory of children": (
        "import os, time\ndef f():\n    for _ in range(5):\n        if not os.fork():\n            x = b'x' * 10**8\n"
        "            time.sleep(60)\n            os._exit(0)\n    time.sleep(60)",
        "memory",
        "more than 300 MB",
    ),
    "threads": (
        "import threading, time\ndef f():\n    for _ in range(99): threading.Timer(9, print).start()\n"
        "    time.sleep(60)",
        "died",
        "more than 64 processes and threads",
    ),
    "the wire closed": (
        "import os, time\ndef f():\n    os.closerange(3, 64)\n    time.sleep(60)",
        "died",
        "ended",
    ),
    "too large": ("import numpy as np\ndef f(): return np.zeros(10**7)", "error", "too large"),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_every_ending_has_its_status_and_the_next_question_is_asked(submit, name):
    source, status, message = ENDINGS[name]
    submission = submit(DOUBLE, source, cell_seconds=1.0 if status == "timeout" else 20.0, memory_mb=300, processes=64)
    cause = unanswered(submission, "f")
    assert (cause.status, message in cause.message) == (status, True), cause.message
    assert submission.value("double", 4) == 8


@pytest.mark.parametrize("name", ["loop", "loop that catches", "exit", "segfault", "memory"])
def test_a_cell_that_ends_the_process_does_not_take_the_others_with_it(submit, name):
    source, status, message = ENDINGS[name]
    submission = submit(cell_seconds=1.0 if status == "timeout" else 20.0, memory_mb=300)
    results = submission.run("a = 1", source + "\nf()", "b = a + 1", "def double(x): return 2 * x + b - 2")
    assert [result.status for result in results] == ["ok", status, "ok", "ok"]
    assert message in results[1].message
    assert submission.value("double", 4) == 8


WORK = """
import time
def work(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
"""


@pytest.mark.parametrize("part", ["", "double", EXPERIMENT])
def test_what_one_part_of_a_notebook_uses_is_never_missing_from_another(submit, part):
    """No more than a few cells of a second each fit into any part; a busy machine makes it some more."""
    session = submit(cell_seconds=1.0).session
    cells = [Cell(str(number), f"{WORK}work(10)", part) for number in range(30)]
    results = session.run(cells)
    assert results[0].status == "timeout"
    assert results[-1].status == ("skipped" if part == EXPERIMENT else "timeout")
    said = {"": "answers rest", "double": "the cells of double", EXPERIMENT: "no grade rests"}
    assert said[part] in results[-1].message
    for other in {"", "double", EXPERIMENT} - {part}:
        assert session.run([Cell("other", DOUBLE, other)])[0].status == "ok"
    assert session.ask(Question("double", (3,))).value == 6


def test_questions_have_a_time_of_their_own_for_each_exercise(submit):
    submission = submit(DOUBLE, WORK, cell_seconds=1.0)
    causes = []
    for _ in range(30):
        try:
            submission.ask("work", 0.5)
        except Unanswered as unanswered:
            causes.append(unanswered)
    assert (causes[-1].status, "had used their 2 seconds" in causes[-1].message) == ("timeout", True)
    assert submission.value("double", 4) == 8


def test_experiments_that_need_too_long_again_do_not_keep_a_new_child_from_its_answers(submit):
    """Each death runs again what had ended: of two seconds of experiments only four times in eight."""
    session = submit(cell_seconds=2.0).session
    session.run([Cell("1", f"{WORK}work(1.5)", EXPERIMENT), Cell("2", DOUBLE, "double")])
    for _ in range(6):
        [result] = session.run([Cell("3", "import os\nos._exit(0)", "")])
        assert result.status == "died"
        assert session.ask(Question("double", (3,))).value == 6


def test_who_only_waits_has_more_time_by_the_clock_but_not_without_end(submit):
    results = submit(cell_seconds=1.0).run("import time\ntime.sleep(2.5)", "time.sleep(100)")
    assert [result.status for result in results] == ["ok", "timeout"]
    assert "took longer than 4 seconds" in results[1].message


AT_ONCE = """
import os, time
first, end = os.getpid(), time.monotonic() + 2
for _ in range(3): os.fork()
while time.monotonic() < end: pass
if os.getpid() != first: os._exit(0)
"""


def test_many_processes_at_once_are_charged_what_the_clock_shows(submit):
    assert [result.status for result in submit(cell_seconds=3.0).run(AT_ONCE)] == ["ok"]


def test_hundreds_of_short_lived_daemons_are_asked_for_and_are_no_crowd(worker):
    """Hardly two of them live at a time."""
    daemons = "import subprocess\nfor _ in range(300): subprocess.run('true & exit 0', shell=True)"
    with worker.session(Limits(processes=32, cell_seconds=60.0)) as session:
        results = session.run([Cell("1", daemons), Cell("2", "import time; time.sleep(0.5)")])
        members = map(processes.look, processes.tree(session._zygote._process.pid))
        dead = [member for member in members if member is not None and member.state in processes.DEAD]
    assert [result.status for result in results] == ["ok", "ok"]
    assert dead == []


FIND_SOCKET = """
import gc, os, socket
[wire] = [item for item in gc.get_objects() if type(item) is socket.socket and item.fileno() == 3]
def double(x): return 2 * x
"""

FORGERIES = {
    "early": "wire.sendall(bytes(16) + b'\\0\\0\\0\\x05' + b'\\0\\0\\0\\x01' + b'1')",
    "every descriptor": "for fd in range(3, 64):\n    try: os.write(fd, b'x' * 64)\n    except OSError: pass",
    "oversized": "wire.sendall(b'\\xff' * 20)",
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_bytes_close_the_channel_for_good(submit, name):
    submission = submit()
    submission.run(FIND_SOCKET, FORGERIES[name])
    for _ in range(2):
        cause = unanswered(submission, "double", 1)
        assert cause.status == "error"
        assert "interfered with grading" in cause.message


def test_a_repeated_answer_closes_the_channel(submit):
    submission = submit(
        "import sys\nserver = sys.modules['inside.zygote']\nonce = server.frame",
        "server.frame = lambda nonce, payload: once(nonce, payload) * 2",
    )
    assert "interfered" in unanswered(submission, "double", 1).message


def test_an_answer_of_the_wrong_form_is_not_believed(submit):
    submission = submit(
        "import gc\n[executor] = [item for item in gc.get_objects() if type(item).__name__ == 'Executor']\n"
        "executor.handle = lambda request: {'outcome': 'full marks', 'points': 100}"
    )
    assert "malformed" in unanswered(submission, "f").message


def test_a_fork_of_the_executor_answers_nothing(submit):
    submission = submit("import os\ndef f():\n    os.fork()\n    return 1\ndef g(): return 2")
    assert submission.value("f") == 1
    time.sleep(0.2)
    assert submission.value("g") == 2


def test_nothing_survives_the_session(worker):
    from autograder.kernels.limits import Limits

    mark = f"8{os.getpid():07d}"
    daemons = f"""
import os, signal, subprocess
subprocess.Popen(['sleep', '{mark}'])
subprocess.Popen('setsid sleep {mark} & exit', shell=True)
subprocess.Popen('(trap "" HUP TERM INT; nohup sleep {mark} &) &', shell=True)
if not os.fork():
    os.setsid()
    if not os.fork():
        os.execvp('sleep', ['sleep', '{mark}'])
    os._exit(0)
"""
    with worker.session(Limits()) as session:
        session.run([Cell("1", daemons), Cell("2", "import time; time.sleep(0.3)")])
        assert len(begun(mark, 4)) == 4
    assert running(mark) == []


def test_the_environment_of_the_grader_is_not_in_the_submissions(submit, monkeypatch):
    [result] = submit().run("import os\nprint(sorted(os.environ))")
    assert "PYTEST_CURRENT_TEST" not in result.output
