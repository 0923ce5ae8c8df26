"""Seconds that count: as far as they passed and a processor was used in them; patience pays for the rest."""

import time
from collections.abc import Callable

import pytest

from autograder.kernels.budget import SOON, WALL, Budget, Patience, Spent, Turn


def working(share: float) -> Callable[[], float]:
    """Return what tells of a submission that uses this many processors without end."""
    started = time.monotonic()
    return lambda: share * (time.monotonic() - started)


def over(turn: Turn) -> float:
    """Wait as a session does until a request is over; return the bound that it reached."""
    while True:
        time.sleep(max(0.0, turn.next_look() - time.monotonic()))
        if bound := turn.exceeded():
            return bound


@pytest.mark.parametrize(
    ("share", "bound", "counts", "waits"),
    [
        (1.0, 0.3, 0.3, 0.0),
        (8.0, 0.3, 0.3, 0.0),  # many processes at once are charged what the clock shows
        (0.5, 0.3, 0.3, 0.3 - SOON),
        (0.0, WALL * 0.3, SOON, WALL * 0.3 - SOON),
    ],
)
def test_what_counts_is_what_was_used_and_patience_pays_for_the_rest(share, bound, counts, waits):
    patience = Patience(100.0)
    budget = Budget(0.3, patience)
    with budget.spend(1.0, working(share)) as turn:
        assert over(turn) == bound
    assert 0.3 - budget.left == pytest.approx(counts, abs=0.15)
    assert 100.0 - patience.left == pytest.approx(waits, abs=0.15)


def test_without_patience_the_clock_counts():
    patience = Patience(0.2)
    budget = Budget(10.0, patience)
    with budget.spend(0.3, working(0.0)) as turn:
        assert over(turn) == 0.3
    assert 10.0 - budget.left == pytest.approx(0.3, abs=0.15)
    assert patience.left <= 1e-9


def test_where_nobody_can_tell_it_counts_too():
    patience = Patience(100.0)
    turn = Turn(0.2, patience, lambda: None)
    assert over(turn) == 0.2
    assert turn.times() == (pytest.approx(0.2, abs=0.15), 0.0)


def test_a_short_request_is_not_asked_about():
    asked: list[int] = []
    with Budget(10.0, Patience(1.0)).spend(1.0, lambda: asked.append(1)) as turn:
        assert turn.next_look() - time.monotonic() <= SOON
    assert asked == []


def test_nothing_more_is_granted_when_a_budget_is_used_up():
    budget = Budget(0.1, Patience(1.0))
    with budget.spend(1.0, working(1.0)) as turn:
        over(turn)
    with pytest.raises(Spent), budget.spend(1.0, working(1.0)):
        pass
