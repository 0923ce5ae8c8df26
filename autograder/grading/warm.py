"""A submission is graded in a worker, which keeps a warm process for the next ones, and a fresh one for bad luck."""

import atexit
import socket
import threading
from dataclasses import replace
from importlib.util import find_spec

from threadpoolctl import threadpool_limits

from autograder.extras import advice
from autograder.grading.errors import CourseError
from autograder.grading.grade import Graded, Task, grade, without_answers
from autograder.kernels.doctor import UnavailableLevel
from autograder.kernels.worker import Worker, open_worker
from autograder.kernels.zygote import ZygoteFailed

FRAMEWORKS = ("torch", "tensorflow", "keras")
"""What a warm process imports for a notebook that needs any of them."""

MAX_FAULTS = 2
"""How often a submission is tried in a worker that goes wrong over it, and how often a warm process is started."""


def work(task: Task) -> Graded:
    """Grade a submission in a worker process, with the warm process that it keeps.

    Raises:
        CourseError: this machine cannot grade anything as it is.
    """
    if task.assignment.version != task.version:
        raise CourseError(
            f"the worker on {socket.gethostname()} has another version of the course: install the same everywhere"
        )
    heavy = task.assignment.needs_frameworks
    faults = []
    for _ in range(MAX_FAULTS):
        worker = _warm_worker(task.isolation, heavy)
        try:
            return grade(task, worker)
        except Exception as fault:
            # The warm process is gone or out of step. A fresh one shows whether the submission was to blame.
            _cool(task.isolation, heavy)
            faults.append(f"{type(fault).__name__}: {fault}")
    given_up = without_answers(task, "died", "the submission could not be run: ask your instructor to look at it")
    return replace(given_up, faults=tuple(faults[-1:]))


class _Here(threading.local):
    """The warm processes of this worker (of this thread, on a cluster), by isolation and weight."""

    def __init__(self) -> None:
        self.warm: dict[tuple[str, bool], Worker] = {}


_here = _Here()


def _warm_worker(isolation: str, heavy: bool) -> Worker:
    """Return the warm process; raise CourseError when this machine starts none, for which no submission is to blame."""
    if (isolation, heavy) not in _here.warm:
        if lack := next((name for name in FRAMEWORKS if heavy and not find_spec(name)), None):
            raise CourseError(f"{lack} is missing, which notebooks of this class need: {advice(lack)}")
        threadpool_limits(1)  # BLAS would take the other workers' cores for products that are over at once
        worker = _started(isolation, heavy)
        _here.warm[isolation, heavy] = worker
        atexit.register(worker.close)
    return _here.warm[isolation, heavy]


def _started(isolation: str, heavy: bool) -> Worker:
    """Start a warm process; one that did not come up may have been unlucky, and is tried once more."""
    failed = ZygoteFailed("")
    for _ in range(MAX_FAULTS):
        try:
            return open_worker(isolation, heavy)
        except UnavailableLevel as lack:
            raise CourseError(f"{socket.gethostname()} runs no submissions ({lack}): see `autograder doctor`") from None
        except ZygoteFailed as failure:
            failed = failure
    raise CourseError(f"{socket.gethostname()} runs no submissions, after {MAX_FAULTS} tries: {failed}", failed.said)


def _cool(isolation: str, heavy: bool) -> None:
    worker = _here.warm.pop((isolation, heavy), None)
    if worker is not None:
        atexit.unregister(worker.close)
        worker.close()
