"""Many submissions at once, in worker processes on this machine; a worker that dies costs no submission."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for

from autograder.grading.errors import CourseError
from autograder.grading.grade import Graded, Task, without_answers
from autograder.grading.warm import work

MAX_DEATHS = 3
"""How many workers a submission may take with it before it is given up."""

END_SECONDS = 15.0
"""How long a worker may take to end in order."""

DIED = "the process that graded this submission ended three times: ask your instructor to look at it"

Job = Callable[[Task], Graded]
Submit = Callable[[Task], "Future[Graded]"]


def grade_all(tasks: Iterator[Task], submit: Submit, width: int) -> Generator[Graded, None, None]:
    """Yield a verdict for every task, in the order in which they are ready, with `width` tasks under way.

    Raises CourseError when the workers are of no use.
    """
    under_way: dict[Future[Graded], Task] = {}
    while True:
        while len(under_way) < width and (task := next(tasks, None)) is not None:
            under_way[submit(task)] = task
        if not under_way:
            return
        for future in wait(under_way, return_when=FIRST_COMPLETED).done:
            task = under_way.pop(future)
            try:
                yield future.result()
            except CourseError:
                raise
            except CancelledError:
                raise CourseError("the workers are gone: start again, with --resume to keep what is done") from None
            except Exception as fault:
                given_up = without_answers(task, "died", DIED)
                yield replace(given_up, faults=(f"{type(fault).__name__}: {fault}",))


def grade_fairly(
    tasks: Iterator[Task], submit: Submit, width: int, again: Callable[[list[Graded]], Iterator[Task]]
) -> Generator[Graded, None, None]:
    """Yield a verdict for every task; who may have lost points to a busy machine is run again first, alone.

    Args:
        tasks: submissions.
        submit: takes one.
        width: how many are under way at once.
        again: returns the tasks of these verdicts once more.
    """
    late: list[Graded] = []
    for graded in grade_all(tasks, submit, width):
        if graded.is_late:
            late.append(graded)
        else:
            yield graded
    for graded in grade_all(again(late), submit, 1):
        yield graded.alone()


@contextmanager
def local_pool(workers: int) -> Iterator[Submit]:
    """Open a crew of worker processes on this machine; leave none behind, however the block is left."""
    crew = Crew(workers)
    try:
        yield crew.submit
    finally:
        crew.close()


class WorkerDied(Exception):
    """A process ended over a submission, as often as one may."""


class Crew:
    """Worker processes, each with a thread of the runner that hands it tasks over a pipe of its own.

    With pipes of their own, a worker that dies in the middle of a word disturbs no other, and it is known which
    submission it was grading. That one is tried again in a new process.
    """

    def __init__(self, workers: int, job: Job | None = None) -> None:
        self._job = job or work
        self._threads = ThreadPoolExecutor(workers)
        self._mine = threading.local()
        self._processes: set[WorkerProcess] = set()
        self._closing = False

    def submit(self, task: Task) -> Future[Graded]:
        return self._threads.submit(self._grade, task)

    def close(self) -> None:
        """End the workers, whatever they are doing."""
        self._closing = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in list(self._processes):
            process.terminate()
        self._threads.shutdown()
        for process in list(self._processes):
            process.join()

    def _grade(self, task: Task) -> Graded:
        ending = "was told to end"
        for _ in range(MAX_DEATHS):
            process = self._process()
            try:
                return process.grade(task)
            except (EOFError, OSError):
                self._mine.process = None
                process.terminate()
                if self._closing:
                    break
                ending = process.ending()
        raise WorkerDied(f"the process that judged it {ending}")

    def _process(self) -> "WorkerProcess":
        process: WorkerProcess | None = getattr(self._mine, "process", None)
        if process is None:
            process = self._mine.process = WorkerProcess(self._job)
            self._processes.add(process)
            if self._closing:
                process.terminate()
        return process


class WorkerProcess:
    """A process that grades one submission at a time."""

    def __init__(self, job: Job) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(theirs, job), daemon=True)
        self._process.start()
        theirs.close()

    def grade(self, task: Task) -> Graded:
        """Have a submission graded; raise EOFError or OSError when the process dies over it."""
        self._pipe.send(task)
        outcome = self._pipe.recv()
        if isinstance(outcome, Exception):
            raise outcome
        graded: Graded = outcome
        return graded

    def ending(self) -> str:
        """Say how the process ended: signal 9 without a word is what a system does that has run out of memory."""
        self._process.join(END_SECONDS)
        code = self._process.exitcode
        return f"ended by signal {-code}" if code is not None and code < 0 else f"ended with exit code {code}"

    def terminate(self) -> None:
        """Tell the process to end."""
        self._process.terminate()

    def join(self) -> None:
        """See it end, the hard way where it takes too long."""
        self._process.join(END_SECONDS)
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _serve(pipe: Connection, job: Job) -> None:
    """Grade what comes through the pipe, until the runner says so or is gone; Ctrl-C is the runner's to handle."""
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        try:
            outcome: Graded | Exception = job(task)
        except Exception as error:
            outcome = error
        pipe.send(outcome)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait_for([parent.sentinel])
    # In order, so that nothing of a submission stays behind; the hard way where that takes too long.
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(END_SECONDS)
    os._exit(1)
