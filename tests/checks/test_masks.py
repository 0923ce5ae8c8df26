"""Masks that look right on average and are not: each kind of dependence is seen."""

import numpy as np
import pytest

from autograder.checks import masks as masks_module
from autograder.checks.ask import Ask, LocalTransport
from autograder.checks.catalogue import find
from autograder.checks.exercise import Unmet
from autograder.checks.masks import TESTS, independent_entries, independent_of, keeps_fraction

RATE, CALLS, SHAPE = 0.4, 80, (24, 30)


def honest(draw):
    return draw.random((CALLS, *SHAPE)) >= RATE


def shared_rows(draw):
    return np.broadcast_to(draw.random((CALLS, 1, SHAPE[1])) >= RATE, (CALLS, *SHAPE))


def shared_columns(draw):
    return np.broadcast_to(draw.random((CALLS, SHAPE[0], 1)) >= RATE, (CALLS, *SHAPE))


def one_for_ever(draw):
    return np.broadcast_to(draw.random(SHAPE) >= RATE, (CALLS, *SHAPE))


def every_other_call_again(draw):
    return np.repeat(draw.random((CALLS // 2, *SHAPE)) >= RATE, 2, axis=0)


def period_of_seven(draw):
    flat = np.tile(draw.random((CALLS, 7)), (1, 103))[:, : SHAPE[0] * SHAPE[1]]
    return (flat >= RATE).reshape(CALLS, *SHAPE)


def one_far_pair(draw):
    masks = honest(draw)
    masks[:, 17, 11] = masks[:, 2, 5]
    return masks


def one_never_dropped(draw):
    masks = honest(draw)
    masks[:, 3, 8] = True
    return masks


def one_never_kept(draw):
    masks = honest(draw)
    masks[:, 3, 8] = False
    return masks


def mirrored_rows(draw):
    half = draw.random((CALLS, SHAPE[0] // 2, SHAPE[1])) >= RATE
    return np.concatenate([half, half[:, ::-1]], axis=1)


def mirrored_columns(draw):
    return mirrored_rows(draw).transpose(0, 2, 1)


def mirrored_calls(draw):
    half = draw.random((CALLS // 2, *SHAPE)) >= RATE
    return np.concatenate([half, half[::-1]])


def exact_number(draw):
    flat = np.arange(SHAPE[0] * SHAPE[1]) < 432
    return np.stack([draw.permutation(flat).reshape(SHAPE) for _ in range(CALLS)])


def exact_number_off_the_mean(draw):
    flat = np.arange(SHAPE[0] * SHAPE[1]) < 445
    return np.stack([draw.permutation(flat).reshape(SHAPE) for _ in range(CALLS)])


def test_honest_masks_pass():
    """Each run rejects with probability at most 1e-9."""
    for seed in range(50):
        independent_entries(honest(np.random.default_rng(seed)), RATE)


@pytest.mark.parametrize(
    "masks",
    [
        shared_rows,
        shared_columns,
        one_for_ever,
        every_other_call_again,
        period_of_seven,
        one_far_pair,
        one_never_dropped,
        one_never_kept,
        mirrored_rows,
        mirrored_columns,
        mirrored_calls,
        exact_number,
        exact_number_off_the_mean,
    ],
)
def test_dependence_is_seen(masks):
    for seed in range(5):
        with pytest.raises(Unmet):
            independent_entries(masks(np.random.default_rng(seed)), RATE)


@pytest.mark.parametrize("extreme", [one_never_kept, one_never_dropped])
def test_both_extremes_are_looked_at(extreme):
    with pytest.raises(Unmet, match="all should have the same chance"):
        independent_entries(extreme(np.random.default_rng(0)), RATE)


def test_fraction_is_seen():
    draw = np.random.default_rng(0)
    keeps_fraction(draw.random((150, 80)) >= RATE, RATE)
    with pytest.raises(Unmet, match=r"at rate 0.4 about 0.6 of the entries should be kept, but 0.5"):
        keeps_fraction(draw.random((150, 80)) >= 0.45, RATE)


def test_no_requirement_puts_more_counts_than_its_false_alarms_are_shared_among(monkeypatch):
    """TESTS is what the probability of a false alarm is divided by."""
    counts = []

    def counting(count, trials, probability, tests=1):
        counts.append(tests)
        return True

    monkeypatch.setattr(masks_module, "plausible_count", counting)
    draw = np.random.default_rng(0)
    for exercise in ("dropout_forward", "classic_dropout", "gaussian_dropout"):
        counts.clear()
        ask = Ask(exercise, LocalTransport(find(exercise).reference), 0)
        (requirement,) = (item for item in find(exercise).requirements if item.key == "draws_each_entry")
        requirement.check(ask, draw)
        assert 0 < len(counts) <= TESTS
        assert min(counts) >= TESTS


@pytest.mark.parametrize("of", [lambda x: x > 0, lambda x: x < 0, lambda x: np.abs(x) > 0.6])
def test_dependence_on_x_is_seen(of):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(24, 30))
    independent_of(draw.random(x.shape) >= RATE, x, RATE)
    keep = np.where(of(x), 0.9, 0.3)
    with pytest.raises(Unmet, match="should not depend on its value"):
        independent_of(draw.random(x.shape) < keep, x, RATE)


@pytest.mark.parametrize("kept", [0.34, 0.4, 0.73])
def test_independent_masks_of_another_share_are_not_called_dependent(kept):
    for seed in range(50):
        draw = np.random.default_rng(seed)
        masks = draw.random((CALLS, *SHAPE)) < kept
        independent_entries(masks, RATE)
        independent_of(masks, draw.normal(size=SHAPE), RATE)


@pytest.mark.parametrize(
    ("masks", "says"), [(shared_rows, "axis 0"), (shared_columns, "axis 1"), (one_for_ever, "call")]
)
def test_dependence_is_laid_where_it_is(masks, says):
    for seed in range(40):
        with pytest.raises(Unmet, match=says):
            independent_entries(masks(np.random.default_rng(seed)), RATE)


def test_what_is_dropped_is_called_by_its_name():
    with pytest.raises(Unmet, match=r"at p_keep 0\.6 about 0\.6 of the units"):
        keeps_fraction(np.ones((9, 100), bool), 0.4, at="p_keep 0.6", of="units")
    with pytest.raises(Unmet, match=r"the weights along axis 0 .* every entry of W"):
        independent_entries(shared_rows(np.random.default_rng(0)), RATE, of="weights", array="W")
