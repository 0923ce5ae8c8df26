"""How often the interval is right: `interval_coverage(samples, y, tau, z=1.96)`."""

import numpy as np

from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, number, refuses
from autograder.checks.monte_carlo.passes import passes
from autograder.reference.montecarlo import interval_coverage

exercise = Exercise(
    interval_coverage,
    page="montecarlo/uncertainty#Coverage",
    onward="The experiment after this draws it for every width; try intervals twice as wide: what does the coverage gain, and what does it not tell you?",
    trap=("adds_noise", "has_two_sides"),
)


def targets(draw: np.random.Generator, samples: np.ndarray, tau: float, units: np.ndarray) -> np.ndarray:
    """Return targets at the given distances from the mean, in predictive standard deviations."""
    sd = np.sqrt(samples.astype(np.float64).var(axis=0) + 1 / tau)
    return np.asarray(samples.mean(axis=0) + draw.permutation(units) * sd)


def covers(ask: Ask, samples: np.ndarray, y: np.ndarray, tau: float, message: str, **settings: float) -> None:
    coverage = number(ask(samples, y, tau, **settings))
    expect(0 <= coverage <= 1, "the result should be a share, between 0 and 1")
    expect(close(coverage, interval_coverage(samples, y, tau, **settings)), message)


@exercise.requires("counts the targets inside the interval", 1)
def counts_inside(ask: Ask, draw: np.random.Generator) -> None:
    message = "this is not the share of targets inside mean +- 1.96 sqrt(variance)"
    for T, n in ((1, 9), (6, 40), (12, 12), (300, 15)):
        samples, _ = passes(draw, T, n)
        y = targets(draw, samples, 2.0, np.linspace(-3.5, 3.5, n) + draw.uniform(-0.05, 0.05))
        covers(ask, samples, y, 2.0, message)
    samples, _ = passes(draw, 2, 40)  # where a variance with T - 1 is twice the one with T
    y = targets(draw, samples, 30.0, 1.96 * np.repeat([-1.02, -0.98, 0.98, 1.02], 10))
    covers(ask, samples, y, 30.0, message)


@exercise.requires("makes room for the noise", 1)
def adds_noise(ask: Ask, draw: np.random.Generator) -> None:
    """Ask with a single pass, where there is nothing but noise, and on one side at a time."""
    message = "with a single pass the interval should be as wide as the noise of variance 1 / tau makes it"
    for tau in (0.05, 0.4, 30.0):
        samples, _ = passes(draw, 1, 12)
        shares = [
            number(ask(samples, targets(draw, samples, tau, sign * 1.96 * np.repeat([0.9, 1.1], 6)), tau))
            for sign in (1, -1)
        ]
        expect(any(close(share, 0.5) for share in shares), message)


@exercise.requires("has two sides", 1)
def has_two_sides(ask: Ask, draw: np.random.Generator) -> None:
    """Ask about targets in the middle and very far from it, where it makes no difference how wide the interval is."""
    for sign in (1, -1):
        samples, _ = passes(draw, 9, 10)
        y = targets(draw, samples, 1.0, sign * np.repeat([0.0, 300.0], 5))
        covers(ask, samples, y, 1.0, "a target can miss the interval on either side")


@exercise.requires("follows z", 1.5)
def follows_width(ask: Ask, draw: np.random.Generator) -> None:
    """Count targets that lie evenly: what a larger z adds is in proportion, whatever the width is otherwise."""
    units = np.linspace(-5, 5, 1_500) + draw.uniform(0, 0.001)
    samples = np.repeat(passes(draw, 3, 1)[0], 1_500, axis=1)
    y = targets(draw, samples, 3.0, units)
    few, more, most = (number(ask(samples, y, 3.0, z=z)) for z in (0.3, 0.7, 1.5))
    message = "the half width should be z times a standard deviation: a larger z widens the interval in proportion"
    expect(few < more and abs((most - more) / (more - few) - 2) < 0.15, message)


@exercise.requires("refuses wrong shapes", 0.25)
def refuses_wrong_shapes(ask: Ask, draw: np.random.Generator) -> None:
    samples, y = passes(draw, 6, 3)
    number(ask(samples, y, 1.0))
    for wrong in (y[:2], y[:1], y[None], y[:, None]):
        refuses(ask, samples, wrong, 1.0, because=f"a y of shape {wrong.shape} for 3 points", mentions="y samples")
    refuses(ask, samples[:, :, None], y, 1.0, because="samples with three dimensions", mentions="samples y")
    refuses(ask, samples[:, :, None], y[:, None], 1.0, because="one dimension more in samples and in y", mentions="")


