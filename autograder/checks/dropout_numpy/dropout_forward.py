"""Inverted dropout, forward: `dropout_forward(x, rate, rng, training=True) -> (y, mask)`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import first, in_every_way
from autograder.checks.ask import Ask, Rng
from autograder.checks.beside.calls import successive
from autograder.checks.dropout_numpy import forward_passes
from autograder.checks.dropout_numpy.noise import refuses_bad_rates
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect, kept_of, mask_of, parts
from autograder.checks.masks import independent_entries, independent_of, keeps_fraction
from autograder.reference.dropout import dropout_forward

exercise = Exercise(
    dropout_forward,
    page="dropout/masks-and-scaling#Inverted dropout keeps the mean at every rate",
    onward="Exercises 2, 4, 5 and 6 call this layer; try it at rate 0.99: how many of a million ones does it keep, and what is each of them worth?",
    trap=("scales", "is_identity_at_test", "handles_extremes"),
)

SHAPES = ((7,), (6, 5), (2, 3, 4, 2), (4, 4), (3, 5, 2), (1, 9))


def forward(ask: Ask, x: np.ndarray, rate: float, rng: Rng, training: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Return y and what the mask keeps; what else is in the mask is judged alone."""
    y, mask = parts(ask(x, rate, rng, training=training), ("y", "mask"))
    return array(y, x.shape, name="y"), kept_of(mask, x.shape)


@exercise.requires("keeps a fraction 1 - rate", 1.5)
def keeps(ask: Ask, draw: np.random.Generator) -> None:
    for rate in hidden.RATES:
        x = hidden.some_zeros(draw, (1, 12_000))  # one row, because sharing a mask over rows costs points elsewhere
        _, mask = forward(ask, x, rate, hidden.rng(draw))
        expect(mask[x == 0].any(), "mask should say what was kept where x is 0 as well: return the mask that you drew")
        keeps_fraction(mask, rate)


@exercise.requires("draws every entry on its own, anew at every call", 1.5)
def draws_each_entry(ask: Ask, draw: np.random.Generator) -> None:
    rate = 0.4
    for shape in hidden.CALLED_AGAIN:
        x = hidden.away_from_zero(draw, shape)
        calls = ask.probe(successive, 80, x, rate, hidden.rng(draw))
        masks = np.stack([kept_of(parts(call, ("y", "mask"))[1], shape) for call in calls])
        independent_entries(masks, rate)
        independent_of(masks, x, rate)


@exercise.requires("scales kept entries by 1 / (1 - rate)", 2)
def scales(ask: Ask, draw: np.random.Generator) -> None:
    for rate, shape in zip(hidden.RATES * 2, SHAPES, strict=True):
        x = hidden.some_zeros(draw, shape)
        y, mask = forward(ask, x, rate, hidden.rng(draw))
        expect(close(y[~mask], np.zeros((~mask).sum())), "where mask is false, y should be 0")
        expect(close(y[mask], x[mask] / (1 - rate)), "where mask is true, y should be x / (1 - rate)")


@exercise.requires("returns a mask that holds only true and false (or 1 and 0)", 1)
def returns_mask(ask: Ask, draw: np.random.Generator) -> None:
    for rate in hidden.RATES:
        for shape, training in (((20, 11), True), ((9, 4), False)):
            x = hidden.away_from_zero(draw, shape)
            mask = parts(ask(x, rate, hidden.rng(draw), training=training), ("y", "mask"))[1]
            factor = np.unique(kept_of(mask, x.shape) * mask)[-1]
            expect(
                rate == 0 or not close(factor, 1 / (1 - rate)),
                "the factor 1 / (1 - rate) is in the mask: return the mask as it is before the division",
            )
            mask_of(mask, x.shape)


