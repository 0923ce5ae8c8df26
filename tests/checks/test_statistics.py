"""The closed-form bounds against exact laws: never more false alarms than stated, and real power."""

import math

import numpy as np
import pytest
from scipy import stats

from autograder.checks.statistics import FALSE_ALARM, binomial_pmf, normal_cdf, plausible_count, relative_entropy


@pytest.mark.parametrize(("trials", "probability"), [(40, 0.3), (500, 0.85), (12_000, 0.25), (12_000, 0.001)])
@pytest.mark.parametrize("tests", [1, 64])
def test_right_answers_are_rejected_less_often_than_stated(trials, probability, tests):
    """The exact probability of all rejected counts, summed over the binomial law, stays below FALSE_ALARM / tests."""
    rejected = [k for k in range(trials + 1) if not plausible_count(k, trials, probability, tests)]
    assert stats.binom(trials, probability).pmf(rejected).sum() <= FALSE_ALARM / tests


def test_the_false_alarm_probability_is_what_the_guides_promise():
    assert FALSE_ALARM == 1e-9


def test_the_bound_has_two_sides():
    """Chernoff's exponential bounds one tail: for both it is twice that, so that a count at the border still passes."""
    trials, probability = 1000, 0.3
    for direction in (1, -1):
        count = round(trials * probability)
        while math.exp(-trials * relative_entropy(count / trials, probability)) >= FALSE_ALARM:
            count += direction
        assert plausible_count(count, trials, probability) == (
            2 * math.exp(-trials * relative_entropy(count / trials, probability)) >= FALSE_ALARM
        )
    border = -math.log(0.6 * FALSE_ALARM)  # between the bound of one side and that of both
    assert plausible_count(0, 1, 1 - math.exp(-border))
    assert not plausible_count(0, 1, 1 - math.exp(-border) / 2)


def test_a_fraction_that_is_off_by_five_percent_is_seen():
    kept = round(12_000 * 0.55)
    assert not plausible_count(kept, 12_000, 0.6, tests=64)


def test_impossible_counts_are_implausible():
    assert not plausible_count(1, 10, 0.0)
    assert plausible_count(0, 10, 0.0)
    assert plausible_count(10, 10, 1.0)


def test_relative_entropy_is_scipys():
    expected = stats.entropy([0.3, 0.7], [0.45, 0.55])
    assert relative_entropy(0.3, 0.45) == pytest.approx(expected)
    assert relative_entropy(0.3, 0.0) == math.inf


def test_laws_are_scipys():
    z = np.linspace(-4, 4, 9)
    np.testing.assert_allclose([normal_cdf(value) for value in z], stats.norm.cdf(z))
    assert binomial_pmf(7, 20, 0.4) == pytest.approx(stats.binom(20, 0.4).pmf(7))