exercise.requires("takes float32 and float64 in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(None, right=interval_coverage)
)


@exercise.measures(tolerance=0.01)
def measure(ask: Ask) -> list[float]:
    """Measure with a fine grid of targets how far the interval reaches to the nearer side and the other, and whether
    noise widens it.
    """
    grid = np.linspace(-5, 5, 2_001) + 1e-4

    def shares(T: int, tau: float, **z: float) -> list[float]:
        samples = np.tile([[-1.0], [1.0]], (T // 2, grid.size))
        return sorted(round(float(ask(samples[:, side], grid[side], tau, **z)), 3) for side in (grid > 0, grid < 0))

    few, many, noisy, precise, narrow = (
        shares(16, 1e9), shares(64, 1e9), shares(16, 1.0), shares(16, 4.0), shares(16, 1e9, z=1.0)
    )  # fmt: skip
    return [*few, *many, float(noisy[0] > few[0] + 0.02), float(precise[0] > noisy[0]), float(narrow[0] < few[0])]


def require(samples, y):
    if samples.ndim != 2 or y.shape != samples.shape[1:]:
        raise ValueError("samples and y: wrong shape")


@exercise.mistake("epistemic only")
def epistemic_only(samples, y, tau, z=1.96):
    """The interval is as wide as the passes scatter, which says how sure the model is of its mean. Targets scatter by
    the noise as well: add 1 / tau."""
    require(samples, y)
    return float((np.abs(y - samples.mean(axis=0)) <= z * samples.std(axis=0)).mean())


@exercise.mistake("adds tau")
def adds_tau(samples, y, tau, z=1.96):
    """tau is a precision, the inverse of the noise variance. What adds to the variance of the passes is 1 / tau."""
    require(samples, y)
    return float((np.abs(y - samples.mean(axis=0)) <= z * np.sqrt(samples.var(axis=0) + tau)).mean())


@exercise.mistake("z ignored")
def ignores_z(samples, y, tau, z=1.96):
    """The interval always has the half width 1.96 standard deviations. It should have z of them."""
    require(samples, y)
    return float((np.abs(y - samples.mean(axis=0)) <= 1.96 * np.sqrt(samples.var(axis=0) + 1 / tau)).mean())


@exercise.mistake("one-sided")
def one_sided(samples, y, tau, z=1.96):
    """Targets far below the interval are counted as inside. Compare the absolute distance from the mean."""
    require(samples, y)
    return float((y <= samples.mean(axis=0) + z * np.sqrt(samples.var(axis=0) + 1 / tau)).mean())


@exercise.mistake("sd of the mean")
def sd_of_the_mean(samples, y, tau, z=1.96):
    """The variance is divided by T. That is the error of the mean over passes; a single target is no more certain for
    being predicted more often."""
    require(samples, y)
    sd = np.sqrt((samples.var(axis=0) + 1 / tau) / len(samples))
    return float((np.abs(y - samples.mean(axis=0)) <= z * sd).mean())


@exercise.right
def with_borders(samples, y, tau, z=1.96):
    if samples.ndim != 2:
        raise ValueError("samples must have shape (T, n)")
    if y.shape != (samples.shape[1],):
        raise ValueError("y must have shape (n,)")
    mean = np.mean(samples, axis=0, dtype=np.float64)
    half = z * np.sqrt(np.var(samples, axis=0, dtype=np.float64) + 1.0 / tau)
    return np.mean((y > mean - half) & (y < mean + half))


@exercise.right
def with_squares(samples, y, tau, z=1.96):
    if len(samples.shape) != 2 or samples.shape[1:] != y.shape:
        raise ValueError("shape")
    second = (samples.astype(float) ** 2).mean(axis=0)
    variance = second - samples.astype(float).mean(axis=0) ** 2 + 1 / tau
    outside = (y - samples.mean(axis=0)) ** 2 > z**2 * variance
    return 1 - np.count_nonzero(outside) / len(y)


@exercise.right
def with_loop(samples, y, tau, z=1.96):
    if samples.ndim != 2 or y.ndim != 1 or samples.shape[1] != y.shape[0]:
        raise ValueError("y or samples has the wrong shape")
    inside = 0
    for column, target in zip(samples.T.tolist(), y.tolist(), strict=True):
        mean = sum(column) / len(column)
        variance = sum((value - mean) ** 2 for value in column) / len(column) + 1 / tau
        inside += abs(target - mean) / variance**0.5 <= z
    return inside / len(y)
