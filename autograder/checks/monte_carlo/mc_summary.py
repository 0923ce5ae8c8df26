"""Two error bars told apart: `mc_summary(samples, deterministic) -> (mean, sd, se, z)`."""

import numpy as np

from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise, Fingerprint, Misconception, Requirement
from autograder.checks.expect import array, close, expect, parts, untouched
from autograder.checks.monte_carlo.passes import passes, refuses_misfits
from autograder.reference.montecarlo import mc_summary

PAGE = "montecarlo/noise-or-bias"
NAMES = ("mean", "sd", "se", "z")


def summary(ask: Ask, samples: np.ndarray, deterministic: np.ndarray) -> dict[str, np.ndarray]:
    values = parts(ask(samples, deterministic), NAMES)
    return {name: array(value, deterministic.shape, name=name) for name, value in zip(NAMES, values, strict=True)}


def compare(ask: Ask, draw: np.random.Generator, name: str, message: str) -> None:
    for shape in ((2, 3), (7, 4), (60, 1), (3, 12)):
        samples, deterministic = passes(draw, *shape)
        right = dict(zip(NAMES, mc_summary(samples, deterministic), strict=True))
        expect(close(summary(ask, samples, deterministic)[name], right[name]), message)


def averages(ask: Ask, draw: np.random.Generator) -> None:
    compare(ask, draw, "mean", "mean is not the mean over the passes, for each output on its own")


def measures_spread(ask: Ask, draw: np.random.Generator) -> None:
    compare(ask, draw, "sd", "sd is not the standard deviation over the passes, with T - 1")


def measures_error(ask: Ask, draw: np.random.Generator) -> None:
    compare(ask, draw, "se", "se is not the standard error of the mean")


def standardizes(ask: Ask, draw: np.random.Generator) -> None:
    compare(ask, draw, "z", "z is not (mean - deterministic) / se")


def keeps_dtype_and_input(ask: Ask, draw: np.random.Generator) -> None:
    for dtype in ("float32", "float64"):
        samples, deterministic = passes(draw, 9, 4, dtype)
        answer = ask.answer(samples, deterministic)
        for name, value in zip(NAMES, parts(ask.value(answer), NAMES), strict=True):
            array(value, (4,), dtype, name)
        untouched(answer)


def refuses_wrong_shapes(ask: Ask, draw: np.random.Generator) -> None:
    samples, deterministic = passes(draw, 6, 3)
    summary(ask, samples, deterministic)
    refuses_misfits(ask, samples, deterministic)


def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(7)
    # As many passes as outputs, so that the wrong axis gives results of the right shape.
    samples = draw.normal(1, 2, (5, 5)) * np.array([1, 2, 3, 4, 5])
    return [float(number) for value in parts(ask(samples, np.full(5, 0.5)), NAMES) for number in np.ravel(value)]


def with_parts(sd=lambda samples: samples.std(axis=0, ddof=1), se=lambda sd, T: sd / np.sqrt(T), by="se", axis=0):
    """Return the function with one of its parts replaced."""

    def mc_summary(samples, deterministic):
        if samples.ndim != 2 or len(samples) < 2:
            raise ValueError("samples has a wrong shape")
        if deterministic.shape != samples.shape[1:]:
            raise ValueError("deterministic has a wrong shape")
        samples = samples if axis == 0 else samples.T
        spread = sd(samples)
        error = np.asarray(se(spread, len(samples)), dtype=samples.dtype)
        mean = samples.mean(axis=0)
        return mean, spread, error, (mean - deterministic) / (error if by == "se" else spread)

    return mc_summary


se_is_sd = with_parts(se=lambda sd, _: sd)
divided_by_passes = with_parts(se=lambda sd, T: sd / T)
variance_for_sd = with_parts(sd=lambda samples: samples.var(axis=0, ddof=1))
z_with_sd = with_parts(by="sd")
ddof_zero = with_parts(sd=lambda samples: samples.std(axis=0))
wrong_axis = with_parts(axis=1)


