"""Time that is shared out: what one part of a notebook uses is never missing from another, nor is what others use.

A second counts as far as it passed and the submission used a processor in it. The rest of it was waiting, mostly for
others on a busy machine, and is paid for by patience, of which a submission has some, but not without end; for one
request it lasts WALL times as long as its limit. Several processes that work at once are charged what the clock shows.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WALL = 4
"""How many times as long as its limit something may take by the clock."""
SOON = 0.05
"""Seconds by the clock that are charged whatever was done in them: too few to ask about."""

Used = Callable[[], float | None]
"""Returns the seconds of processors that a submission has used so far, None where nobody can tell."""


class Spent(Exception):
    """Nothing is left of a budget."""


class Patience:
    """Seconds that a submission may wait, in all its requests together."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds


class Turn:
    """The time of one request, from now on.

    Args:
        limit: seconds that it may be charged.
        patience: pays for what it waits.
        used: tells what the submission has used.
    """

    def __init__(self, limit: float, patience: Patience, used: Used) -> None:
        self.limit = limit
        self._patience = patience
        self._used = used
        self._started = time.monotonic()
        self._since: tuple[float, float] | None = None

    @property
    def end(self) -> float:
        """Return the latest moment until which the request may take, as `time.monotonic` counts."""
        return self._started + WALL * self.limit

    def times(self) -> tuple[float, float]:
        """Return the seconds that count so far, and those that were waited and are paid for."""
        elapsed, used = time.monotonic() - self._started, self._used() if self._since else None
        if self._since is None or used is None:
            return elapsed, 0.0
        began, before = self._since
        waited = min(elapsed - began - min(elapsed - began, max(0.0, used - before)), self._patience.left)
        return elapsed - waited, waited

    def next_look(self) -> float:
        """Return the moment until which it need not be asked whether the request is over."""
        if self._since is None:
            return self._started + min(SOON, self.limit)
        return min(time.monotonic() + max(self.limit - self.times()[0], 0.0), self.end)

    def exceeded(self) -> float | None:
        """Return the bound that the request has reached, in seconds; None as long as it has not."""
        if self._since is None and (used := self._used()) is not None:
            self._since = time.monotonic() - self._started, used
        if time.monotonic() >= self.end:
            return WALL * self.limit
        return self.limit if self.times()[0] >= self.limit else None


class Budget:
    """Seconds that the requests of one kind may take together; what counts as a second is decided here alone.

    Attributes:
        seconds: all of them.
        left: those that are not used yet.

    Args:
        seconds: the same.
        patience: of the submission.
    """

    def __init__(self, seconds: float, patience: Patience) -> None:
        self.seconds = self.left = seconds
        self._patience = patience

    @contextmanager
    def spend(self, most: float, used: Used) -> Iterator[Turn]:
        """Yield the time of a request; what counts until the block is left is used up.

        Args:
            most: seconds that one request may take, however many are left.
            used: tells what the submission has used.

        Raises:
            Spent: nothing is left.
        """
        if self.left <= 0:
            raise Spent
        turn = Turn(min(most, self.left), self._patience, used)
        try:
            yield turn
        finally:
            charged, waited = turn.times()
            self.left -= charged
            self._patience.left -= waited
