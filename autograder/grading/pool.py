"""Many submissions at once: local worker processes, or a Dask cluster; a worker that dies costs no submission."""

import atexit
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import AbstractContextManager, contextmanager
from multiprocessing.connection import wait as wait_for
from typing import TYPE_CHECKING, NoReturn

from autograder.grading.errors import CourseError
from autograder.grading.grade import Graded, Task, grade, without_answers
from autograder.kernels.worker import Worker, open_worker

MAX_DEATHS = 3
"""How many workers a submission may take with it before it is given up."""

END_SECONDS = 15.0
"""How long a worker whose runner is gone may take to end in order."""

DIED = "the process that graded this submission ended three times: ask your instructor to look at it"

if TYPE_CHECKING:
    from distributed import Client

OpenPool = Callable[[], AbstractContextManager[Executor]]


class _Here(threading.local):
    """What a worker has here: its warm processes by isolation and weight, and whether a submission is in hand."""

    def __init__(self) -> None:
        self.warm: dict[tuple[str, bool], Worker] = {}
        self.grading = False


_here = _Here()


def grade_all(tasks: Iterator[Task], open_pool: OpenPool, width: int) -> Generator[Graded, None, None]:
    """Yield a verdict for every task, in the order in which they are ready, with `width` tasks under way.

    When a worker dies the pool is opened anew. Every submission that was under way is tried again, alone, so that one
    that kills its worker is found out and takes no other with it.
    """
    suspects: deque[Task] = deque()
    deaths: Counter[tuple[str, str]] = Counter()
    under_way: dict[Future[Graded], Task] = {}
    finished = False
    while not finished:
        with open_pool() as pool:
            broken = False
            while not broken and not finished:
                blamed = []
                while len(under_way) < (1 if suspects else width):
                    task = suspects.popleft() if suspects else next(tasks, None)
                    if task is None:
                        break
                    under_way[_submit(pool, task)] = task
                finished = not under_way
                for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                    task = under_way.pop(future)
                    try:
                        yield future.result()
                    except CourseError:
                        raise
                    except Exception as death:
                        broken |= isinstance(death, BrokenExecutor | CancelledError)
                        blamed.append(task)
                if broken:
                    blamed += under_way.values()
                    under_way.clear()
                for task in blamed:
                    deaths[task.key] += 1
                    if deaths[task.key] < MAX_DEATHS:
                        suspects.append(task)
                    else:
                        yield without_answers(task, "died", DIED)


def _submit(pool: Executor, task: Task) -> Future[Graded]:
    try:
        return pool.submit(work, task)
    except BrokenExecutor as death:
        broken: Future[Graded] = Future()
        broken.set_exception(death)
        return broken


@contextmanager
def local_pool(workers: int) -> Iterator[Executor]:
    """Open a pool of processes on this machine; leave none behind, however the block is left."""
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _start)
    try:
        yield pool
        pool.shutdown()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()


@contextmanager
def dask_pool(address: str) -> Iterator[Executor]:
    """Send the work to a Dask cluster; raise CourseError when its scheduler does not answer."""
    with _dask(address) as client, client.get_executor(pure=False) as pool:
        yield pool


@contextmanager
def _dask(address: str) -> Iterator["Client"]:
    try:
        from distributed import Client
    except ImportError:
        raise CourseError("--scheduler needs Dask: install dropout-course[cluster]") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise CourseError(
            f"no Dask scheduler answers at {address} ({error}): start one with `dask scheduler`"
        ) from None
    with client:
        yield client


def cluster_size(address: str) -> int:
    """Return the number of tasks that a Dask cluster works on at once; raise CourseError when it has no workers."""
    with _dask(address) as client:
        threads: int = sum(client.nthreads().values())
    if not threads:
        raise CourseError(f"the Dask scheduler at {address} has no workers: start some with `dask worker {address}`")
    return threads


def work(task: Task) -> Graded:
    """Grade a submission in a worker process, with the warm process that it keeps."""
    if task.assignment.version != task.version:
        raise CourseError(
            f"the worker on {socket.gethostname()} has another version of the course: install the same everywhere"
        )
    _here.grading = True
    try:
        return _work(task)
    except SystemExit:
        _end()
    finally:
        _here.grading = False


def _work(task: Task) -> Graded:
    heavy = task.assignment.needs_frameworks
    try:
        return grade(task, _warm_worker(task.isolation, heavy))
    except Exception:
        # The warm process is gone or out of step. A fresh one shows whether the submission was to blame.
        _cool(task.isolation, heavy)
    try:
        return grade(task, _warm_worker(task.isolation, heavy))
    except Exception as fault:
        _cool(task.isolation, heavy)
        given_up = without_answers(task, "died", "the submission could not be run: ask your instructor to look at it")
        return Graded(given_up.verdict, task.version, faults=(f"{type(fault).__name__}: {fault}",))


def _warm_worker(isolation: str, heavy: bool) -> Worker:
    if (isolation, heavy) not in _here.warm:
        _here.warm[isolation, heavy] = worker = open_worker(isolation, heavy)
        atexit.register(worker.close)
    return _here.warm[isolation, heavy]


def _cool(isolation: str, heavy: bool) -> None:
    worker = _here.warm.pop((isolation, heavy), None)
    if worker is not None:
        atexit.unregister(worker.close)
        worker.close()


def _start() -> None:
    """Prepare a local worker process: Ctrl-C is the runner's to handle, and without a runner there is nothing to do."""
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0) if _here.grading else _end())
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end() -> NoReturn:
    """End this worker at once: the pool would take an exception for the outcome of a task, and go on with the next."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for isolation, heavy in list(_here.warm):
        _cool(isolation, heavy)
    os._exit(0)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait_for([parent.sentinel])
    # In order, so that nothing of a submission stays behind; the hard way where that takes too long.
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(END_SECONDS)
    os._exit(1)