@exercise.requires("is the identity when not training", 1)
def is_identity_at_test(ask: Ask, draw: np.random.Generator) -> None:
    for rate in (0.0, 0.4, 1.0):
        x = hidden.some_zeros(draw, (9, 4))
        y, mask = forward(ask, x, rate, hidden.rng(draw), training=False)
        expect(close(y, x), "with training=False, y should equal x: nothing dropped, nothing scaled")
        expect(mask.all(), "with training=False, every entry of mask should be true")


@exercise.requires("changes nothing at rate 0 and drops everything at rate 1", 1)
def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.some_zeros(draw, (12, 7))
    y, mask = forward(ask, x, 0.0, hidden.rng(draw))
    expect(mask.all() and close(y, x), "at rate 0 nothing should change: y is x and mask is true everywhere")
    y, mask = forward(ask, x, 1.0, hidden.rng(draw))
    expect(
        not mask.any() and not y.any(), "at rate 1 everything should be dropped: y is 0 and mask is false everywhere"
    )


@exercise.requires("takes all randomness from rng", 1)
def uses_rng(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (20, 11))
    rng = hidden.rng(draw)
    first, again = forward(ask, x, 0.4, rng)[1], forward(ask, x, 0.4, rng)[1]
    other = forward(ask, x, 0.4, hidden.rng(draw))[1]
    expect((first == again).all(), "equal states of rng should give equal masks: draw from rng alone")
    expect((first != other).any(), "different states of rng should give different masks: rng is not used")


exercise.requires("refuses a rate outside [0, 1]", 0.5)(refuses_bad_rates)


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.5)(
    in_every_way(first, random=True)
)


exercise.measures(tolerance=0.03)(forward_passes.marks)


@exercise.mistake("normal mask instead of uniform")
def normal_mask(x, rate, rng, training=True):
    """A standard normal number exceeds rate with probability 1 - Phi(rate), not 1 - rate: at rate .5 only 31 % are
    kept, and at rate 0 half are still dropped. Compare a uniform number with rate."""
    mask = rng.standard_normal(x.shape) > rate if training else np.ones(x.shape, bool)
    return (x * mask / (1 - rate) if training else x.copy()), mask


@exercise.mistake("normal mask, below the keep probability")
def normal_mask_below(x, rate, rng, training=True):
    """A standard normal number lies below 1 - rate with probability Phi(1 - rate), not 1 - rate: at rate .5 69 % are
    kept, and at rate 1 still half. Compare a uniform number with 1 - rate."""
    mask = rng.standard_normal(x.shape) < 1 - rate if training else np.ones(x.shape, bool)
    return (x * mask / (1 - rate) if training else x.copy()), mask


@exercise.mistake("rounds uniform numbers")
def rounds(x, rate, rng, training=True):
    """A uniform number rounds to 1 as often as to 0, so that half of the entries are kept whatever rate is. Compare it
    with rate."""
    mask = np.round(rng.random(x.shape)) == 1 if training else np.ones(x.shape, bool)
    return (x * mask / (1 - rate) if training else x.copy()), mask


@exercise.mistake("comparison turned around")
def comparison_turned_around(x, rate, rng, training=True):
    """A uniform number lies below rate with probability rate: entries are kept as often as they should be dropped. Keep
    an entry where the number is at least rate."""
    mask = rng.random(x.shape) < rate if training else np.ones(x.shape, bool)
    return (x * mask / (1 - rate) if training else x.copy()), mask


@exercise.mistake("the factor is in the mask")
def factor_in_mask(x, rate, rng, training=True):
    """The mask that is returned holds 1 / (1 - rate) where an entry is kept. Return it as it is before the division: the
    backward pass of the next exercise divides by itself."""
    mask = (rng.random(x.shape) >= rate) / (1 - rate) if training else np.ones(x.shape)
    return x * mask, mask


@exercise.mistake("draws from np.random")
def draws_from_global_generator(x, rate, rng, training=True):
    """The mask comes from np.random, and not from the generator that is passed in, so nobody can repeat the run with
    rng. Call rng.random."""
    mask = np.random.random(x.shape) >= rate if training else np.ones(x.shape, bool)  # noqa: NPY002 - the mistake
    return (x * mask / (1 - rate) if training else x.copy()), mask


