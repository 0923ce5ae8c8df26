"""An accuracy with its error bar: `accuracy_with_se(correct, n) -> (accuracy, se)`."""

import math

import numpy as np

from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, number, parts, refuses
from autograder.reference.detective import accuracy_with_se

exercise = Exercise(
    accuracy_with_se,
    page="pytorch/rates-depth-epochs#What a difference is worth",
    onward="Exercise 2 compares two of these; try to find how many examples tell 0.90 from 0.91.",
    trap=("measures_error",),
)


def answers(ask: Ask, correct: int, n: int) -> tuple[float, float]:
    accuracy, se = parts(ask(correct, n), ("accuracy", "se"))
    return number(accuracy, "accuracy"), number(se, "se")


def cases(draw: np.random.Generator) -> list[tuple[int, int]]:
    sizes = [1 + int(draw.integers(6)), *(int(draw.integers(50, 20_000)) for _ in range(6))]
    return [(int(draw.integers(0, n + 1)), n) for n in sizes]


@exercise.requires("gives the fraction of hits", 1)
def divides(ask: Ask, draw: np.random.Generator) -> None:
    for correct, n in cases(draw):
        expect(
            close(answers(ask, correct, n)[0], correct / n), "accuracy should be the fraction correct / n, unrounded"
        )


@exercise.requires("gives the standard error of that fraction", 2)
def measures_error(ask: Ask, draw: np.random.Generator) -> None:
    """An accuracy in another unit, or rounded, has been judged before: its error may be so too."""
    message = "se should be the standard deviation of the mean of n hits and misses, sqrt(p (1 - p) / n), unrounded"
    for correct, n in cases(draw):
        accuracy, se = answers(ask, correct, n)
        right, p = accuracy_with_se(correct, n)[1], correct / n
        alike = [right * accuracy / p] if p else []
        alike += [round(right, digits) for digits in range(1, 7) if accuracy == round(p, digits)]
        expect(any(math.isclose(se, value, rel_tol=1e-6, abs_tol=1e-12) for value in (right, *alike)), message)


@exercise.requires("is certain when all or none are hits", 0.75)
def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    for n in (1, int(draw.integers(2, 500))):
        expect(answers(ask, 0, n) == (0, 0), "with no hits, accuracy and se should both be 0")
        expect(answers(ask, n, n) == (1, 0), "with nothing but hits, accuracy should be 1 and se 0")


@exercise.requires("refuses impossible counts", 0.25)
def refuses_bad_counts(ask: Ask, draw: np.random.Generator) -> None:
    n = int(draw.integers(50, 500))
    answers(ask, n // 2, n)
    for correct in (-1, n + 1):
        refuses(ask, correct, n, because=f"{correct} hits in {n}", mentions="correct")
    for nothing in (0, -n):
        refuses(ask, 0, nothing, because=f"a number of examples of {nothing}", mentions="n")


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    return [float(value) for case in ((275, 300), (40, 1000), (3, 7)) for value in ask(*case)]


@exercise.mistake("no n")
def no_n(correct, n):
    """sqrt(p (1 - p)) is the spread of one hit or miss. The mean of n of them is known sqrt(n) times better."""
    p = correct / n
    return p, math.sqrt(p * (1 - p))


@exercise.mistake("pq/n")
def without_root(correct, n):
    """p (1 - p) / n is the variance of the accuracy; its standard error is the square root of that."""
    p = correct / n
    return p, p * (1 - p) / n


@exercise.mistake("spread of the count")
def spread_of_the_count(correct, n):
    """sqrt(n p (1 - p)) is the standard deviation of the number of hits. Their fraction is that number over n, and so is
    its error."""
    p = correct / n
    return p, math.sqrt(n * p * (1 - p))


@exercise.mistake("times 1.96")
def half_width(correct, n):
    """1.96 standard errors are half the width of an interval of 95 %. The exercise asks for the standard error itself."""
    p = correct / n
    return p, 1.96 * math.sqrt(p * (1 - p) / n)


@exercise.mistake("divided by n - 1")
def unbiased(correct, n):
    """p (1 - p) is divided by n - 1, as for the unbiased variance of a sample. The exercise asks for sqrt(p (1 - p) / n)."""
    p = correct / n
    return p, math.sqrt(p * (1 - p) / (n - 1)) if n > 1 else 0.0


@exercise.mistake("rounded")
def rounded(correct, n):
    """The numbers are rounded. They are asked as they are: round when you print."""
    p = correct / n
    return round(p, 4), round(math.sqrt(p * (1 - p) / n), 4)


@exercise.mistake("percent")
def percent(correct, n):
    """The numbers are in percent. The exercise asks for fractions of 1."""
    p = correct / n
    return 100 * p, 100 * math.sqrt(p * (1 - p) / n)


@exercise.right
def from_hits(correct, n):
    """The standard error of the mean of a list of zeros and ones."""
    if n < 1:
        raise ValueError("n must be at least 1")
    if correct < 0 or correct > n:
        raise ValueError("correct must be between 0 and n")
    hits = np.arange(n) < correct
    return hits.mean(), hits.std() / np.sqrt(n)


@exercise.right
def from_counts(correct, n):
    if n <= 0 or correct < 0 or correct > n:
        raise ValueError(f"correct = {correct} of n = {n} is impossible")
    return correct / n, (correct * (n - correct)) ** 0.5 / n**1.5


@exercise.right
def from_variance(correct, n):
    if not (n > 0 and 0 <= correct <= n):
        raise ValueError("need 0 <= correct <= n and n > 0")
    accuracy = np.float64(correct) / n
    variance_of_sum = n * accuracy * (1 - accuracy)
    return float(accuracy), float(np.sqrt(variance_of_sum) / n)
