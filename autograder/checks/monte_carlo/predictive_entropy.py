"""Doubt shared and doubt disputed: `predictive_entropy(probs) -> (total, expected, mutual_information)`."""

import numpy as np

from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, parts, refuses
from autograder.checks.monte_carlo.passes import named
from autograder.reference.montecarlo import predictive_entropy

exercise = Exercise(
    predictive_entropy,
    page="montecarlo/uncertainty#doubt-of-a-classifier-shared-or-disputed",
    onward="Try members that agree on a coin toss, and members that are sure of opposite classes: which of the numbers tells them apart?",
)

NAMES = ("total", "expected", "mutual_information")
SHAPES = ((1, 4, 3), (5, 5, 5), (300, 2, 3), (3, 8, 4))


def members(draw: np.random.Generator, T: int, n: int, k: int, dtype: str = "float64") -> np.ndarray:
    return draw.dirichlet([0.8] * k, (T, n)).astype(dtype)


def entropies(ask: Ask, probs: np.ndarray) -> dict[str, np.ndarray]:
    return named(ask(probs), NAMES, probs.shape[1:2])


def compare(ask: Ask, draw: np.random.Generator, name: str, message: str) -> None:
    for shape in SHAPES:
        probs = members(draw, *shape)
        right = dict(zip(NAMES, predictive_entropy(probs), strict=True))
        expect(close(entropies(ask, probs)[name], right[name]), message)


@exercise.requires("measures the entropy of the mean prediction", 2)
def measures_total(ask: Ask, draw: np.random.Generator) -> None:
    compare(ask, draw, "total", "total should be the entropy, in nats, of the mean prediction")


@exercise.requires("measures the mean entropy of the passes", 1)
def measures_expected(ask: Ask, draw: np.random.Generator) -> None:
    compare(ask, draw, "expected", "expected should be the mean of the entropies of the passes, in nats")


@exercise.requires("measures their disagreement by the difference", 1)
def measures_disagreement(ask: Ask, draw: np.random.Generator) -> None:
    compare(ask, draw, "mutual_information", "mutual_information should be total - expected")


@exercise.requires("counts 0 log 0 as 0", 1)
def accepts_zeros(ask: Ask, draw: np.random.Generator) -> None:
    probs = members(draw, 6, 5, 4)
    probs[:, 0] = np.eye(4)[draw.integers(4)]
    probs[:, 1] = np.eye(4)[draw.permutation(6) % 4]
    probs[:3, 2] = np.eye(4)[0]
    for dtype in ("float64", "float32"):
        for name, right in zip(NAMES, predictive_entropy(probs), strict=True):
            found = entropies(ask, probs.astype(dtype))[name]
            expect(
                close(found, right, "float32"), f"where a probability is 0, {name} is not right: 0 log 0 counts as 0"
            )


@exercise.requires("refuses wrong shapes", 0.5)
def refuses_wrong_shapes(ask: Ask, draw: np.random.Generator) -> None:
    probs = members(draw, 5, 4, 3)
    entropies(ask, probs)
    refuses(ask, probs[0], because="probs with two dimensions", mentions="probs")
    refuses(ask, probs[0, 0], because="probs with one dimension", mentions="probs")
    refuses(ask, probs[None], because="probs with four dimensions", mentions="probs")


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.5)(in_every_way())


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(7)
    numbers = [float(number) for value in parts(ask(members(draw, 5, 2, 3)), NAMES) for number in value]
    certain = np.tile([[[1.0, 0.0]]], (3, 1, 1))
    # Not a number is what some mistakes give here, and it has to be told from numbers.
    return numbers + [float(np.isnan(np.asarray(value)).any()) for value in parts(ask(certain), NAMES)]


def require(probs):
    if probs.ndim != 3:
        raise ValueError(f"probs has shape {probs.shape}")


def safe_entropy(probs):
    return -np.sum(probs * np.log(np.where(probs > 0, probs, 1)), axis=-1)


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