@exercise.mistake("works in place")
def works_in_place(x, rate, rng, training=True):
    """x itself is overwritten (`x *= mask`), so the caller has lost it. Compute a new array: `x * mask`."""
    mask = rng.random(x.shape) >= rate if training else np.ones(x.shape, bool)
    if training:
        x *= mask
        x /= 1 - rate
    return x, mask


@exercise.mistake("the classic form")
def classic_form(x, rate, rng, training=True):
    """Kept entries are left as they are in training and multiplied by 1 - rate at test time. That is the form of 2014,
    which exercise 3 asks for; the inverted form divides in training and leaves test time alone."""
    mask = rng.random(x.shape) >= rate if training else np.ones(x.shape, bool)
    return x * (mask if training else 1 - rate), mask


@exercise.mistake("divides by rate")
def divides_by_rate(x, rate, rng, training=True):
    """Kept entries are divided by the drop rate. Their mean is preserved only when they are divided by what is kept,
    1 - rate."""
    mask = rng.random(x.shape) >= rate if training else np.ones(x.shape, bool)
    return (x * mask / rate if training else x.copy()), mask


@exercise.mistake("no scaling")
def no_scaling(x, rate, rng, training=True):
    """Kept entries are left as they are, so the mean shrinks by 1 - rate in training while nothing makes up for it at
    test time."""
    mask = rng.random(x.shape) >= rate if training else np.ones(x.shape, bool)
    return x * mask, mask


@exercise.mistake("multiplies by keep")
def multiplies_by_keep(x, rate, rng, training=True):
    """Kept entries are multiplied by 1 - rate. That factor belongs to test time in the classic form; the inverted form
    divides by it in training."""
    mask = rng.random(x.shape) >= rate if training else np.ones(x.shape, bool)
    return (x * mask * (1 - rate) if training else x.copy()), mask


@exercise.mistake("keep and drop swapped")
def keep_and_drop_swapped(x, rate, rng, training=True):
    """rate is read as the probability of keeping an entry. In this course, as in Keras and PyTorch, it is the
    probability of dropping one."""
    mask = rng.random(x.shape) < rate if training else np.ones(x.shape, bool)
    return (x * mask / rate if training else x.copy()), mask


@exercise.mistake("one mask shared over the batch")
def one_mask_per_batch(x, rate, rng, training=True):
    """All rows get the same mask. Every entry of x needs a draw of its own: the shape of the mask is x.shape."""
    row = rng.random(x.shape[1:]) >= rate
    mask = np.broadcast_to(row, x.shape) if training else np.ones(x.shape, bool)
    return (x * mask / (1 - rate) if training else x.copy()), mask


@exercise.mistake("scales at test too")
def scales_at_test(x, rate, rng, training=True):
    """Nothing is dropped at test time, yet the output is scaled by 1 - rate. Inverted dropout has already scaled in
    training."""
    mask = rng.random(x.shape) >= rate if training else np.ones(x.shape, bool)
    return x * mask / (1 - rate), mask


@exercise.mistake("active at test")
def active_at_test(x, rate, rng, training=True):
    """training is not looked at: entries are still dropped at test time, so predictions are random."""
    mask = rng.random(x.shape) >= rate
    return x * mask / (1 - rate), mask


@exercise.mistake("reseeds on every call")
def reseeds(x, rate, rng, training=True):
    """A generator is made anew inside the function, so every call draws the same mask and the same units stay dead.
    Draw from rng."""
    rng = np.random.default_rng(0)
    mask = rng.random(x.shape) >= rate if training else np.ones(x.shape, bool)
    return (x * mask / (1 - rate) if training else x.copy()), mask


exercise.right(forward_passes.with_binomial)
exercise.right(forward_passes.with_choice)
exercise.right(forward_passes.entry_by_entry)
exercise.right(forward_passes.with_normal_quantile)
