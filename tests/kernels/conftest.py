import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.checks.ask import Question
from autograder.kernels.doctor import levels
from autograder.kernels.limits import Limits
from autograder.kernels.session import Cell, Session
from autograder.kernels.worker import Worker, open_worker

LEVELS = [level.name for level in levels() if level.available]


@pytest.fixture(scope="module", params=LEVELS)
def worker(request: pytest.FixtureRequest) -> Iterator[Worker]:
    """A light worker at each level that this machine has."""
    worker = open_worker(request.param, heavy=False)
    yield worker
    worker.close()


class Submission:
    """A session, fed with sources."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def run(self, *sources: str):
        return self.session.run([Cell(str(number), source) for number, source in enumerate(sources)])

    def ask(self, subject: str, *args, **kwargs):
        return self.session.ask(Question(subject, args, kwargs))

    def value(self, subject: str, *args, **kwargs):
        answer = self.ask(subject, *args, **kwargs)
        assert answer.raised is None, answer.raised
        return answer.value


@pytest.fixture
def submit(worker: Worker) -> Iterator[Callable[..., Submission]]:
    """Open sessions, with limits if any are given; they are closed when the test ends."""
    opened = []

    def submit(*sources: str, **limits) -> Submission:
        context = worker.session(Limits(**{"cell_seconds": 20.0, **limits}))
        opened.append(context)
        submission = Submission(context.__enter__())
        submission.run(*sources)
        return submission

    yield submit
    for context in opened:
        context.__exit__(None, None, None)


def begun(mark: str, count: int) -> list[int]:
    """Return the processes with this mark, once so many are there: one that has just begun has no command line yet."""
    for _ in range(200):
        if len(running(mark)) == count:
            break
        time.sleep(0.05)
    return running(mark)


def running(mark: str) -> list[int]:
    """Return the processes with this mark on their command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "cmdline").read_text():
                found.append(int(folder.name))
        except OSError:
            continue
    return found