def with_sums(samples, deterministic):
    if samples.ndim != 2:
        raise ValueError(f"samples should have shape (T, k), not {samples.shape}")
    T, k = samples.shape
    if T < 2 or deterministic.shape != (k,):
        raise ValueError("the shapes of samples and deterministic do not fit")
    x = samples.astype(np.float64)
    mean = x.sum(axis=0) / T
    sd = np.sqrt(((x - mean) ** 2).sum(axis=0) / (T - 1))
    se = sd * T**-0.5
    z = (mean - deterministic) / se
    return tuple(value.astype(samples.dtype) for value in (mean, sd, se, z))


def output_by_output(samples, deterministic):
    import statistics

    if np.ndim(samples) != 2 or np.shape(deterministic) != (np.shape(samples)[1],):
        raise ValueError("wrong shape")
    rows = []
    for column, target in zip(samples.T, deterministic, strict=True):
        values = [float(value) for value in column]
        mean, sd = statistics.fmean(values), statistics.stdev(values)
        se = sd / len(values) ** 0.5
        rows.append([mean, sd, se, (mean - float(target)) / se])
    mean, sd, se, z = np.array(rows, dtype=samples.dtype).T
    return mean, sd, se, z


def with_cov(samples, deterministic):
    if len(samples.shape) != 2 or samples.shape[0] < 2 or samples.shape[1:] != deterministic.shape:
        raise ValueError("samples and deterministic: shape")
    T = len(samples)
    mean = np.average(samples, axis=0)
    sd = np.sqrt(np.atleast_1d(np.diag(np.atleast_2d(np.cov(samples, rowvar=False)))))
    se = np.sqrt(sd**2 / T)
    return tuple(np.asarray(value, samples.dtype) for value in (mean, sd, se, (mean - deterministic) / se))


exercise = Exercise(
    name="mc_summary",
    assignment="monte_carlo",
    page=PAGE,
    requirements=(
        Requirement("averages over the passes", 1, averages),
        Requirement("measures the spread of the passes with T - 1", 1, measures_spread),
        Requirement("divides the spread by the root of T for the error of the mean", 2, measures_error),
        Requirement("measures the gap in standard errors", 1, standardizes),
        Requirement("keeps the dtype and leaves its arguments alone", 0.5, keeps_dtype_and_input),
        Requirement("refuses wrong shapes", 0.5, refuses_wrong_shapes),
    ),
    reference=mc_summary,
    misconceptions=(
        Misconception(
            "se is sd",
            "The spread of the passes is given as the error of their mean. The spread stays as it is when T grows; "
            "the error of the mean shrinks as sd / sqrt(T).",
            PAGE,
            se_is_sd,
        ),
        Misconception(
            "divided by T",
            "sd is divided by T. Variances of independent passes add up, so it is the variance of the mean that "
            "shrinks as 1 / T, and its root as 1 / sqrt(T).",
            PAGE,
            divided_by_passes,
        ),
        Misconception(
            "variance for sd",
            "The variance is returned as sd. The standard deviation is its root, and has the unit of the output.",
            PAGE,
            variance_for_sd,
        ),
        Misconception(
            "z with sd",
            "The gap is divided by the spread of single passes. Whether a mean differs from a number is judged by "
            "the error of the mean, se.",
            PAGE,
            z_with_sd,
        ),
        Misconception(
            "ddof 0",
            "The sum of squares is divided by T. Deviations from the sample's own mean are too small on average; T - "
            "1 makes up for it (ddof=1).",
            PAGE,
            ddof_zero,
        ),
        Misconception(
            "wrong axis",
            "The statistics are taken over the outputs of each pass. Passes are the rows: axis 0.",
            PAGE,
            wrong_axis,
        ),
    ),
    variants=(with_sums, output_by_output, with_cov),
    fingerprint=Fingerprint(measure),
)
