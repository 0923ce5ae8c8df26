"""Two error bars told apart: `mc_summary(samples, deterministic) -> (mean, sd, se, z)`."""

from collections.abc import Iterator

import numpy as np

from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, parts
from autograder.checks.monte_carlo.passes import Named, named, passes, refuses_misfits
from autograder.reference.montecarlo import mc_summary

exercise = Exercise(
    mc_summary,
    page="montecarlo/noise-or-bias#Two reasons to differ",
    onward="The last figure of the notebook draws with these four numbers; try four times the passes, and see which of the numbers halves.",
    trap=("measures_error", "standardizes"),
)

NAMES = ("mean", "sd", "se", "z")


def summary(ask: Ask, samples: np.ndarray, deterministic: np.ndarray) -> Named:
    return named(ask(samples, deterministic), NAMES, deterministic.shape)


def asked(ask: Ask, draw: np.random.Generator, square: bool = False) -> Iterator[tuple[np.ndarray, np.ndarray, Named]]:
    """Yield passes and deterministic outputs with the summary of them.

    Where parts are compared with one another, of square ones alone if others raise or have parts of several shapes.
    """
    for shape in ((4, 4), (2, 3), (300, 1), (3, 12)):
        samples, deterministic = passes(draw, *shape)
        if square and shape != (4, 4) and ask.answer(samples, deterministic).raised:
            return
        found = summary(ask, samples, deterministic)
        if square and shape != (4, 4) and not found.fits:
            return
        yield samples, deterministic, found


@exercise.requires("averages over the passes", 1.5)
def averages(ask: Ask, draw: np.random.Generator) -> None:
    for samples, _, found in asked(ask, draw):
        expect(close(found["mean"], samples.mean(axis=0)), "mean should be the mean over the passes, output by output")


@exercise.requires("measures the spread of the passes with T - 1", 1)
def measures_spread(ask: Ask, draw: np.random.Generator) -> None:
    for samples, _, found in asked(ask, draw):
        message = "sd should be the standard deviation over the passes, with T - 1"
        expect(close(found["sd"], samples.std(axis=0, ddof=1)), message)


@exercise.requires("divides the spread by the root of T for the error of the mean", 2)
def measures_error(ask: Ask, draw: np.random.Generator) -> None:
    for samples, _, found in asked(ask, draw, square=True):
        message = "se should be sd divided by the root of the number of passes"
        expect(close(found["se"], found["sd"] / np.sqrt(len(samples))), message)


@exercise.requires("measures the gap in standard errors", 1, after="measures_error")
def standardizes(ask: Ask, draw: np.random.Generator) -> None:
    for _, deterministic, found in asked(ask, draw, square=True):
        expect((found["se"] > 0).all(), "se should be positive")
        message = "z should be (mean - deterministic) / se"
        expect(close(found["z"], (found["mean"] - deterministic) / found["se"]), message)


@exercise.requires("refuses wrong shapes", 0.25)
def refuses_wrong_shapes(ask: Ask, draw: np.random.Generator) -> None:
    samples, deterministic = passes(draw, 6, 3)
    summary(ask, samples, deterministic)
    refuses_misfits(ask, samples, deterministic)


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(right=mc_summary)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(7)
    # As many passes as outputs, so that the wrong axis gives results of the right shape.
    samples = draw.normal(1, 2, (5, 5)) * np.array([1, 2, 3, 4, 5])
    mean, sd, se, z = (np.ravel(value) for value in parts(ask(samples, np.full(5, 0.5)), NAMES))
    return [float(number) for value in (mean, sd, se / sd, z * se / (mean - 0.5)) for number in value]


@exercise.mistake("se is sd", edit=("sd / math.sqrt(passes)", "sd"))
def se_is_sd():
    """The spread of the passes is given as the error of their mean. The spread stays as it is when T grows; the error
    of the mean shrinks as sd / sqrt(T)."""


@exercise.mistake("divided by T", edit=("math.sqrt(passes)", "passes"))
def divided_by_passes():
    """sd is divided by T. Variances of independent passes add up, so it is the variance of the mean that shrinks as
    1 / T, and its root as 1 / sqrt(T)."""


@exercise.mistake("variance for sd", edit=("samples.std(", "samples.var("))
def variance_for_sd():
    """The variance is returned as sd. The standard deviation is its root, and has the unit of the output."""


@exercise.mistake("z turned around", edit=("(mean - deterministic) / se", "(deterministic - mean) / se"))
def turned_around():
    """z is positive when the deterministic output is the larger one. It says how far the mean of the passes lies above
    it: (mean - deterministic) / se."""


@exercise.mistake("z with sd", edit=("(mean - deterministic) / se", "(mean - deterministic) / sd"))
def z_with_sd():
    """The gap is divided by the spread of single passes. Whether a mean differs from a number is judged by the error of
    the mean, se."""


@exercise.mistake("ddof 0", edit=(", ddof=1", ""))
def ddof_zero():
    """The sum of squares is divided by T. Deviations from the sample's own mean are too small on average; T - 1 makes
    up for it (ddof=1)."""


@exercise.mistake(
    "wrong axis",
    edit=("samples.mean(axis=0), samples.std(axis=0, ddof=1)", "samples.mean(axis=1), samples.std(axis=1, ddof=1)"),
)
def wrong_axis():
    """The statistics are taken over the outputs of each pass. Passes are the rows: axis 0."""


@exercise.right
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


@exercise.right
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


@exercise.right
def with_cov(samples, deterministic):
    if len(samples.shape) != 2 or samples.shape[0] < 2 or samples.shape[1:] != deterministic.shape:
        raise ValueError("samples and deterministic: shape")
    T = len(samples)
    mean = np.average(samples, axis=0)
    sd = np.sqrt(np.atleast_1d(np.diag(np.atleast_2d(np.cov(samples, rowvar=False)))))
    se = np.sqrt(sd**2 / T)
    return tuple(np.asarray(value, samples.dtype) for value in (mean, sd, se, (mean - deterministic) / se))
