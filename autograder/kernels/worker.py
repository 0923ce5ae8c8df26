"""Workers: where the sessions of submissions come from."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from autograder.kernels.doctor import best, watched_only
from autograder.kernels.limits import Limits
from autograder.kernels.session import Session, ZygoteSession
from autograder.kernels.zygote import Zygote


class Worker(Protocol):
    """Runs one submission at a time.

    Attributes:
        isolation: the level at which it does.
        watched: what no cgroup bounds here, so that the watch alone does: "memory", "processor".
    """

    isolation: str
    watched: tuple[str, ...]

    def session(self, limits: Limits, without: Sequence[str] = ()) -> AbstractContextManager[Session]: ...
    def close(self) -> None: ...


class WarmWorker:
    """A zygote for many submissions: at the levels where none of them can reach it."""

    def __init__(self, isolation: str, heavy: bool) -> None:
        self.isolation = isolation
        self._heavy = heavy
        self.watched = watched_only()
        self._zygote: Zygote | None = Zygote(isolation, heavy)

    @contextmanager
    def session(self, limits: Limits, without: Sequence[str] = ()) -> Iterator[Session]:
        """Open a session for one submission, in a process from which these parts of libraries are taken away."""
        session = ZygoteSession(self._take, limits, without)
        try:
            yield session
        finally:
            session.close()

    def close(self) -> None:
        """End the zygote."""
        if self._zygote is not None:
            self._zygote.close()

    def _take(self) -> Zygote:
        if self._zygote is None or not self._zygote.alive():
            self.close()
            self._zygote = Zygote(self.isolation, self._heavy)
        return self._zygote


class FreshWorker:
    """A new process for every submission: at level process, where a submission could change a warm one."""

    isolation = "process"

    def __init__(self) -> None:
        self.watched = watched_only()

    @contextmanager
    def session(self, limits: Limits, without: Sequence[str] = ()) -> Iterator[Session]:
        """Open a session for one submission, in a process from which these parts of libraries are taken away."""
        zygotes: list[Zygote] = []

        def start() -> Zygote:
            zygotes.append(Zygote("process", heavy=False))
            return zygotes[-1]

        session = ZygoteSession(start, limits, without)
        try:
            yield session
        finally:
            session.close()
            for zygote in zygotes:
                zygote.close()

    def close(self) -> None:
        """Do nothing: there is nothing warm."""


def open_worker(isolation: str = "auto", heavy: bool = True) -> Worker:
    """Return a worker.

    Args:
        isolation: "sandbox", "landlock", "process", or "auto" for the best that this machine gives.
        heavy: whether its warm process imports torch, TensorFlow and Keras, or NumPy alone.

    Raises:
        UnavailableLevel: when this machine does not give the level; the message says why.
    """
    level = best(isolation)
    return FreshWorker() if level == "process" else WarmWorker(level, heavy)
