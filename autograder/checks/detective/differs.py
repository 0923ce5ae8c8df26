"""Whether two accuracies differ: `differs(correct_a, correct_b, n, z=1.96) -> bool`."""

import math
from itertools import product

import numpy as np

from autograder.checks.ask import Ask, Value
from autograder.checks.exercise import Exercise
from autograder.checks.expect import describe_type, expect
from autograder.reference.detective import differs

exercise = Exercise(
    differs,
    page="pytorch/rates-depth-epochs#what-a-difference-is-worth",
    onward="Try two models of equal accuracy a thousand times, and count how often this says that they differ.",
)

Case = tuple[int, int, int, float]


def truth(value: Value) -> bool:
    """Return an answer as a bool, Python's or NumPy's."""
    if isinstance(value, np.ndarray) and value.shape == () and value.dtype == bool:
        value = value.item()
    expect(isinstance(value, bool), f"the result should be True or False, but is {describe_type(value)}")
    return bool(value)


def distances(a: int, b: int, n: int) -> tuple[float, float]:
    """Return the difference of two accuracies in standard errors of the difference, unpooled and pooled."""
    p, r = a / n, b / n
    m = (p + r) / 2
    gap = abs(p - r)
    return gap / math.sqrt((p * (1 - p) + r * (1 - r)) / n), gap / math.sqrt(2 * m * (1 - m) / n)


def case(draw: np.random.Generator, z: float, low: float, high: float, sign: int) -> Case:
    """Draw two counts that lie between low z and high z standard errors apart, pooled or not, in the order of sign."""
    while True:
        n = int(draw.integers(400, 4000))
        a = int(n * draw.choice([draw.uniform(0.06, 0.15), draw.uniform(0.3, 0.7), draw.uniform(0.85, 0.94)]))
        step = draw.uniform(low, high) * z * math.sqrt(2 * a * (n - a) / n)
        b = a + int(step * sign)
        if 0 < b < n and all(low * z < distance < high * z for distance in distances(a, b, n)):
            return a, b, n, z


NEAR = ((0.76, 0.94), (1.06, 1.36))
FAR = ((0.05, 0.6), (1.6, 4.0))
FEW = {(1, 4, 12): False, (1, 6, 20): True}
"""Hits of few examples, and whether they differ: one variance in place of both would say the contrary."""


def compare(ask: Ask, draw: np.random.Generator, z: float, low: float, high: float, sign: int) -> None:
    a, b, n, z = case(draw, z, low, high, sign)
    apart = low > 1
    message = "differ" if apart else "be compatible"
    found = truth(ask(a, b, n)) if z == 1.96 else truth(ask(a, b, n, z))
    expect(
        found == apart, f"accuracies whose difference is {low:g} to {high:g} times z standard errors should {message}"
    )


@exercise.requires("tells clear differences from none, in both directions", 1)
def tells_far_apart(ask: Ask, draw: np.random.Generator) -> None:
    for band, sign in product(FAR * 2, (1, -1)):
        compare(ask, draw, 1.96, *band, sign)


@exercise.requires("compares with the standard error of the difference", 2)
def uses_error_of_difference(ask: Ask, draw: np.random.Generator) -> None:
    for band, sign in product(NEAR * 3, (1, -1)):
        compare(ask, draw, 1.96, *band, sign)
    for (few, more, n), apart in FEW.items():
        for a, b in ((few, more), (more, few), (n - few, n - more), (n - more, n - few)):
            message = f"{a} and {b} hits of {n} should {'differ' if apart else 'be compatible'}: each has an error"
            expect(truth(ask(a, b, n)) == apart, message)


@exercise.requires("takes the threshold z", 0.5)
def takes_threshold(ask: Ask, draw: np.random.Generator) -> None:
    for z, band, sign in product((1.0, 2.6, 4.0), NEAR, (1, -1)):
        compare(ask, draw, z, *band, sign)


@exercise.requires("handles accuracies of 0 and 1", 0.5)
def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    n = int(draw.integers(50, 500))
    for count in (0, n):
        expect(not truth(ask(count, count, n)), "equal accuracies of 0 or of 1 should not differ")
    for a, b in ((0, n), (n, 0)):
        expect(truth(ask(a, b, n)), "an accuracy of 0 and one of 1 should differ")


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(2)
    cases = product((1.0, 1.96, 3.0), (*NEAR, *FAR), (1, -1))
    return [float(bool(ask(*case(draw, z, *band, sign)))) for z, band, sign in cases]


@exercise.mistake("se of one only")
def se_of_one_only(correct_a, correct_b, n, z=1.96):
    """The difference is compared with the error of one accuracy. Both are uncertain, and their variances add up."""
    p, r = correct_a / n, correct_b / n
    return abs(p - r) > z * math.sqrt(p * (1 - p) / n)


@exercise.mistake("intervals must not overlap")
def intervals_overlap(correct_a, correct_b, n, z=1.96):
    """The two errors are added. Independent errors seldom go against each other: their variances add, not they."""
    p, r = correct_a / n, correct_b / n
    return abs(p - r) > z * (math.sqrt(p * (1 - p) / n) + math.sqrt(r * (1 - r) / n))


@exercise.mistake("only one direction")
def only_if_first_is_better(correct_a, correct_b, n, z=1.96):
    """Only a better first model counts. The question is whether the two differ, so take the absolute difference."""
    p, r = correct_a / n, correct_b / n
    return p - r > z * math.sqrt((p * (1 - p) + r * (1 - r)) / n)


@exercise.right
def pooled(correct_a, correct_b, n, z=1.96):
    m = (correct_a + correct_b) / (2 * n)
    se = math.sqrt(2 * m * (1 - m) / n)
    return se > 0 and abs(correct_a - correct_b) / n / se > z


@exercise.right
def squared(correct_a, correct_b, n, z=1.96):
    variance = sum(count * (n - count) for count in (correct_a, correct_b)) / n
    return (correct_a - correct_b) ** 2 > z**2 * variance


@exercise.right
def with_numpy(correct_a, correct_b, n, z=1.96):
    p = np.array([correct_a, correct_b]) / n
    se = np.sqrt(p * (1 - p) / n)
    return np.abs(np.diff(p)[0]) > z * np.linalg.norm(se)
