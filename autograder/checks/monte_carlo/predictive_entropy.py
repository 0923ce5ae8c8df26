"""Doubt shared and doubt disputed: `predictive_entropy(probs) -> (total, expected, mutual_information)`."""

from collections.abc import Iterator

import numpy as np

from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, parts, refuses
from autograder.checks.monte_carlo.passes import Named, named
from autograder.reference.montecarlo import predictive_entropy

exercise = Exercise(
    predictive_entropy,
    page="montecarlo/uncertainty#Doubt of a classifier, shared or disputed",
    onward="The maps after this are its three numbers; try ten members of which one contradicts the rest: which of the numbers tells?",
    trap=("measures_disagreement", "accepts_zeros"),
)

NAMES = ("total", "expected", "mutual_information")
SHAPES = ((5, 5, 5), (1, 4, 3), (300, 2, 3), (3, 8, 4))


def members(draw: np.random.Generator, T: int, n: int, k: int, dtype: str = "float64") -> np.ndarray:
    """Draw probabilities, none of them below .01 / k."""
    return (0.99 * draw.dirichlet([0.8] * k, (T, n)) + 0.01 / k).astype(dtype)


def entropies(ask: Ask, probs: np.ndarray) -> Named:
    return named(ask(probs), NAMES, probs.shape[1:2])


def asked(ask: Ask, draw: np.random.Generator) -> Iterator[tuple[np.ndarray, Named]]:
    """Yield predictions with their entropies; for as many examples as passes alone if others raise.

    So a wrong axis costs the entropy that it belongs to, and not each difference of the two.
    """
    for shape in SHAPES:
        probs = members(draw, *shape)
        if shape != SHAPES[0] and ask.answer(probs).raised:
            return
        yield probs, entropies(ask, probs)


def compare(ask: Ask, draw: np.random.Generator, name: str, message: str) -> None:
    for probs, found in asked(ask, draw):
        right = dict(zip(NAMES, predictive_entropy(probs), strict=True))
        expect(close(found[name], right[name]), message)


@exercise.requires("measures the entropy of the mean prediction", 1.75)
def measures_total(ask: Ask, draw: np.random.Generator) -> None:
    compare(ask, draw, "total", "total should be the entropy, in nats, of the mean prediction")


@exercise.requires("measures the mean entropy of the passes", 1.25)
def measures_expected(ask: Ask, draw: np.random.Generator) -> None:
    compare(ask, draw, "expected", "expected should be the mean of the entropies of the passes, in nats")


@exercise.requires("measures their disagreement by the difference", 1.5)
def measures_disagreement(ask: Ask, draw: np.random.Generator) -> None:
    """Judge an answer by its own parts; where their shapes differ, for as many examples as passes alone."""
    for probs, found in asked(ask, draw):
        if probs.shape != SHAPES[0] and not found.fits:
            return
        difference = found["total"] - found["expected"]
        expect(close(found["mutual_information"], difference), "mutual_information should be total - expected")


@exercise.requires("counts 0 log 0 as 0", 1, after="measures_total measures_expected")
def accepts_zeros(ask: Ask, draw: np.random.Generator) -> None:
    """Ask about passes that are alike, where total and expected are one entropy, in the answer's own unit."""
    one = members(draw, 1, 5, 4)[0]
    one[0] = np.eye(4)[draw.integers(4)]
    one[1], one[2] = draw.permutation([0, 0, 0.3, 0.7]), draw.permutation([0, 0.2, 0.3, 0.5])
    for dtype in ("float64", "float32"):
        unit = entropies(ask, np.full((5, 5, 4), 0.25, dtype))["expected"] / np.log(4)
        found = entropies(ask, np.stack([one] * 5).astype(dtype))
        for name in ("total", "expected"):
            message = f"where a probability is 0, {name} is not right: 0 log 0 counts as 0 "
            message += "(what keeps log from 0 has to be far smaller than 1e-6)"
            expect(close(found[name], unit * predictive_entropy(one[None])[0], "float32"), message)
    entropies(ask, np.stack([np.eye(4)[draw.permutation(4)] for _ in range(4)]))


@exercise.requires("refuses wrong shapes", 0.25)
def refuses_wrong_shapes(ask: Ask, draw: np.random.Generator) -> None:
    probs = members(draw, 5, 4, 3)
    entropies(ask, probs)
    refuses(ask, probs[0], because="probs with two dimensions", mentions="probs")
    refuses(ask, probs[0, 0], because="probs with one dimension", mentions="probs")
    refuses(ask, probs[None], because="probs with four dimensions", mentions="probs")


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(in_every_way())


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(7)
    total, expected, mutual = (np.asarray(value) for value in parts(ask(draw.dirichlet([0.8] * 3, (5, 5))), NAMES))
    numbers = np.nan_to_num([total, expected, mutual / (total - expected)], nan=-1).ravel().tolist()
    certain = np.tile([[[1.0, 0.0]]], (3, 1, 1))
    # Not a number is what some mistakes give here, and it has to be told from numbers.
    return numbers + [float(np.isnan(np.asarray(value)).any()) for value in parts(ask(certain), NAMES)]


