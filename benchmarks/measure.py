"""The three ways that are timed on the same submissions: stock nbgrader, this grader, and the floor."""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
from nbgrader.api import Gradebook

from autograder.grading.assignment import load
from autograder.grading.gradebook import ClassGradebook
from autograder.grading.run import ClassProgress, ClassRun, Plan
from autograder.kernels.limits import Limits
from benchmarks.classes import Course

SAMPLE_SECONDS = 0.5


@dataclass(frozen=True)
class Timing:
    """How long a class took.

    `wall` is the whole command, start included, in seconds; `each` is seconds a submission once it is under way;
    `memory` the peak of all workers and what they run, in MB, shared pages counted once.
    """

    wall: float
    each: float
    memory: float = 0.0


def stock(course: Course, submitted: Path, folder: Path) -> Timing:
    """Run `nbgrader autograde` as it comes, one submission after the other."""
    folder.mkdir()
    (folder / "submitted").symlink_to(submitted)
    url = f"sqlite:///{folder / 'gradebook.db'}"
    with ClassGradebook(url, [load(name) for name in course.assignments]):
        pass
    started = time.perf_counter()
    for name in course.assignments:
        _run([str(Path(sys.executable).with_name("nbgrader")), "autograde", name], folder)
    wall = time.perf_counter() - started
    return Timing(wall, _steady(course, folder))


def stock_points(course: Course, folder: Path) -> dict[tuple[str, str, str], float]:
    """Return the points of every exercise in stock nbgrader's gradebook."""
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        return {
            (submission.student.id, name, grade.name.removesuffix("_check")): grade.auto_score
            for name in course.assignments
            for submission in book.assignment_submissions(name)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


def _steady(course: Course, folder: Path) -> float:
    """Return seconds a submission from the times at which nbgrader wrote them, without each command's start."""
    spans, count = 0.0, 0
    for name in course.assignments:
        times = sorted(path.stat().st_mtime for path in folder.glob(f"autograded/*/{name}/{name}.ipynb"))
        spans, count = spans + times[-1] - times[0], count + len(times) - 1
    return spans / count


def ours(course: Course, submitted: Path, out: Path, workers: int) -> Timing:
    """Grade the class with the runner, as `autograder grade` does."""
    marks: list[tuple[int, float]] = []
    plan = Plan(submitted, out, course.assignments, workers=workers, seed=1, limits=Limits(cell_seconds=60.0))
    started = time.perf_counter()
    with PeakMemory() as peak:
        ClassRun(plan, partial(_mark, marks)).run()
    warm = workers * len(course.assignments)  # by then every worker has started the processes that it keeps
    (first, began), (last, ended) = next(mark for mark in marks if mark[0] >= warm), marks[-1]
    return Timing(time.perf_counter() - started, (ended - began) / (last - first), peak.megabytes)


def _mark(marks: list[tuple[int, float]], progress: ClassProgress) -> None:
    """Take down when a batch is done; students hand in one assignment each, and to miss the others takes no time."""
    marks.append((progress.done - progress.statuses["missing"], time.perf_counter()))


class PeakMemory:
    """Watches the memory of this process's children while a block runs."""

    megabytes = 0.0

    def __enter__(self) -> "PeakMemory":
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            total = 0
            for process in psutil.Process().children(recursive=True):
                try:
                    total += process.memory_full_info().pss
                except psutil.Error:
                    continue
            self.megabytes = max(self.megabytes, total / 2**20)


def floor(course: Course, submitted: Path) -> Timing:
    """Run the same cells, checks included, once each in a process that has only imported."""
    heavy = any(load(name).needs_frameworks for name in course.assignments)
    started = time.perf_counter()
    notebooks = sorted(str(path) for path in submitted.glob("*/*/*.ipynb"))
    said = _run([sys.executable, "-m", "benchmarks.floor", "heavy" if heavy else "light", *notebooks], Path.cwd())
    seconds = json.loads(said.splitlines()[-1])
    return Timing(time.perf_counter() - started, sum(seconds) / len(seconds))


def _run(command: list[str], folder: Path) -> str:
    """Run a command to its end with one thread for each library; return what it prints."""
    libraries = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = os.environ | dict.fromkeys([*libraries, "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"], "1")
    environment |= {"MPLBACKEND": "agg", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(f"{command[0]} failed: {done.stderr[-2000:]}")
    return done.stdout
