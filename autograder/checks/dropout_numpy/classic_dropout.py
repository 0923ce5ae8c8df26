"""Dropout as published in 2014: `classic_dropout(x, rate, rng, training=True) -> y`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask, Rng
from autograder.checks.beside.calls import successive
from autograder.checks.dropout_numpy.noise import refuses_bad_rates
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect
from autograder.checks.masks import independent_entries, independent_of, keeps_fraction
from autograder.reference.dropout import classic_dropout

exercise = Exercise(
    classic_dropout,
    page="dropout/masks-and-scaling#Two ways to keep the average: scale in training or at test time",
    onward="The networks of 2014 were trained with it; try moving weights from such a network to one with `dropout_forward`, and see what they must be multiplied by.",
    trap=("is_unscaled_in_training", "scales_at_test"),
)


def trained(ask: Ask, draw: np.random.Generator) -> list[tuple[np.ndarray, float, np.ndarray]]:
    """Return inputs, rates and results in training."""
    shapes = ((12_000,), (1, 12_000), (1, 1, 12_000))  # sharing a mask over rows costs points elsewhere
    inputs = [(hidden.away_from_zero(draw, shape), rate) for shape, rate in zip(shapes, hidden.RATES, strict=True)]
    return [(x, rate, array(ask(x, rate, hidden.rng(draw)), x.shape, name="y")) for x, rate in inputs]


@exercise.requires("keeps a fraction 1 - rate in training", 1.5)
def keeps(ask: Ask, draw: np.random.Generator) -> None:
    for _, rate, y in ask.once(trained):
        keeps_fraction(y != 0, rate)


@exercise.requires("draws every entry on its own, anew at every call", 1)
def draws_each_entry(ask: Ask, draw: np.random.Generator) -> None:
    rate = 0.4
    for shape in hidden.CALLED_AGAIN:
        x = hidden.away_from_zero(draw, shape)
        calls = ask.probe(successive, 80, x, rate, hidden.rng(draw))
        masks = np.stack([array(y, shape, name="y") != 0 for y in calls])
        independent_entries(masks, rate)
        independent_of(masks, x, rate)


@exercise.requires("leaves kept entries unscaled in training", 1.5)
def is_unscaled_in_training(ask: Ask, draw: np.random.Generator) -> None:
    for x, _, y in ask.once(trained):
        expect(close(y[y != 0], x[y != 0]), "in training, kept entries should be left as they are")


@exercise.requires("multiplies by 1 - rate at test time", 2)
def scales_at_test(ask: Ask, draw: np.random.Generator) -> None:
    for rate, shape in zip(hidden.RATES * 2, ((8, 3), (9,), (4, 4), (2, 3, 4), (2, 3, 4, 2), (1, 5)), strict=True):
        x = hidden.some_zeros(draw, shape)
        y = array(ask(x, rate, hidden.rng(draw), training=False), x.shape, name="y")
        expect(close(y, x * (1 - rate)), "with training=False, y should be x times 1 - rate")


@exercise.requires("changes nothing at rate 0 and gives zeros at rate 1", 0.5)
def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.some_zeros(draw, (5, 9))
    for training in (True, False):
        y = array(ask(x, 0.0, hidden.rng(draw), training=training), x.shape, name="y")
        expect(close(y, x), "at rate 0 nothing should change")
        y = array(ask(x, 1.0, hidden.rng(draw), training=training), x.shape, name="y")
        expect(not y.any(), "at rate 1 everything should be 0, in training and at test time")


@exercise.requires("takes all randomness from rng", 0.75)
def uses_rng(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (20, 11))
    rng = hidden.rng(draw)
    first, again, other = (array(ask(x, 0.4, seed), x.shape, name="y") for seed in (rng, rng, hidden.rng(draw)))
    expect(close(first, again), "equal states of rng should give equal results: draw from rng alone")
    expect(not close(first, other), "different states of rng should give different masks: rng is not used")


exercise.requires("refuses a rate outside [0, 1]", 0.5)(refuses_bad_rates)


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(random=True)
)


@exercise.measures(tolerance=0.03)
def measure(ask: Ask) -> list[float]:
    x = np.random.default_rng(5).uniform(0.5, 2, (150, 60))
    numbers: list[float] = []
    for rate in (0.2, 0.7):
        train, again, test = (np.asarray(ask(x, rate, Rng(11), training=mode)) for mode in (True, True, False))
        kept = train != 0
        numbers += [kept.mean(), np.median(train[kept] / x[kept]), np.median(test[test != 0] / x[test != 0])]
        numbers += [(test != 0).mean(), (kept == (again != 0)).mean()]
    return numbers


@exercise.mistake("inverted dropout")
def inverted(x, rate, rng, training=True):
    """Training divides by 1 - rate and test time leaves x alone. That is the inverted form of exercise 1; the form of
    2014 leaves kept entries alone in training and multiplies by 1 - rate at test time."""
    return x * (rng.random(x.shape) >= rate) / (1 - rate) if training else x.copy()


@exercise.mistake("comparison turned around")
def comparison_turned_around(x, rate, rng, training=True):
    """A uniform number lies below rate with probability rate: entries are kept as often as they should be dropped. Keep
    an entry where the number is at least rate."""
    return x * (rng.random(x.shape) < rate) if training else x * (1 - rate)


@exercise.mistake("active at test")
def active_at_test(x, rate, rng, training=True):
    """training is not looked at: entries are still dropped at test time, so predictions are random."""
    return x * (rng.random(x.shape) >= rate)


@exercise.mistake("draws from np.random")
def draws_from_global_generator(x, rate, rng, training=True):
    """The mask comes from np.random, and not from the generator that is passed in, so nobody can repeat the run with
    rng. Call rng.random."""
    return x * (np.random.random(x.shape) >= rate) if training else x * (1 - rate)  # noqa: NPY002 - the mistake


@exercise.mistake("scaled in both")
def scaled_in_both(x, rate, rng, training=True):
    """Training already divides by 1 - rate, and test time multiplies by 1 - rate as well. One of the two makes the
    means agree; both undo it."""
    return x * (rng.random(x.shape) >= rate) / (1 - rate) if training else x * (1 - rate)


@exercise.mistake("scaled in neither")
def scaled_in_neither(x, rate, rng, training=True):
    """Nothing makes up for the dropped entries: at test time the next layer sees inputs that are larger by
    1 / (1 - rate) than in training."""
    return x * (rng.random(x.shape) >= rate) if training else x.copy()


@exercise.mistake("times rate at test")
def times_rate_at_test(x, rate, rng, training=True):
    """At test time x is multiplied by the drop rate. An entry is present with probability 1 - rate, so that is its mean
    factor."""
    return x * (rng.random(x.shape) >= rate) if training else x * rate


@exercise.right
def with_binomial(x, rate, rng, training=True):
    if not 0.0 <= rate <= 1.0:
        raise ValueError("rate must be in [0, 1]")
    keep = 1.0 - rate
    return (rng.binomial(1, keep, x.shape) * x).astype(x.dtype) if training else (keep * x).astype(x.dtype)


@exercise.right
def with_indexing(x, rate, rng, training=True):
    if rate > 1 or rate < 0:
        raise ValueError("rate is a probability")
    y = x.copy()
    if training:
        y[rng.uniform(size=x.shape) < rate] = 0
    else:
        y *= 1 - rate
    return y


@exercise.right
def entry_by_entry(x, rate, rng, training=True):
    if rate < 0 or rate > 1:
        raise ValueError("invalid rate")
    flat = [
        (value if rng.random() >= rate else 0.0) if training else value * (1 - rate) for value in x.ravel().tolist()
    ]
    return np.asarray(flat, dtype=x.dtype).reshape(x.shape)