def require(probs):
    if probs.ndim != 3:
        raise ValueError(f"probs has shape {probs.shape}")


def safe_entropy(probs):
    return -np.sum(probs * np.log(np.where(probs > 0, probs, 1)), axis=-1)


@exercise.mistake("expected over the examples")
def expected_over_examples(probs):
    """The entropies are averaged over the examples, where they should be over the passes, along axis 0."""
    require(probs)
    total, expected = safe_entropy(probs.mean(axis=0)), safe_entropy(probs).mean(axis=1)
    return total, expected, total - expected if total.shape == expected.shape else total


@exercise.mistake("mean of entropies for total")
def mean_for_total(probs):
    """The entropies of the passes are averaged where the passes should be: members that are sure and disagree then look
    certain. Average the probabilities first."""
    require(probs)
    expected = safe_entropy(probs).mean(axis=0)
    return expected, expected.copy(), np.zeros_like(expected)


@exercise.mistake("base 2")
def base_two(probs):
    """The logarithm has base 2, so the result is in bits. The exercise asks for nats: the natural logarithm."""
    require(probs)
    total, expected = (
        value / np.log(2).astype(probs.dtype)
        for value in (safe_entropy(probs.mean(axis=0)), safe_entropy(probs).mean(axis=0))
    )
    return total, expected, total - expected


@exercise.mistake("without the minus")
def without_minus(probs):
    """The sum of p log p is negative. Entropy is minus that sum."""
    require(probs)
    total, expected = -safe_entropy(probs.mean(axis=0)), -safe_entropy(probs).mean(axis=0)
    return total, expected, total - expected


@exercise.mistake("divided by log k")
def divided_by_log_k(probs):
    """The entropies are divided by log k, so that 1 is the largest. The exercise asks for nats."""
    require(probs)
    both = (safe_entropy(probs.mean(axis=0)), safe_entropy(probs).mean(axis=0))
    total, expected = (value / np.log(probs.shape[2]).astype(probs.dtype) for value in both)
    return total, expected, total - expected


@exercise.mistake("expected minus total")
def turned_around(probs):
    """The mutual information has the wrong sign. The mean prediction is never less uncertain than the passes are on
    average: total - expected is at least 0."""
    require(probs)
    total, expected = safe_entropy(probs.mean(axis=0)), safe_entropy(probs).mean(axis=0)
    return total, expected, expected - total


@exercise.mistake("nan at 0")
def nan_at_zero(probs):
    """0 times log 0 is not a number for NumPy, but its limit is 0. Keep log away from zeros."""
    require(probs)
    with np.errstate(all="ignore"):
        total = -(probs.mean(axis=0) * np.log(probs.mean(axis=0))).sum(axis=-1)
        expected = -(probs * np.log(probs)).sum(axis=-1).mean(axis=0)
    return total, expected, total - expected


@exercise.right
def with_divergences(probs):
    """The mutual information is the mean divergence of the passes from their mean."""
    if probs.ndim != 3:
        raise ValueError("probs must have three dimensions")
    p = probs.astype(np.float64)
    mean = p.mean(axis=0)
    logs, log_mean = np.log(np.maximum(p, 1e-300)), np.log(np.maximum(mean, 1e-300))
    mutual = (p * (logs - log_mean)).sum(axis=2).mean(axis=0)
    total = -(mean * log_mean).sum(axis=1)
    return tuple(value.astype(probs.dtype) for value in (total, total - mutual, mutual))


@exercise.right
def with_small_number(probs):
    if len(probs.shape) != 3:
        raise ValueError("expected the shape (T, n, k)")
    tiny = np.finfo(probs.dtype).tiny

    def entropy(p):
        return -np.einsum("...k,...k->...", p, np.log(p + tiny))

    total, expected = entropy(np.mean(probs, axis=0)), np.mean(entropy(probs), axis=0)
    return total, expected, total - expected


@exercise.right
def with_loops(probs):
    import math

    if np.ndim(probs) != 3:
        raise ValueError("shape")

    def entropy(row):
        return sum(-p * math.log(p) for p in map(float, row) if p > 0)

    T, n, _ = probs.shape
    total = np.array([entropy(probs[:, i].mean(axis=0)) for i in range(n)], probs.dtype)
    expected = np.array([sum(entropy(probs[t, i]) for t in range(T)) / T for i in range(n)], probs.dtype)
    return [total, expected, np.maximum(total - expected, 0)]
