"""Workers may die, of themselves or by what they grade: every submission still gets its verdict."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest
from threadpoolctl import threadpool_info

from autograder.grading import warm
from autograder.grading.assignment import load
from autograder.grading.collect import Submission
from autograder.grading.errors import CourseError
from autograder.grading.grade import Graded, Task
from autograder.grading.pool import Crew, grade_all, local_pool
from autograder.grading.warm import work
from autograder.kernels.doctor import UnavailableLevel
from autograder.kernels.zygote import ZygoteFailed
from tests.grading.conftest import ASSIGNMENT, FULL, answered

pytestmark = pytest.mark.xdist_group("pool")


def tasks(*students: str) -> Iterator[Task]:
    assignment = load(ASSIGNMENT)
    for student in students:
        yield Task(Submission(student, ASSIGNMENT, answered()), assignment, assignment.version, 1)


def runner_children() -> list[psutil.Process]:
    """Return this process's pool workers."""
    return [child for child in psutil.Process().children() if "multiprocessing.spawn" in " ".join(child.cmdline())]


def test_a_killed_worker_costs_no_submission() -> None:
    graded: list[Graded] = []
    with local_pool(2) as submit:
        for result in grade_all(tasks(*"abcdef"), submit, 4):
            graded.append(result)
            if len(graded) == 1:
                os.kill(runner_children()[0].pid, signal.SIGKILL)
    assert sorted(result.verdict.student for result in graded) == list("abcdef")
    assert {(result.verdict.points, result.verdict.status) for result in graded} == {(FULL, "graded")}


def test_a_submission_that_kills_its_worker_is_found_out() -> None:
    crew = Crew(2, deadly)
    graded = list(grade_all(tasks("good-1", "deadly", "good-2", "good-3"), crew.submit, 4))
    crew.close()
    verdicts = {result.verdict.student: result.verdict for result in graded}
    assert len(graded) == 4
    assert verdicts.pop("deadly").status == "died"
    assert {verdict.points for verdict in verdicts.values()} == {FULL}


def test_a_worker_keeps_to_one_core() -> None:
    crew = Crew(1, count_threads)
    (graded,) = grade_all(tasks("ann"), crew.submit, 1)
    crew.close()
    assert set(graded.faults) == {"1"}


def count_threads(task: Task) -> Graded:
    """Grade as `work` does; report how many threads each library of this process would use, as faults."""
    return replace(work(task), faults=tuple(str(library["num_threads"]) for library in threadpool_info()))


def deadly(task: Task) -> Graded:
    """Grade as `work` does, except that one student's submission takes the worker with it."""
    if task.submission.student == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    return work(task)


def test_nothing_is_left_when_the_caller_stops() -> None:
    with local_pool(2) as submit:
        results = grade_all(tasks(*"abcd"), submit, 4)
        next(results)
        workers = [family for child in runner_children() for family in [child, *child.children(recursive=True)]]
        results.close()
    assert workers
    _, alive = psutil.wait_procs(workers, 60)
    assert not alive


def test_workers_end_with_their_runner(tmp_path: Path) -> None:
    program = (
        "import time\n"
        "from autograder.grading.pool import Crew\n"
        "if __name__ == '__main__':\n"
        "    crew = Crew(2, time.sleep)\n"
        "    futures = [crew.submit(60) for _ in range(2)]\n"
        "    time.sleep(1)\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
    )
    (tmp_path / "program.py").write_text(program)
    runner = subprocess.Popen([sys.executable, str(tmp_path / "program.py")], stdout=subprocess.PIPE, text=True)
    assert runner.stdout is not None
    assert runner.stdout.readline() == "ready\n"
    children = psutil.Process(runner.pid).children(recursive=True)
    runner.kill()
    runner.communicate()
    _, alive = psutil.wait_procs(children, 120)
    assert not alive


@pytest.mark.parametrize("lack", [UnavailableLevel("no bubblewrap"), ZygoteFailed("no module named torch")])
def test_a_machine_that_runs_nothing_gives_no_verdict(lack: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its submissions would all have got no points."""

    def refuse(*_: object) -> None:
        raise lack

    monkeypatch.setattr(warm, "open_worker", refuse)
    monkeypatch.setattr(warm._here, "warm", {})
    with pytest.raises(CourseError, match=f"runs no submissions.*{lack}"):
        work(next(tasks("ann")))


def test_another_version_of_the_course_is_refused() -> None:
    task = next(tasks("ann"))
    stale = Task(task.submission, task.assignment, "0" * 16, 1)
    with pytest.raises(Exception, match="another version of the course"):
        work(stale)


def test_a_framework_that_is_missing_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "find_spec", lambda name: None if name == "keras" else find_spec(name))
    with pytest.raises(CourseError, match=r"keras is missing, .*: run `make student FRAMEWORKS=1` in "):
        warm._warm_worker("auto", heavy=True)
