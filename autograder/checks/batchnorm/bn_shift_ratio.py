"""The variance shift of dropout before BatchNorm: `bn_shift_ratio(mean, var, rate) -> ratio`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, number, refuses
from autograder.reference.batchnorm import bn_shift_ratio

exercise = Exercise(
    bn_shift_ratio,
    page="normalization/dropout-and-batchnorm#BatchNorm behind dropout stores a variance that is too large",
    onward="Exercise 8 repairs what this number describes; try to find the mean at which the ratio is 3 at rate 0.5.",
    trap=("adds_mean",),
)


def moments(draw: np.random.Generator) -> tuple[float, float]:
    """Draw a positive mean and a variance."""
    return float(draw.uniform(1, 4)), float(draw.uniform(0.2, 3))


def at_least_one(ratio: float) -> float:
    """Turn a ratio that is below 1 around: which variance is on top is judged at mean 0 alone."""
    return 1 / ratio if 0 < ratio < 1 else ratio


@exercise.requires("is 1 / (1 - rate) at mean 0", 1)
def divides_by_keep(ask: Ask, draw: np.random.Generator) -> None:
    for rate in hidden.RATES:
        _, var = moments(draw)
        ratio = number(ask(0.0, var, rate))
        message = "at mean 0 the ratio should be 1 / (1 - rate): the variance in training over the one at test time"
        expect(close(ratio, 1 / (1 - rate)), message)


@exercise.requires("adds what the mean contributes", 2)
def adds_mean(ask: Ask, draw: np.random.Generator) -> None:
    for rate in hidden.RATES:
        size, var = moments(draw)
        at_zero = at_least_one(number(ask(0.0, var, rate)))
        expect(not close(at_zero, 1), "with dropout the two variances should differ, also at mean 0")
        for mean in (size, -size):
            added = at_least_one(number(ask(mean, var, rate))) - at_zero
            expect(
                close(added, (at_zero - 1) * mean**2 / var, scale=10),
                "a mean should add to the ratio mean^2 / var times what dropout adds to 1 at mean 0",
            )


@exercise.requires("is right behind a ReLU", 0.5, after="divides_by_keep adds_mean")
def knows_rectified_normal(ask: Ask, draw: np.random.Generator) -> None:
    sd = float(draw.uniform(0.5, 3))
    mean, second = sd / np.sqrt(2 * np.pi), sd**2 / 2
    for rate in hidden.RATES:
        wanted = bn_shift_ratio(mean, second - mean**2, rate)
        message = "for the ReLU of a normal variable the ratio is not that of the variances"
        expect(close(number(ask(float(mean), float(second - mean**2), rate)), wanted), message)


@exercise.requires("is 1 at rate 0", 1)
def is_one_without_dropout(ask: Ask, draw: np.random.Generator) -> None:
    size, var = moments(draw)
    for mean in (size, -size):
        expect(close(number(ask(mean, var, 0.0)), 1), "at rate 0 nothing shifts: the ratio is 1")
        expect(not close(number(ask(mean, var, 0.4)), 1), "at any other rate the two variances differ")


@exercise.requires("refuses a rate outside [0, 1]", 0.5)
def refuses_bad_rates(ask: Ask, draw: np.random.Generator) -> None:
    ask(1.0, 1.0, 0.3)
    for rate in hidden.BAD_RATES:
        refuses(ask, *moments(draw), rate, because=f"a rate of {rate}", mentions="rate")


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    cases = ((2.0, 1.0, 0.2), (-1.5, 0.7, 0.6), (0.0, 2.0, 0.35))
    return [float(ask(*case)) for case in cases]


def require(rate):
    if not 0 <= rate <= 1:
        raise ValueError("rate must lie in [0, 1]")


@exercise.mistake("1/q only")
def keep_only(mean, var, rate):
    """This is the ratio at mean 0. An activation with a mean also jumps between 0 and mu / q, which adds (p / q)
    mu^2 / v."""
    require(rate)
    return 1 / (1 - rate)


@exercise.mistake("inverted")
def inverted(mean, var, rate):
    """This is the variance at test over the variance in training. The ratio asked for has training on top and is at
    least 1."""
    require(rate)
    return 1 / (1 / (1 - rate) + rate / (1 - rate) * mean**2 / var)


@exercise.mistake("rate and keep swapped")
def rate_and_keep_swapped(mean, var, rate):
    """rate is read as the keep probability. At rate .5 the two coincide, which is why the mistake survives so many
    tests."""
    require(rate)
    return 1 if rate == 0 else 1 / rate + (1 - rate) / rate * mean**2 / var


@exercise.right
def by_second_moment(mean, var, rate):
    if rate < 0 or rate > 1:
        raise ValueError(f"rate {rate} is no probability")
    after = (var + mean**2) / (1 - rate) - mean**2
    return after / var


@exercise.right
def by_two_outcomes(mean, var, rate):
    """The variance within what is kept plus the variance between kept and dropped."""
    require(rate)
    keep = 1 - rate
    within = var / keep
    between = keep * (mean / keep - mean) ** 2 + rate * mean**2
    return np.float64(within + between) / var


@exercise.right
def by_excess(mean, var, rate):
    require(rate)
    odds = np.divide(rate, 1 - rate)
    return np.array(1 + odds * (1 + np.square(mean) / var))
