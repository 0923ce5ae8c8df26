"""The ensemble that dropout averages: `subnetwork_means(x, w, b, rate) -> (arithmetic, geometric)`."""

import itertools
from typing import Any

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, number, parts, refuses
from autograder.reference.dropout import sigmoid, subnetwork_means

exercise = Exercise(
    subnetwork_means,
    page="dropout/ensemble#With linear logits, one network is the geometric mean",
    onward="Monte Carlo dropout estimates the first of these means by sampling; try weights ten times as large, and see how far apart the two are.",
    trap=("averages_geometrically", "stays_finite"),
    challenge=True,
)


def unit(draw: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Draw the inputs, weights and bias of a sigmoid unit that is not saturated."""
    return hidden.away_from_zero(draw, (n,)), draw.uniform(-1, 1, n), float(draw.uniform(0.3, 1.0))


def means(ask: Ask, x: np.ndarray, w: np.ndarray, b: float, rate: float) -> tuple[float, float]:
    values = parts(ask(x, w, b, rate), ("arithmetic", "geometric"))
    return number(values[0], "arithmetic"), number(values[1], "geometric")


def averages(ask: Ask, draw: np.random.Generator) -> list[tuple[tuple[np.ndarray, np.ndarray, float], float, Any, Any]]:
    """Return units and rates with both means that come back."""
    asked = []
    for rate, n in zip((*hidden.RATES, 0.4), (1, 3, 6, 4), strict=True):
        x, w, b = unit(draw, n)
        asked.append(((x, w, b), rate, *parts(ask(x, w, b, rate), ("arithmetic", "geometric"))))
    return asked


@exercise.requires("averages the outputs of all masks by their probabilities", 2)
def averages_arithmetically(ask: Ask, draw: np.random.Generator) -> None:
    for (x, w, b), rate, arithmetic, _ in ask.once(averages):
        expect(
            close(number(arithmetic, "arithmetic"), subnetwork_means(x, w, b, rate)[0]),
            "arithmetic is not the mean output over all weighted masks",
        )


def own_share(ask: Ask, rate: float) -> float:
    """Return how much of a single input, on average over the masks, an answer takes: 1 where masks are weighted rightly.

    That is judged by the arithmetic mean. A geometric mean that is normalized shows it in its logit.
    """
    _, geometric = means(ask, np.ones(1), np.ones(1), 0.0, rate)
    return float(np.log(geometric / (1 - geometric))) if 0 < geometric < 1 else 1.0


@exercise.requires("normalizes the geometric mean over the two classes", 2)
def averages_geometrically(ask: Ask, draw: np.random.Generator) -> None:
    """Where the arithmetic mean is wrong, by the shares that the answer takes of the inputs."""
    asked = ask.once(averages)
    right = all(close(arithmetic, subnetwork_means(*unit, rate)[0]) for unit, rate, arithmetic, _ in asked)
    for (x, w, b), rate, _, geometric in asked:
        share = 1.0 if right else own_share(ask, rate)
        expect(
            close(number(geometric, "geometric"), sigmoid(share * (w @ x) + b)),
            "geometric should equal the output of the whole unit without dropout",
        )


@exercise.requires("has one network at rate 0 and the bias alone at rate 1", 1)
def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    x, w, b = unit(draw, 4)
    expect(
        close(means(ask, x, w, b, 0.0), [sigmoid(w @ x + b)] * 2),
        "at rate 0 there is one network: both means are its output",
    )
    expect(
        close(means(ask, x, w, b, 1.0), [sigmoid(b)] * 2), "at rate 1 every input is dropped: both means are sigmoid(b)"
    )


@exercise.requires("stays finite for large logits", 1, after="averages_arithmetically averages_geometrically")
def stays_finite(ask: Ask, draw: np.random.Generator) -> None:
    x = draw.uniform(20, 40, 6)
    canceling = 1000 * np.tile([1, -1], 3) / x
    for w in (draw.uniform(20, 40, 6), -draw.uniform(20, 40, 6), canceling):
        expect(
            close(means(ask, x, w, 0.5, 0.3), subnetwork_means(x, w, 0.5, 0.3)),
            "with logits in the thousands both means should stay finite and right: work with logarithms",
        )


@exercise.requires("enumerates 14 inputs", 1.25)
def takes_fourteen_inputs(ask: Ask, draw: np.random.Generator) -> None:
    """Inputs of weight 0 change no mean, so that the others tell it without an enumeration of all."""
    x, w, b = unit(draw, 14)
    counts = np.sort(draw.permutation(14)[:6])
    w = np.where(np.isin(np.arange(14), counts), w, 0.0)
    expect(
        close(means(ask, x, w, b, 0.4), means(ask, x[counts], w[counts], b, 0.4)),
        "14 inputs of which 8 have weight 0 should give the means that the other 6 give",
    )


@exercise.requires("refuses 15 inputs, a rate outside [0, 1] and wrong shapes", 0.5)
def refuses_bad_arguments(ask: Ask, draw: np.random.Generator) -> None:
    x, w, b = unit(draw, 3)
    ask(x, w, b, 0.4)
    for rate in hidden.BAD_RATES:
        refuses(ask, x, w, b, rate, because=f"a rate of {rate}", mentions="rate")
    for wrong in (w[:2], w[:1], w[None]):
        refuses(ask, x, wrong, b, 0.4, because=f"a w of shape {wrong.shape} for x of shape {x.shape}", mentions="w x")
    refuses(ask, *unit(draw, 15), 0.4, because="a unit with 15 inputs (32,768 masks)", mentions="")


exercise.requires("takes float32 and float64 in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(None, right=subnetwork_means, largest=12)  # 6 inputs: 14 have 16,384 masks
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(8)
    return [float(value) for rate in (0.2, 0.7) for value in ask(*unit(draw, 4), rate)]


def outputs(x, w, b, rate, scale):
    masks = np.array(list(itertools.product([0, 1], repeat=len(x))))
    kept = masks.sum(axis=1)
    weights = (1 - rate) ** kept * rate ** (len(x) - kept)
    return 1 / (1 + np.exp(-(masks @ (w * x) * scale + b))), weights


def normalized(outputs, weights):
    yes, no = np.exp(weights @ np.log(outputs)), np.exp(weights @ np.log(1 - outputs))
    return yes / (yes + no)


@exercise.mistake("masks weighted equally whatever the rate")
def weighted_equally(x, w, b, rate):
    """Every mask counts the same, as if rate were .5. A mask with k of n inputs kept has probability q^k p^(n - k)."""
    o, weights = outputs(x, w, b, rate, 1 / (1 - rate))
    weights = np.full_like(weights, 1 / len(weights))
    return weights @ o, normalized(o, weights)


@exercise.mistake("masks not rescaled")
def not_rescaled(x, w, b, rate):
    """The masked inputs are not divided by 1 - rate, so the mean logit of the ensemble is smaller than the logit of the
    whole unit."""
    o, weights = outputs(x, w, b, rate, 1)
    return weights @ o, normalized(o, weights)


@exercise.mistake("geometric mean not normalized")
def geometric_not_normalized(x, w, b, rate):
    """The geometric means of the two classes do not sum to 1. Divide by their sum to get a probability."""
    o, weights = outputs(x, w, b, rate, 1 / (1 - rate))
    return weights @ o, np.exp(weights @ np.log(o))


def require(x, w, rate):
    if not 0 <= rate <= 1:
        raise ValueError("rate must be in [0, 1]")
    if x.ndim != 1 or w.shape != x.shape:
        raise ValueError("w must have the shape of x")
    if len(x) > 14:
        raise ValueError("too many inputs")


def stable_sigmoid(z):
    return np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))), np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))))


@exercise.right
def recursive(x, w, b, rate):
    """Decide one input at a time: the distribution of the logit doubles its support at each."""
    require(x, w, rate)
    logits, weights = np.array([float(b)]), np.array([1.0])
    for term in w * x:
        step = 0.0 if rate == 1 else term / (1 - rate)
        logits = np.concatenate([logits, logits + step])
        weights = np.concatenate([weights * rate, weights * (1 - rate)])
    return weights @ stable_sigmoid(logits), stable_sigmoid(weights @ logits)


@exercise.right
def with_bits(x, w, b, rate):
    require(x, w, rate)
    n = len(x)
    masks = (np.arange(2**n)[:, None] >> np.arange(n)) % 2
    weights = np.where(masks == 1, 1 - rate, rate).prod(axis=1)
    logits = b + (masks * (w * x)).sum(axis=1) / (1 - rate if rate < 1 else np.inf)
    log_yes, log_no = -np.logaddexp(0, -logits), -np.logaddexp(0, logits)
    geometric = 1 / (1 + np.exp(np.clip(weights @ log_no - weights @ log_yes, -700, 700)))
    return (weights * np.exp(log_yes)).sum(), geometric


@exercise.right
def with_mean_logit(x, w, b, rate):
    """The normalized geometric mean is the sigmoid of the mean logit."""
    require(x, w, rate)
    total, mean_logit = 0.0, 0.0
    for mask in itertools.product((False, True), repeat=len(x)):
        probability = np.prod([1 - rate if m else rate for m in mask])
        kept = np.array(mask)
        logit = b + (0 if rate == 1 else (w[kept] @ x[kept]) / (1 - rate))
        total += probability * stable_sigmoid(logit)
        mean_logit += probability * logit
    return float(total), float(stable_sigmoid(mean_logit))
