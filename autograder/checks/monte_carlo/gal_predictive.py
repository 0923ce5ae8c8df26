"""Predictive variance and likelihood: `gal_predictive(samples, y, tau) -> (variance, log_likelihood)`."""

import numpy as np

from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise, Fingerprint, Misconception, Requirement
from autograder.checks.expect import array, close, expect, parts, refuses, untouched
from autograder.checks.monte_carlo.passes import passes
from autograder.reference.montecarlo import gal_predictive

PAGE = "montecarlo/uncertainty"
NAMES = ("variance", "log_likelihood")
SHAPES = ((1, 4), (6, 5), (40, 2), (3, 17))


def predictive(ask: Ask, samples: np.ndarray, y: np.ndarray, tau: float) -> tuple[np.ndarray, np.ndarray]:
    variance, log_likelihood = parts(ask(samples, y, tau), NAMES)
    return array(variance, y.shape, name="variance"), array(log_likelihood, y.shape, name="log_likelihood")


def adds_variances(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        for tau in (0.3, float(draw.uniform(2, 9))):
            samples, y = passes(draw, *shape)
            expect(
                close(predictive(ask, samples, y, tau)[0], gal_predictive(samples, y, tau)[0]),
                "variance should be the variance over the passes (divided by T) plus that of the noise",
            )


def computes_likelihood(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        for tau in (0.3, float(draw.uniform(2, 9))):
            samples, y = passes(draw, *shape)
            expect(
                close(predictive(ask, samples, y, tau)[1], gal_predictive(samples, y, tau)[1]),
                "log_likelihood should be the log of the mean, over the passes, of normal densities at y",
            )


def stays_finite(ask: Ask, draw: np.random.Generator) -> None:
    for dtype in ("float32", "float64"):
        samples, y = passes(draw, 8, 3, dtype)
        y = y + np.array([90, 0, -200], dtype)
        expect(
            close(predictive(ask, samples, y, 3.0)[1], gal_predictive(samples.astype(float), y, 3.0)[1], "float32"),
            "where y is far from every pass all densities vanish, but their log should not: subtract the largest "
            "exponent",
        )
    samples, y = passes(draw, 8, 4)
    samples[:7] += 1000
    expect(
        close(predictive(ask, samples, y, 3.0)[1], gal_predictive(samples, y, 3.0)[1]),
        "where y is far from some passes and near others the log-likelihood should still be right",
    )


def keeps_dtype_and_input(ask: Ask, draw: np.random.Generator) -> None:
    for dtype in ("float32", "float64"):
        samples, y = passes(draw, 9, 4, dtype)
        answer = ask.answer(samples, y, 1.7)
        for name, value in zip(NAMES, parts(ask.value(answer), NAMES), strict=True):
            array(value, (4,), dtype, name)
        untouched(answer)


def refuses_wrong_shapes(ask: Ask, draw: np.random.Generator) -> None:
    samples, y = passes(draw, 6, 3)
    predictive(ask, samples, y, 1.0)
    for wrong in (y[:2], y[:1], y[None], y[:, None]):
        refuses(ask, samples, wrong, 1.0, because=f"a y of shape {wrong.shape} for 3 points", mentions="y samples")
    refuses(ask, samples[:, :, None], y, 1.0, because="samples with three dimensions", mentions="samples y")


def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(7)
    samples, y = passes(draw, 6, 3)
    return [float(number) for tau in (0.5, 4.0) for part in predictive(ask, samples, y, tau) for number in part]


def with_parts(
    variance=lambda samples, tau: samples.var(axis=0) + 1 / tau, average=np.log, noise=lambda tau: np.log(tau) / 2
):
    """Return the function with one of its parts replaced."""

    def gal_predictive(samples, y, tau):
        if samples.ndim != 2 or y.shape != samples.shape[1:]:
            raise ValueError("samples and y: wrong shape")
        log_sum = np.logaddexp.reduce(-tau * (y - samples) ** 2 / 2, axis=0)
        log_likelihood = log_sum - average(len(samples)) - np.log(2 * np.pi) / 2 + noise(tau)
        return variance(samples, tau).astype(samples.dtype), log_likelihood.astype(samples.dtype)

    return gal_predictive


forgets_noise = with_parts(variance=lambda samples, _: samples.var(axis=0))
adds_tau = with_parts(variance=lambda samples, tau: samples.var(axis=0) + tau)
second_moment = with_parts(variance=lambda samples, tau: (samples**2).mean(axis=0) + 1 / tau)
log_passes_missing = with_parts(average=lambda _: 0.0)
half_log_tau_missing = with_parts(noise=lambda _: 0.0)


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


exercise = Exercise(
    name="gal_predictive",
    assignment="monte_carlo",
    page=PAGE,
    requirements=(
        Requirement("adds the variance of the passes and that of the noise", 2, adds_variances),
        Requirement("averages the densities of all passes", 2, computes_likelihood),
        Requirement("stays finite when every pass is far from y", 1, stays_finite),
        Requirement("keeps the dtype and leaves its arguments alone", 0.5, keeps_dtype_and_input),
        Requirement("refuses wrong shapes", 0.5, refuses_wrong_shapes),
    ),
    reference=gal_predictive,
    misconceptions=(
        Misconception(
            "forgets 1/tau",
            "The variance is that of the passes alone. Targets scatter around even the right prediction: the noise "
            "adds 1 / tau.",
            PAGE,
            forgets_noise,
        ),
        Misconception(
            "adds tau",
            "tau is a precision, the inverse of the noise variance. What adds to the variance of the passes is 1 / "
            "tau.",
            PAGE,
            adds_tau,
        ),
        Misconception(
            "second moment",
            "The mean of the squares is taken for the variance. Subtract the square of the mean: a far-off "
            "prediction is not an uncertain one.",
            PAGE,
            second_moment,
        ),
        Misconception(
            "log T missing",
            "The densities are summed where they should be averaged, so the likelihood grows with the number of "
            "passes. Subtract log T.",
            PAGE,
            log_passes_missing,
        ),
        Misconception(
            "half log tau missing",
            "The normal density has the factor sqrt(tau / (2 pi)). Without log(tau) / 2 the best tau would always be "
            "0.",
            PAGE,
            half_log_tau_missing,
        ),
    ),
    variants=(point_by_point, with_precision, pass_by_pass),
    fingerprint=Fingerprint(measure),
)
