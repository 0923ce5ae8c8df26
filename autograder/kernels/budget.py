"""Time that is shared out: what one part of a notebook uses is never missing from another."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Spent(Exception):
    """Nothing is left of a budget."""


class Budget:
    """Seconds that the requests of one kind may take together; what counts as a second is decided here alone.

    Attributes:
        seconds: all of them.
        left: those that are not used yet.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = self.left = seconds

    @contextmanager
    def spend(self, most: float) -> Iterator[float]:
        """Yield the seconds that a request may take; the time until the block is left is used up.

        Args:
            most: what one request may take, however much is left.

        Raises:
            Spent: nothing is left.
        """
        if self.left <= 0:
            raise Spent
        started = time.monotonic()
        try:
            yield min(most, self.left)
        finally:
            self.left -= time.monotonic() - started
