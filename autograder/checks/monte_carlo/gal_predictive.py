"""Predictive variance and likelihood: `gal_predictive(samples, y, tau) -> (variance, log_likelihood)`."""

import numpy as np

from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect, parts, refuses
from autograder.checks.monte_carlo.passes import passes
from autograder.reference.montecarlo import gal_predictive

exercise = Exercise(
    gal_predictive,
    page="montecarlo/uncertainty#Passes, noise, and the mixture of both",
    onward="The figure after this chooses tau by the second of its numbers; try a tau ten times too large, and see what the log-likelihood says about it.",
    trap=("computes_likelihood", "stays_finite"),
)

NAMES = ("variance", "log_likelihood")
SHAPES = ((5, 5), (300, 2), (3, 17), (1, 4))


def predictive(ask: Ask, name: str, samples: np.ndarray, y: np.ndarray, tau: float) -> np.ndarray:
    """Ask for one of the two results and leave the other alone."""
    return array(parts(ask(samples, y, tau), NAMES)[NAMES.index(name)], y.shape, name=name)


@exercise.requires("lets the variance follow that of the noise", 1)
def adds_noise(ask: Ask, draw: np.random.Generator) -> None:
    """Told by what two answers for the same passes differ in, whatever else the variance is made of.

    A single pass has a variance too, but not in every definition: that is the next question.
    """
    for shape in (shape for shape in SHAPES if shape[0] > 1):
        samples, y = passes(draw, *shape)
        less, more = 0.3, float(draw.uniform(2, 9))
        found = [predictive(ask, "variance", samples, y, tau) for tau in (less, more)]
        expect(
            close(found[0] - found[1], np.full_like(y, 1 / less - 1 / more), scale=float(np.abs(found).max())),
            "with another tau, variance should change by as much as the variance of the noise does",
        )


