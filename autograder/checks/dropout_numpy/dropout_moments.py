"""Mean and variance after inverted dropout: `dropout_moments(mean, var, rate) -> (mean, var)`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, number, parts, refuses
from autograder.reference.dropout import dropout_moments

exercise = Exercise(
    dropout_moments,
    page="dropout/moments#Dropout turns the mean into variance",
    onward="The notebook on BatchNorm starts from this variance, when dropout meets BatchNorm; try `dropout_moments(mu, 0, 0.5)`: at which mean does a constant get variance 1?",
    trap=("adds_spread_of_mean", "combines_both"),
)


def moments(ask: Ask, mean: float, var: float, rate: float) -> tuple[float, float]:
    after = parts(ask(mean, var, rate), ("mean", "var"))
    return number(after[0], "mean"), number(after[1], "var")


@exercise.requires("leaves the mean as it is", 1)
def keeps_mean(ask: Ask, draw: np.random.Generator) -> None:
    for rate in (0.0, *hidden.RATES):
        size, var = draw.uniform(1, 4), draw.uniform(0.2, 3)
        for mean in (size, -size):
            expect(close(moments(ask, mean, var, rate)[0], mean), "inverted dropout should leave the mean as it is")


@exercise.requires("divides the variance by 1 - rate when the mean is 0", 0.5)
def scales_variance(ask: Ask, draw: np.random.Generator) -> None:
    for rate in (0.0, *hidden.RATES):
        var = draw.uniform(0.2, 3)
        after = moments(ask, 0.0, var, rate)[1]
        expect(close(after, var / (1 - rate)), "an activation of mean 0 should have its variance divided by 1 - rate")


@exercise.requires("adds the variance that the mask gives to a constant", 1)
def adds_spread_of_mean(ask: Ask, draw: np.random.Generator) -> None:
    for rate in hidden.RATES:
        size = draw.uniform(1, 4)
        growth = moments(ask, 0.0, 1.0, rate)[1] - 1
        for mean in (size, -size):
            added = moments(ask, mean, 0.0, rate)[1]
            expect(
                any(close(added, odds * mean**2) for odds in (rate / (1 - rate), growth) if odds > 0),
                "the variance that a constant activation mu gets is not that of a number which is mu / (1 - rate) with "
                "probability 1 - rate and otherwise 0",
            )


@exercise.requires("adds the two contributions up", 1)
def combines_both(ask: Ask, draw: np.random.Generator) -> None:
    for rate in hidden.RATES:
        size, var = draw.uniform(1, 4), draw.uniform(0.2, 3)
        for mean in (size, -size):
            of_mean, of_variance = moments(ask, mean, 0.0, rate)[1], moments(ask, 0.0, var, rate)[1]
            expect(
                close(moments(ask, mean, var, rate)[1], of_mean + of_variance),
                "the variance for a mean and a variance should be the sum of that for the mean alone and that for the "
                "variance alone",
            )


@exercise.requires("gives zeros at rate 1", 1)
def handles_rate_one(ask: Ask, draw: np.random.Generator) -> None:
    after = moments(ask, draw.uniform(1, 3), draw.uniform(0.2, 3), 1.0)
    expect(after == (0, 0), "at rate 1 the activation is always 0: its mean and variance are 0")


@exercise.requires("refuses a rate outside [0, 1]", 0.5)
def refuses_bad_rates(ask: Ask, draw: np.random.Generator) -> None:
    ask(draw.uniform(1, 3), 1.0, 0.3)
    for rate in hidden.BAD_RATES:
        refuses(ask, 1.0, 2.0, rate, because=f"a rate of {rate}", mentions="rate")


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    """Measure mean and variance where only one of them is not 0, so that two mistakes can be told apart, and together."""
    cases = ((2.0, 0.0, 0.2), (-1.5, 0.0, 0.6), (0.0, 2.0, 0.35), (0.0, 0.7, 0.6), (-1.5, 0.7, 0.6))
    return [float(value) for case in cases for value in ask(*case)]


@exercise.mistake("the unscaled formula")
def unscaled_formula(mean, var, rate):
    """These are the moments of x times mask, without the division by 1 - rate: (q mu, q v + p q mu^2)."""
    keep = 1 - rate
    return keep * mean, keep * var + rate * keep * mean**2


@exercise.mistake("forgets mu^2")
def forgets_mean(mean, var, rate):
    """The variance is only divided by 1 - rate. An activation with a mean also jumps between 0 and mu / q, which adds
    (p / q) mu^2."""
    return mean, var / (1 - rate)


@exercise.mistake("p q mu^2")
def unscaled_spread(mean, var, rate):
    """mu^2 is multiplied by p q, the variance of a mask of zeros and ones. The inverted mask is divided by q, its
    variance by q^2: (p / q) mu^2."""
    return mean, var / (1 - rate) + rate * (1 - rate) * mean**2


@exercise.mistake("1 / q^2")
def twice_divided(mean, var, rate):
    """The variance of an activation of mean 0 is divided by q^2. The factor 1 / q is squared, but only the share q of
    the activations is kept: q / q^2 = 1 / q."""
    return mean, var / (1 - rate) ** 2 + rate / (1 - rate) * mean**2


@exercise.mistake("rate and keep swapped")
def rate_and_keep_swapped(mean, var, rate):
    """rate is read as the keep probability. At rate .5 the two coincide, which is why the mistake survives so many
    tests."""
    return mean, var / rate + (1 - rate) / rate * mean**2


@exercise.mistake("mean not preserved")
def mean_not_preserved(mean, var, rate):
    """The mean is multiplied by 1 - rate, but inverted dropout has divided by it: the mean stays."""
    keep = 1 - rate
    return keep * mean, var / keep + rate / keep * mean**2


@exercise.mistake("variance shrinks by q")
def variance_shrinks(mean, var, rate):
    """The variance is multiplied by 1 - rate, as if only values went missing. The scaling divides it by (1 - rate)^2 at
    the same time."""
    return mean, (1 - rate) * var


@exercise.mistake("variance unchanged")
def variance_unchanged(mean, var, rate):
    """The variance is left as it is. Dropout preserves the mean alone; the noise it adds is its purpose."""
    return mean, var


@exercise.right
def by_second_moment(mean, var, rate):
    if not 0 <= rate <= 1:
        raise ValueError("rate must be a probability")
    if rate == 1:
        return 0, 0
    second = (var + mean**2) / (1 - rate)
    return mean, second - mean**2


@exercise.right
def by_total_variance(mean, var, rate):
    if rate < 0 or rate > 1:
        raise ValueError("rate")
    if rate == 1:
        return np.float64(0), np.float64(0)
    mask_var = rate / (1 - rate)
    return np.float64(mean), np.float64(var + mask_var * (var + mean**2))


@exercise.right
def by_two_outcomes(mean, var, rate):
    """A mixture: 0 with probability rate, the scaled activation otherwise."""
    if rate < 0.0 or rate > 1.0:
        raise ValueError("rate outside [0, 1]")
    keep = 1.0 - rate
    if keep == 0.0:
        return 0.0, 0.0
    within = keep * var / keep**2
    between = keep * (mean / keep - mean) ** 2 + rate * mean**2
    return mean, within + between
