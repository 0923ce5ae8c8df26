"""Noise or bias: `verdict(samples, deterministic, threshold=4.0) -> "sampling error" or "bias"`."""

from itertools import product

import numpy as np

from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import expect
from autograder.checks.monte_carlo.passes import passes, refuses_misfits
from autograder.reference.montecarlo import mc_summary, verdict

exercise = Exercise(
    verdict,
    page="montecarlo/noise-or-bias#Two reasons to differ",
    onward="The last figure of the notebook ends with it; try samples around the prediction itself, and count how often it says bias.",
    trap=("judges_by_standard_errors",),
)


def gap_of(draw: np.random.Generator, T: int, z: np.ndarray, unit: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw passes whose mean lies z standard errors from the deterministic output, one z per output."""
    samples, _ = passes(draw, T, len(z))
    samples = samples * unit
    mean, _, se, _ = mc_summary(samples, np.zeros(len(z)))
    return samples, mean - z * se


def says(ask: Ask, expected: str, message: str, *arguments: np.ndarray, **settings: float) -> None:
    answer = ask(*arguments, **settings)
    expect(answer in ("bias", "sampling error"), 'return the string "bias" or the string "sampling error"')
    expect(answer == expected, message)


@exercise.requires("calls a gap above 4 standard errors bias, at every T and in every unit", 2)
def judges_by_standard_errors(ask: Ask, draw: np.random.Generator) -> None:
    """Of few passes, gaps lie so close to the threshold that it matters by what the sum of squares is divided."""
    for T, outputs, closest in ((5, 5, 0.1), (60, 2, 0.3), (3_000, 2, 0.3)):
        signs = np.resize([1.0, -1.0], outputs)
        for unit in (1e-4, 1, 1e4):
            near, far = 4 - draw.uniform(closest, 3 * closest), 4 + draw.uniform(closest, 3 * closest)
            message = f"with {T} passes, a gap below the threshold of 4 standard errors is what chance gives"
            says(ask, "sampling error", message, *gap_of(draw, T, near * signs, unit))
            message = f"with {T} passes, a gap above the threshold of 4 standard errors is more than chance gives"
            says(ask, "bias", message, *gap_of(draw, T, far * signs, unit))


def alike(draw: np.random.Generator, T: int, k: int) -> np.ndarray:
    """Draw passes of outputs that all have mean 0 and sd 1."""
    samples = draw.normal(0, 1, (T, k))
    centered = samples - samples.mean(axis=0)
    return np.asarray(centered / centered.std(axis=0, ddof=1))


def border(ask: Ask, samples: np.ndarray) -> float:
    """Return the gap, in sd, from which on an answer calls two outputs with this gap up and down biased."""
    low, high = 1e-4, 1e4
    pair = samples[:, :1] * np.ones(2)
    for _ in range(16):
        gap = (low * high) ** 0.5
        found = ask(pair, np.array([gap, -gap]))
        low, high = (low, gap) if found == "bias" else (gap, high)
    expect(1e-3 < low < 1e3, "a gap of hardly any sd and a gap of a thousand should not get the same verdict")
    return high


@exercise.requires("looks at every output, and at both signs", 1)
def looks_at_every_output(ask: Ask, draw: np.random.Generator) -> None:
    """Ask about gaps around the answer's own border, of outputs whose spreads are far apart."""
    samples = alike(draw, 40, 5)
    own = border(ask, samples)
    for position in range(5):
        for far in (1.4, -1.4):
            gaps, spreads = draw.uniform(0.1, 0.2, 5), np.roll([0.01, 0.1, 1.0, 10.0, 100.0], position)
            gaps[position] = far
            message = "one output with a gap above the threshold is enough for bias, however small its spread is"
            says(ask, "bias", message, samples * spreads, -own * gaps * spreads)
    for far in (1.4, -1.4):
        message = "of a single output, too, a gap above the threshold should be bias, up and down"
        says(ask, "bias", message, samples[:, :1], np.array([-own * far]))
    gaps = 0.8 * np.array([1, -1, 1, 1, -1])
    says(ask, "sampling error", "no output has a gap above the threshold here", samples, -own * gaps)


@exercise.requires("follows the threshold", 1.5)
def follows_threshold(ask: Ask, draw: np.random.Generator) -> None:
    """Ask about gaps around the answer's own border, which has to move in proportion to the threshold."""
    outcomes = ((0.9, "sampling error"), (1.1, "bias"))
    for T in (3, 30):
        samples = alike(draw, T, 2)
        own = border(ask, samples)
        for threshold, (factor, expected) in product((1.5, 2.5, 6.0), outcomes):
            gap = own * threshold / 4 * factor
            message = "twice the threshold should allow twice the gap, and by default the threshold is 4"
            says(ask, expected, message, samples, np.array([gap, -gap]), threshold=threshold)


@exercise.requires("refuses wrong shapes", 0.25)
def refuses_wrong_shapes(ask: Ask, draw: np.random.Generator) -> None:
    samples, deterministic = passes(draw, 6, 3)
    ask(samples, deterministic)
    refuses_misfits(ask, samples, deterministic)


exercise.requires("takes float32 and float64 in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(None, right=verdict)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    """Ask about gaps of some sd at some T, of both signs: a tiny gap of many sd, and a huge one of few, among them."""
    numbers = []
    for gap, T, unit in ((0.6, 900, 1.0), (5.0, 4, 1.0), (5.0, 10_000, 1.0), (1000.0, 25, 1e-9), (0.1, 25, 1e6)):
        samples = np.tile([-1.0, 1.0], T // 2 + 1)[:T, None] * unit
        mean, sd, _, _ = mc_summary(samples, np.zeros(1))
        signs = [ask(samples, mean + sign * gap * sd) == "bias" for sign in (1, -1)]
        numbers += [float(all(signs)), float(any(signs))]
    samples = np.tile([-1.0, 1.0], 50)[:, None] * np.ones(3)
    mean, _, se, _ = mc_summary(samples, np.zeros(3))
    return numbers + [
        float(ask(samples, mean + se * np.array(z)) == "bias") for z in ((6, -1, 1), (9, -9, 1), (5, 5, 1))
    ]


@exercise.mistake("one direction only", edit=("np.abs(z)", "z"))
def one_direction():
    """Only a gap in one direction counts. A mean far below the deterministic output is bias as much as one far above:
    take the absolute z."""


@exercise.mistake("one direction only", edit=("np.abs(z)", "(-z)"))
def other_direction():
    pass


@exercise.mistake("every output must stand out", edit=("np.abs(z).max()", "np.abs(z).min()"))
def every_output():
    """All outputs have to lie above the threshold before bias is called. One output is enough."""


@exercise.mistake("averages over the outputs", edit=("np.abs(z).max()", "np.abs(z).mean()"))
def averages_over_outputs():
    """The mean of the absolute z is compared, so that one biased output is lost among the others. One output above the
    threshold is enough."""


@exercise.mistake("compares with sd", edit=("np.abs(z)", "(np.abs(z) / np.sqrt(len(samples)))"))
def compares_with_sd():
    """The gap is measured in sd, the spread of single passes, which does not shrink with T: a real bias never stands
    out. Measure it in se = sd / sqrt(T)."""


@exercise.mistake(
    "fixed tolerance",
    edit=(
        "_, _, _, z = mc_summary(samples, deterministic)",
        "mean, *_ = mc_summary(samples, deterministic)\n    z = (mean - deterministic) / 0.0025",
    ),
)
def fixed_tolerance():
    """The gap is compared with a number chosen beforehand. What chance gives depends on the spread and on T: compare
    with the standard error."""


@exercise.mistake("more samples hide it", edit=("np.abs(z)", "(np.abs(z) / len(samples))"))
def more_samples_hide():
    """The more passes, the larger a gap is excused. The error of a mean shrinks with sqrt(T), so more passes make a
    bias plainer."""


@exercise.right
def with_loop(samples, deterministic, threshold=4.0):
    if len(samples.shape) != 2 or samples.shape[1:] != deterministic.shape:
        raise ValueError("shape")
    for column, value in zip(samples.T.astype(float), deterministic, strict=True):
        se = np.std(column, ddof=1) / len(column) ** 0.5
        if abs(np.mean(column) - value) > threshold * se:
            return "bias"
    return "sampling error"


@exercise.right
def with_squares(samples, deterministic, threshold=4.0):
    if samples.ndim != 2:
        raise ValueError("samples must be (T, k)")
    T, k = samples.shape
    if deterministic.shape != (k,):
        raise ValueError("deterministic must be (k,)")
    gaps = samples.astype(np.float64) - deterministic
    squared = T * gaps.mean(axis=0) ** 2 / gaps.var(axis=0, ddof=1)
    return ["sampling error", "bias"][int(squared.max() > threshold**2)]


@exercise.right
def with_interval(samples, deterministic, threshold=4.0):
    if samples.ndim != 2 or samples.shape[1] != deterministic.size or deterministic.ndim != 1:
        raise ValueError("samples or deterministic has a wrong shape")
    mean = samples.mean(0, dtype=np.float64)
    half = threshold * samples.std(0, ddof=1, dtype=np.float64) / np.sqrt(samples.shape[0])
    inside = (mean - half <= deterministic) & (deterministic <= mean + half)
    return "sampling error" if all(inside) else "bias"
