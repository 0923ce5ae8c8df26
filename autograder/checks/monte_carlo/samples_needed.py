"""How many passes it takes: `samples_needed(sd, se) -> int`."""

import decimal
import math

import numpy as np

from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import describe_type, expect, number, refuses
from autograder.reference.montecarlo import samples_needed

exercise = Exercise(
    samples_needed,
    page="montecarlo/noise-or-bias#How many passes?",
    onward="It plans an experiment before its passes are paid for; try it on the spread that exercise 2 has found, and compare with how many passes that took.",
    trap=("grows_with_the_square", "rounds_up"),
)


def needs(ask: Ask, sd: float, se: float, message: str) -> None:
    expect(number(ask(sd, se)) == samples_needed(sd, se), message)


@exercise.requires("grows with the square of sd / se", 2)
def grows_with_the_square(ask: Ask, draw: np.random.Generator) -> None:
    for _ in range(12):
        root, se = draw.uniform(30, 400), draw.uniform(0.001, 2)
        near = abs(number(ask(float(root * se), float(se))) - root**2) <= 1
        expect(near, "the result is not a whole number next to (sd / se)^2, which solves sd / sqrt(T) = se")


@exercise.requires("returns an int", 0.25)
def returns_int(ask: Ask, draw: np.random.Generator) -> None:
    se = float(draw.uniform(0.01, 2))
    value = ask(se * float(draw.uniform(3, 9)), se)
    is_int = isinstance(value, np.ndarray) and value.shape == () and value.dtype.kind in "iu"
    is_int |= isinstance(value, int) and not isinstance(value, bool)
    expect(is_int, f"the result should be an int, but is {describe_type(value)}")


@exercise.requires("rounds up", 0.5, after="grows_with_the_square")
def rounds_up(ask: Ask, draw: np.random.Generator) -> None:
    for _ in range(12):
        whole, part = int(draw.integers(3, 300)), draw.uniform(0.02, 0.98)
        se = float(draw.uniform(0.01, 2))
        needs(ask, se * math.sqrt(whole + part), se, "a fraction of a pass has to be rounded up")
    needs(ask, 0.1 * float(draw.uniform(1, 5)), 7.0, "with little spread one pass is enough, and one is needed")


@exercise.requires("forgives the rounding errors of decimal fractions", 1, after="grows_with_the_square")
def forgives_rounding_errors(ask: Ask, draw: np.random.Generator) -> None:
    """Where the result grows in another way, it is compared with that of an sd which is smaller by less than counts."""
    squares = abs(number(ask(31.5, 1.0)) - 31.5**2) <= 1
    message = (
        "(sd / se)^2 is an integer here, up to the rounding of decimal fractions: a tiny excess must not cost a pass"
    )
    quotients = [(root * 10.0**-power, 10.0**-power) for root in range(2, 120) for power in (1, 2, 3)]
    # Pick quotients whose square comes out a little too large, where a bare ceiling goes wrong.
    unlucky = [(sd, se) for sd, se in quotients if math.ceil((sd / se) ** 2) > round((sd / se) ** 2)]
    for sd, se in ((0.18, 0.001), *(unlucky[int(index)] for index in draw.permutation(len(unlucky))[:12])):
        expect(number(ask(sd, se)) == number(ask(sd * (1 - 1e-11), se)), message)
        if squares:
            needs(ask, sd, se, message)
    for whole in draw.integers(2, 10_000, 6) if squares else ():
        needs(ask, math.sqrt(int(whole) * (1 + 3e-10)), 1.0, "an excess below 1e-9 (relative) should not cost a pass")
        needs(
            ask, math.sqrt(int(whole) * (1 + 1e-7)), 1.0, "an excess of 1e-7 (relative) is no rounding error: round up"
        )


@exercise.requires("needs no passes when sd is 0", 1)
def needs_none_without_spread(ask: Ask, draw: np.random.Generator) -> None:
    expect(number(ask(0.0, float(draw.uniform(0.1, 1)))) == 0, "without any spread no passes are needed: 0")


@exercise.requires("refuses an se that is not positive and a negative sd", 0.25)
def refuses_nonsense(ask: Ask, draw: np.random.Generator) -> None:
    sd, se = (float(number) for number in draw.uniform(0.1, 1, 2))
    number(ask(sd, se))
    refuses(ask, sd, 0.0, because="se 0", mentions="se")
    refuses(ask, sd, -se, because="a negative se", mentions="se")
    refuses(ask, 0.0, 0.0, because="se 0, also with sd 0,", mentions="se")
    refuses(ask, -sd, se, because="a negative sd", mentions="sd")


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    return [float(ask(sd, se)) for sd, se in ((1.23, 0.1), (2.57, 0.1), (3.91, 0.1), (0.07, 0.01), (0.4, 0.7))]


def require(sd, se):
    if sd < 0:
        raise ValueError("sd is negative")
    if se <= 0:
        raise ValueError("se is not positive")


def ceiling(value):
    return math.ceil(value * (1 - 1e-9))


@exercise.mistake("linear")
def linear(sd, se):
    """The result is sd / se. Solve sd / sqrt(T) = se for T: ten times the precision costs a hundred times the
    passes."""
    require(sd, se)
    return ceiling(sd / se)


@exercise.mistake("floor")
def floor(sd, se):
    """The result is rounded down, so the standard error still is a little larger than asked for. Round up."""
    require(sd, se)
    return math.floor((sd / se) ** 2 * (1 + 1e-9))


@exercise.mistake("a bare ceiling")
def bare_ceiling(sd, se):
    """The ceiling is taken of a quotient that is no exact decimal: (.07 / .01)^2 comes out a little above 49, which costs
    a pass. Let an excess below 1e-9 (relative) go."""
    require(sd, se)
    return math.ceil((sd / se) ** 2)


@exercise.mistake("rounds to the nearest")
def rounds(sd, se):
    """The result is rounded to the nearest integer, so half of the time the standard error is still a little larger than
    asked for. Round up."""
    require(sd, se)
    return round((sd / se) ** 2)


@exercise.mistake("times 1.96")
def times_quantile(sd, se):
    """sd is multiplied by 1.96 first. That makes the half width of a 95 % interval equal to se, where the exercise asks
    for the standard error itself."""
    require(sd, se)
    return ceiling((1.96 * sd / se) ** 2)


@exercise.right
def with_round(sd, se):
    if sd < 0 or se <= 0:
        raise ValueError("sd must be at least 0 and se above 0")
    exact = sd**2 / se**2
    nearest = round(exact)
    if abs(exact - nearest) <= 1e-9 * exact:
        return nearest
    return math.ceil(exact)


@exercise.right
def with_floor_division(sd, se):
    if not (sd >= 0 and se > 0):
        raise ValueError(f"no such sd and se: {sd}, {se}")
    variance, target = sd * sd, se * se
    return int(-((-variance * (1 - 9e-10)) // target))


@exercise.right
def with_decimals(sd, se):
    if sd < 0:
        raise ValueError("sd: negative")
    if se <= 0:
        raise ValueError("se: not positive")
    exact = (decimal.Decimal(sd) / decimal.Decimal(se)) ** 2
    reduced = exact * (1 - decimal.Decimal("1e-9"))
    return np.int64(int(reduced.to_integral_value(rounding=decimal.ROUND_CEILING)))