@exercise.requires("adds the variance of the passes and that of the noise", 1.5)
def adds_variances(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        for tau in (0.3, float(draw.uniform(2, 9))):
            samples, y = passes(draw, *shape)
            expect(
                close(predictive(ask, "variance", samples, y, tau), gal_predictive(samples, y, tau)[0]),
                "variance should be the variance over the passes (divided by T) plus that of the noise",
            )


@exercise.requires("averages the densities of all passes", 2)
def computes_likelihood(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        for tau in (0.3, float(draw.uniform(2, 9))):
            samples, y = passes(draw, *shape)
            expect(
                close(predictive(ask, "log_likelihood", samples, y, tau), gal_predictive(samples, y, tau)[1]),
                "log_likelihood should be the log of the mean, over the passes, of normal densities at y",
            )


@exercise.requires("stays finite when every pass is far from y", 1, after="computes_likelihood")
def stays_finite(ask: Ask, draw: np.random.Generator) -> None:
    for dtype in ("float32", "float64"):
        samples, y = passes(draw, 8, 3, dtype)
        y = y + np.array([90, 0, -200], dtype)
        wanted = gal_predictive(samples.astype(float), y, 3.0)[1]
        expect(
            close(predictive(ask, "log_likelihood", samples, y, 3.0), wanted, "float32"),
            "where y is far from every pass all densities vanish, but their log should not: subtract the largest "
            "exponent",
        )
    samples, y = passes(draw, 8, 4)
    samples[:7] += 1000
    expect(
        close(predictive(ask, "log_likelihood", samples, y, 3.0), gal_predictive(samples, y, 3.0)[1]),
        "where y is far from some passes and near others the log-likelihood should still be right",
    )


@exercise.requires("refuses wrong shapes", 0.25)
def refuses_wrong_shapes(ask: Ask, draw: np.random.Generator) -> None:
    samples, y = passes(draw, 6, 3)
    parts(ask(samples, y, 1.0), NAMES)
    for wrong in (y[:2], y[:1], y[None], y[:, None]):
        refuses(ask, samples, wrong, 1.0, because=f"a y of shape {wrong.shape} for 3 points", mentions="y samples")
    refuses(ask, samples[:, :, None], y, 1.0, because="samples with three dimensions", mentions="samples y")


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(right=gal_predictive)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(7)
    samples, y = passes(draw, 6, 3)
    asked = [(name, tau) for tau in (0.5, 4.0) for name in NAMES]
    return [float(number) for name, tau in asked for number in predictive(ask, name, samples, y, tau)]


@exercise.mistake("forgets 1/tau", edit=(" + 1 / tau", ""))
def forgets_noise():
    """The variance is that of the passes alone. Targets scatter around even the right prediction: the noise adds
    1 / tau."""


@exercise.mistake("adds tau", edit=("1 / tau", "tau"))
def adds_tau():
    """tau is a precision, the inverse of the noise variance. What adds to the variance of the passes is 1 / tau."""


@exercise.mistake("divided by T - 1", edit=("samples.var(axis=0)", "samples.var(axis=0, ddof=1)"))
def divided_by_one_less():
    """The variance of the passes is divided by T - 1. Here it is that of the mixture of T densities itself, and not an
    estimate: divide by T."""


@exercise.mistake("mean of the logarithms")
def mean_of_logs(samples, y, tau):
    """The log densities of the passes are averaged. The mean belongs inside the logarithm: the log of a mean is larger
    than the mean of the logs, by Jensen's inequality."""
    variance = samples.var(axis=0) + 1 / tau
    logs = -tau * (y - samples) ** 2 / 2 - np.log(2 * np.pi) / 2 + np.log(tau) / 2
    return variance.astype(samples.dtype), logs.mean(axis=0).astype(samples.dtype)


@exercise.mistake("second moment", edit=("samples.var(axis=0)", "(samples**2).mean(axis=0)"))
def second_moment():
    """The mean of the squares is taken for the variance. Subtract the square of the mean: a far-off prediction is not
    an uncertain one."""


@exercise.mistake("log T missing", edit=(" - math.log(passes)", ""))
def log_passes_missing():
    """The densities are summed where they should be averaged, so the likelihood grows with the number of passes.
    Subtract log T."""


@exercise.mistake("half log tau missing", edit=(" + math.log(tau) / 2", ""))
def half_log_tau_missing():
    """The normal density has the factor sqrt(tau / (2 pi)). Without log(tau) / 2 the best tau would always be 0."""


@exercise.right
def point_by_point(samples, y, tau):
    import math

    if samples.ndim != 2 or y.ndim != 1 or len(y) != samples.shape[1]:
        raise ValueError("the shapes of samples and y do not fit")
    T = len(samples)
    variances, likelihoods = [], []
    for column, target in zip(samples.T.astype(np.float64), y, strict=True):
        mean = sum(column) / T
        variances.append(sum((value - mean) ** 2 for value in column) / T + 1 / tau)
        logs = [math.log(tau / (2 * math.pi)) / 2 - tau * (target - value) ** 2 / 2 for value in column]
        top = max(logs)
        likelihoods.append(top + math.log(sum(math.exp(log - top) for log in logs) / T))
    return np.array(variances, samples.dtype), np.array(likelihoods, samples.dtype)


@exercise.right
def with_precision(samples, y, tau):
    if len(samples.shape) != 2 or samples.shape[1:] != y.shape:
        raise ValueError("wrong shape")
    precise, T = samples.astype(np.longdouble), samples.shape[0]
    variance = np.mean(precise**2, axis=0) - np.mean(precise, axis=0) ** 2 + 1 / tau
    exponents = -0.5 * tau * np.square(precise - y)
    nearest = np.max(exponents, axis=0, keepdims=True)
    log_sum = nearest[0] + np.log(np.sum(np.exp(exponents - nearest), axis=0))
    result = log_sum - np.log(T) - 0.5 * np.log(2 * np.pi) + 0.5 * np.log(tau)
    return variance.astype(samples.dtype), result.astype(samples.dtype)


@exercise.right
def pass_by_pass(samples, y, tau):
    """Add one pass at a time to a running log of the sum, and to running moments."""
    if samples.ndim != 2 or y.shape != (samples.shape[1],):
        raise ValueError("samples (T, n) and y (n,) are asked: shape")
    mean, squares, log_sum = np.zeros(len(y)), np.zeros(len(y)), np.full(len(y), -np.inf)
    for t, row in enumerate(samples.astype(float), start=1):
        step = row - mean
        mean = mean + step / t
        squares = squares + step * (row - mean)
        log_sum = np.logaddexp(log_sum, -tau / 2 * (y - row) ** 2)
    T = len(samples)
    log_likelihood = log_sum - np.log(T * np.sqrt(2 * np.pi / tau))
    return (squares / T + tau**-1).astype(samples.dtype), log_likelihood.astype(samples.dtype)
