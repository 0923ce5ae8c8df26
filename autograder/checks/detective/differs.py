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
    page="pytorch/rates-depth-epochs#What a difference is worth",
    onward="The experiment after this judges pairs of models with it; try `z=1`, and see how often equal models then differ.",
    trap=("uses_error_of_difference",),
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


REGIONS = ((0.06, 0.15), (0.3, 0.7), (0.85, 0.94))
"""Accuracies that are asked: far below one half, near it, and far above."""


def case(draw: np.random.Generator, z: float, low: float, high: float, region: tuple[float, float], sign: int) -> Case:
    """Draw two counts that lie between low z and high z standard errors apart, pooled or not, in the order of sign."""
    while True:
        n = int(draw.integers(400, 4000))
        a = int(n * draw.uniform(*region))
        step = draw.uniform(low, high) * z * math.sqrt(2 * a * (n - a) / n)
        b = a + int(step * sign)
        if 0 < b < n and all(low * z < distance < high * z for distance in distances(a, b, n)):
            return a, b, n, z


NEAR = ((0.76, 0.94), (1.06, 1.36))
FAR = ((0.05, 0.6), (1.6, 4.0))
FEW = ((1, 4, 8, False), (1, 4, 12, False), (1, 6, 15, True), (1, 6, 17, True))
"""Two counts of few examples, whose variances are unlike, and whether they differ at 1.96, pooled or not."""


def either(ask: Ask, a: int, b: int, n: int, *z: float) -> bool:
    """Return whether two accuracies differ in one order of the models or the other: that both agree is judged apart."""
    return truth(ask(a, b, n, *z)) or truth(ask(b, a, n, *z))


def compare(ask: Ask, draw: np.random.Generator, z: float, bands: tuple[tuple[float, float], ...]) -> None:
    for (low, high), region, sign in product(bands, REGIONS, (1, -1)):
        a, b, n, z = case(draw, z, low, high, region, sign)
        found = either(ask, a, b, n, *([] if z == 1.96 else [z]))
        should = "differ" if low > 1 else "be compatible"
        place = "far from" if bands is FAR else "near"
        at = "" if z == 1.96 else "at another z than 1.96, "
        message = (
            f"{at}a difference of {low:g} to {high:g} times z standard errors, {place} the border, should {should}"
        )
        expect(found == (low > 1), message)


@exercise.requires("tells clear differences from none", 0.25)
def tells_far_apart(ask: Ask, draw: np.random.Generator) -> None:
    compare(ask, draw, 1.96, FAR)
    expect(either(ask, 1, 19, 20), "1 hit and 19 hits of 20 lie many standard errors apart and should differ")


@exercise.requires("counts a difference in both directions", 1.5)
def counts_both_directions(ask: Ask, draw: np.random.Generator) -> None:
    for (low, high), region, sign in product(FAR, REGIONS, (1, -1)):
        a, b, n, _ = case(draw, 1.96, low, high, region, sign)
        message = "whether two models differ should not depend on which is the first"
        expect(truth(ask(a, b, n)) == truth(ask(b, a, n)), message)


@exercise.requires("compares with the standard error of the difference", 1.5)
def uses_error_of_difference(ask: Ask, draw: np.random.Generator) -> None:
    compare(ask, draw, 1.96, NEAR)
    for hits, others, n, differ in FEW:
        for a, b in ((hits, others), (n - hits, n - others)):
            message = "with few examples and unlike accuracies, too, the variances of both should be added up"
            expect(either(ask, a, b, n) == differ, message)


@exercise.requires("takes the threshold z", 0.25, after="uses_error_of_difference")
def takes_threshold(ask: Ask, draw: np.random.Generator) -> None:
    for z in (1.0, 2.6, 4.0):
        compare(ask, draw, z, NEAR)


@exercise.requires("handles accuracies of 0 and 1", 0.5)
def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    n = int(draw.integers(50, 500))
    for count in (0, n):
        expect(not truth(ask(count, count, n)), "equal accuracies of 0 or of 1 should not differ")
    expect(either(ask, 0, n, n), "an accuracy of 0 and one of 1 should differ")


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(2)
    cases = product((1.0, 1.96, 3.0), (*NEAR, *FAR), REGIONS, (1, -1))
    asked = [case(draw, z, *band, region, sign) for z, band, region, sign in cases]
    return [float(bool(ask(*counts))) for counts in (*asked, *((*few[:3], 1.96) for few in FEW))]


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


@exercise.mistake("z ignored")
def z_ignored(correct_a, correct_b, n, z=1.96):
    """The threshold is 1.96 whatever z is. Compare with the argument z."""
    return differs(correct_a, correct_b, n)


@exercise.mistake("no n")
def no_n(correct_a, correct_b, n, z=1.96):
    """The difference is compared with the spread of single hits and misses. The mean of n of them is known sqrt(n) times
    better."""
    p, r = correct_a / n, correct_b / n
    return abs(p - r) > z * math.sqrt(p * (1 - p) + r * (1 - r))


@exercise.mistake("no root")
def no_root(correct_a, correct_b, n, z=1.96):
    """The difference is compared with its variance. Its standard error is the square root of that."""
    p, r = correct_a / n, correct_b / n
    return abs(p - r) > z * (p * (1 - p) + r * (1 - r)) / n


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
