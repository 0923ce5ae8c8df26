"""Multiplicative Gaussian noise: `gaussian_dropout(x, rate, rng, training=True) -> y`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask, Rng
from autograder.checks.beside.calls import successive
from autograder.checks.dropout_numpy.noise import refuses_bad_rates
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect
from autograder.checks.masks import believable, independent_entries
from autograder.checks.statistics import normal_cdf
from autograder.reference.dropout import gaussian_dropout

exercise = Exercise(
    gaussian_dropout,
    page="dropout/noise#A standard deviation for a variance",
    onward="The next figure sets it beside `dropout_forward`; try rate 0.9: which share of the factors is negative?",
    trap=("has_right_distribution",),
)

QUANTILES = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)
UPPER_QUARTILE = 0.6744897501960817


def noise_of(ask: Ask, draw: np.random.Generator, x: np.ndarray, rate: float) -> np.ndarray:
    """Return the factors on x, standardized as if they were N(1, p / q)."""
    y = array(ask(x, rate, hidden.rng(draw)), x.shape, name="y")
    noise: np.ndarray = (y / x - 1) / np.sqrt(rate / (1 - rate))
    return noise


def noises(ask: Ask, draw: np.random.Generator) -> dict[float, tuple[np.ndarray, np.ndarray]]:
    """Return an x and the standardized factors on it, by rate."""
    inputs = {rate: hidden.away_from_zero(draw, (200, 100)) for rate in (0.1, 0.35, 0.8)}
    return {rate: (x, noise_of(ask, draw, x, rate)) for rate, x in inputs.items()}


def halves(noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which of some numbers lie above their median, and which lie farther from it than half of them.

    Whether numbers depend on one another, or on x, is seen by them, whatever their center and spread are.
    """
    median = np.median(noise)
    distance = np.abs(noise - median)
    return noise > median, distance > np.median(distance)


@exercise.requires("multiplies by noise with mean 1 and variance rate / (1 - rate)", 2.75)
def has_right_distribution(ask: Ask, draw: np.random.Generator) -> None:
    for rate, (_, z) in ask.once(noises).items():
        for quantile in QUANTILES:
            expect(
                believable(z < quantile, normal_cdf(quantile)),
                f"at rate {rate:g} the factors y / x should be normal with mean 1 and variance rate / (1 - rate)",
            )


@exercise.requires("multiplies whatever the value of x", 0.25)
def multiplies(ask: Ask, draw: np.random.Generator) -> None:
    x, z = ask.once(noises)[0.35]
    above, far = halves(z)
    if np.ptp(z) < 1e-9:
        return  # one factor for all entries, which another requirement is about
    for group in (np.abs(x) > 1.75, np.abs(x) <= 1.75, x > 0, x < 0):
        expect(
            believable(far[group], 0.5) and believable(above[group], 0.5),
            "the factor y / x should have the same distribution whatever x is, but its center or its spread changes",
        )
    x = hidden.some_zeros(draw, (9, 9))
    y = array(ask(x, 0.35, hidden.rng(draw)), x.shape, name="y")
    expect(not y[x == 0].any(), "where x is 0, y should be 0, whatever the noise: multiply by it")


@exercise.requires("takes an array of any shape", 1)
def takes_any_shape(ask: Ask, draw: np.random.Generator) -> None:
    for shape in ((5000,), (20, 5, 50), (2, 25, 4, 25)):
        noise = noise_of(ask, draw, hidden.away_from_zero(draw, shape), 0.35)
        expect(np.unique(noise).size > noise.size // 2, f"for x of shape {shape} many factors y / x are equal")


@exercise.requires("draws every entry on its own, anew at every call", 0.5, after="multiplies")
def draws_each_entry(ask: Ask, draw: np.random.Generator) -> None:
    for shape in hidden.CALLED_AGAIN:
        x = hidden.away_from_zero(draw, shape)
        calls = ask.probe(successive, 80, x, 0.35, hidden.rng(draw))
        noise = np.stack([array(y, shape, name="y") for y in calls]) / x - 1
        expect(np.ptp(noise) > 1e-9, "the factors y / x should differ from entry to entry and from call to call")
        above, far = halves(noise)
        independent_entries(above, 0.5, of="factors", does="are large")
        independent_entries(far, 0.5, of="factors", does="are far from their mean")
        sums = noise.reshape(len(noise), -1).sum(axis=1)
        typical = UPPER_QUARTILE * noise.std() * np.sqrt(x.size)
        expect(
            believable(np.abs(sums - sums.mean()) > typical, 0.5),
            "the mean of the factors should vary from call to call as the mean of independent ones does",
        )


@exercise.requires("is the identity when not training", 1.5)
def is_identity_at_test(ask: Ask, draw: np.random.Generator) -> None:
    for rate in (0.0, 0.4, 1.0):
        x = hidden.some_zeros(draw, (9, 2, 2))
        y = array(ask(x, rate, hidden.rng(draw), training=False), x.shape, name="y")
        expect(close(y, x), "with training=False, y should equal x")


@exercise.requires("changes nothing at rate 0 and gives zeros at rate 1", 0.5)
def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (1, 9))
    y = array(ask(x, 0.0, hidden.rng(draw), training=True), x.shape, name="y")
    expect(close(y, x), "at rate 0 the noise has variance 0, so nothing should change")
    y = array(ask(x, 1.0, hidden.rng(draw)), x.shape, name="y")
    expect(not y.any(), "at rate 1 the exercise asks for zeros")


@exercise.requires("takes all randomness from rng", 0.75)
def uses_rng(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (6, 4))
    rng = hidden.rng(draw)
    first, again, other = (array(ask(x, 0.4, seed), x.shape, name="y") for seed in (rng, rng, hidden.rng(draw)))
    expect(close(first, again), "equal states of rng should give equal results: draw from rng alone")
    expect(not close(first, other), "different states of rng should give different noise: rng is not used")


exercise.requires("refuses a rate outside [0, 1]", 0.5)(refuses_bad_rates)


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(random=True)
)


@exercise.measures(tolerance=0.03)
def measure(ask: Ask) -> list[float]:
    x = np.where(np.random.default_rng(5).random((200, 100)) < 0.5, 1.0, 4.0)
    numbers: list[float] = []
    for rate in (0.1, 0.8):
        train, again, test = (np.asarray(ask(x, rate, Rng(11), training=mode)) for mode in (True, True, False))
        factor = (train / x - 1) / np.sqrt(rate / (1 - rate))
        numbers += [factor.mean(), factor[x == 1].std(), factor[x == 4].std(), (test / x).std()]
        numbers.append(float(np.array_equal(train, again)))
    return numbers


@exercise.mistake("p/q used as the standard deviation")
def variance_as_deviation(x, rate, rng, training=True):
    """The variance of an inverted mask entry is p / q; a generator's scale argument is a standard deviation, the square
    root of that."""
    return x * rng.normal(1, rate / (1 - rate), x.shape) if training else x.copy()


@exercise.mistake("rate used as the standard deviation")
def rate_as_deviation(x, rate, rng, training=True):
    """The noise has the standard deviation rate. The mask of dropout, divided by q, has variance p / q, so the noise in
    its place has the standard deviation sqrt(p / q)."""
    return x * rng.normal(1, rate, x.shape) if training else x.copy()


@exercise.mistake("variance of the unscaled mask")
def unscaled_variance(x, rate, rng, training=True):
    """The noise has the variance p q of a mask of zeros and ones. The inverted mask is divided by q, its variance by
    q^2: p / q."""
    return x * rng.normal(1, np.sqrt(rate * (1 - rate)), x.shape) if training else x.copy()


@exercise.mistake("rate read as keep")
def rate_read_as_keep(x, rate, rng, training=True):
    """The noise has variance q / p, as if rate were the share that is kept. In this course rate is the share that is
    dropped, and the variance is p / q."""
    return x * rng.normal(1, np.sqrt((1 - rate) / rate), x.shape) if training else x.copy()


@exercise.mistake("draws from np.random")
def draws_from_global_generator(x, rate, rng, training=True):
    """The noise comes from np.random, and not from the generator that is passed in, so nobody can repeat the run with
    rng. Call rng.normal."""
    return x * np.random.normal(1, np.sqrt(rate / (1 - rate)), x.shape) if training else x.copy()  # noqa: NPY002 - the mistake


@exercise.mistake("additive noise")
def additive_noise(x, rate, rng, training=True):
    """The noise is added to x, so small activations are disturbed as much as large ones. Dropout disturbs each in
    proportion to its size."""
    return x + rng.normal(0, np.sqrt(rate / (1 - rate)), x.shape) if training else x.copy()


@exercise.mistake("active at test")
def active_at_test(x, rate, rng, training=True):
    """The noise is still there when training is false, so predictions are random."""
    return x * rng.normal(1, np.sqrt(rate / (1 - rate)), x.shape)


@exercise.right
def with_normal(x, rate, rng, training=True):
    if not 0 <= rate <= 1:
        raise ValueError("rate must be in [0, 1]")
    if not training:
        return x
    if rate == 1:
        return x * 0
    return (x * rng.normal(1.0, (rate / (1.0 - rate)) ** 0.5, size=x.shape)).astype(x.dtype)


@exercise.right
def with_box_muller(x, rate, rng, training=True):
    if rate < 0 or rate > 1:
        raise ValueError("rate?")
    if training and rate == 1:
        return np.zeros(x.shape, x.dtype)
    if not training or rate == 0:
        return x.copy()
    radius, angle = np.sqrt(-2 * np.log(1 - rng.random(x.shape))), 2 * np.pi * rng.random(x.shape)
    return (x + x * np.sqrt(rate / (1 - rate)) * radius * np.cos(angle)).astype(x.dtype)


@exercise.right
def entry_by_entry(x, rate, rng, training=True):
    if rate > 1 or rate < 0:
        raise ValueError("the rate is no probability")
    y = np.array(x)
    if training:
        for index in np.ndindex(x.shape):
            y[index] = 0 if rate == 1 else x[index] * (1 + rng.standard_normal() * np.sqrt(rate / (1 - rate)))
    return y
