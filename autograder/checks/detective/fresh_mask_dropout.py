"""A layer whose masks are fresh: `class FreshMaskDropout` with `(rate, rng=None)` and `(x, training=True) -> y`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask, Rng, Value
from autograder.checks.beside.detective import advances, outputs, pair
from autograder.checks.detective.layers import (
    Inverted,
    MakingItsGeneratorLate,
    WithBinomial,
    WithNewEntropyEachCall,
)
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect, is_refusal
from autograder.checks.masks import believable, independent_entries, independent_of, keeps_fraction, own_rate
from autograder.reference.detective import FreshMaskDropout

exercise = Exercise(
    FreshMaskDropout,
    page="museum#Room 1: one mask forever",
    onward="Exercise 6 checks this layer; try `np.array_equal` on two calls in training, which is all that it takes to catch the mistake.",
    trap=("draws_each_call", "shares_nothing"),
)


def kept(value: Value, x: np.ndarray) -> np.ndarray:
    return array(value, x.shape, name="y") != 0


@exercise.requires("keeps a fraction 1 - rate in training", 0.5)
def keeps(ask: Ask, draw: np.random.Generator) -> None:
    for rate in hidden.RATES:
        x = hidden.away_from_zero(draw, (1, 12_000))
        (y,) = ask.probe(outputs, rate, hidden.rng(draw), [x], [True])
        keeps_fraction(kept(y, x), rate)


@exercise.requires("scales kept entries by 1 / (1 - rate)", 1.25)
def scales(ask: Ask, draw: np.random.Generator) -> None:
    for rate in hidden.RATES:
        inputs = [hidden.away_from_zero(draw, shape) for shape in ((7,), (5, 5), (3, 5, 2), (2, 3, 4, 2))]
        for x, y in zip(inputs, ask.probe(outputs, rate, hidden.rng(draw), inputs, None), strict=True):
            mask = kept(y, x)
            expect(close(y[mask], x[mask] / (1 - rate)), "in training, kept entries should be x / (1 - rate)")


@exercise.requires("draws every entry on its own, anew at every call", 2)
def draws_each_call(ask: Ask, draw: np.random.Generator) -> None:
    rate = 0.4
    for shape, rng in (((12, 12), hidden.rng(draw)), ((5, 4, 6), hidden.rng(draw)), ((12, 12), None)):
        x = hidden.away_from_zero(draw, shape)
        masks = np.stack([kept(y, x) for y in ask.probe(outputs, rate, rng, [x] * 80, [True] * 80)])
        if rng is None:
            own = own_rate(masks, rate)
            fresh = believable(masks[::2] == masks[1::2], own**2 + (1 - own) ** 2)
            expect(fresh, "without rng, too, two calls in a row should draw independent masks")
        else:
            independent_entries(masks, rate)
            independent_of(masks, x, rate)


@exercise.requires("shares no generator between objects", 1)
def shares_nothing(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (60, 40))
    seen = ask.probe(pair, 0.4, x)
    first, second = (kept(y, x) for y in seen.outputs)
    message = "two layers without rng should draw masks of their own, but draw the same ones"
    expect(not (first == second).all() or first.all() or not first.any(), message)
    expect(not seen.shared, "two layers draw from one generator: make one for each object, in __init__")


@exercise.requires("uses a given rng and advances it", 0.5)
def uses_rng(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (20, 11))
    rng = hidden.rng(draw)
    calls = [ask.probe(outputs, 0.4, seed, [x] * 2, [True] * 2) for seed in (rng, rng, hidden.rng(draw))]
    first, again, other = (np.stack([kept(y, x) for y in ys]) for ys in calls)
    expect((first == again).all(), "equal states of rng should give equal masks: draw from the given rng alone")
    expect((first != other).any(), "different states of rng should give different masks: the given rng is not used")
    expect(all(ask.probe(advances, 0.4, rng, x)), "every call should draw from the given rng itself, and so advance it")


@exercise.requires("is the identity when not training", 1)
def is_identity_at_test(ask: Ask, draw: np.random.Generator) -> None:
    for rate in (0.0, *hidden.RATES, 1.0):
        x = hidden.some_zeros(draw, (9, 4))
        for rng in (hidden.rng(draw), None):
            _, y, _ = ask.probe(outputs, rate, rng, [x] * 3, [True, False, True])
            expect(close(array(y, x.shape, name="y"), x), "with training=False, y should equal x")


@exercise.requires("changes nothing at rate 0 and drops everything at rate 1", 1)
def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.some_zeros(draw, (12, 7))
    (y,) = ask.probe(outputs, 0.0, hidden.rng(draw), [x], [True])
    expect(close(array(y, x.shape, name="y"), x), "at rate 0 nothing should change")
    (y,) = ask.probe(outputs, 1.0, hidden.rng(draw), [x], [True])
    expect(not kept(y, x).any(), "at rate 1 everything should be dropped")


@exercise.requires("refuses a rate outside [0, 1]", 0.5)
def refuses_bad_rates(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (3, 2))
    ask.probe(outputs, 1.0, hidden.rng(draw), [x], [True])
    for rate in hidden.BAD_RATES:
        for training in (True, False):
            answer = ask.probe_answer(outputs, rate, hidden.rng(draw), [x], [training])
            is_refusal(answer, f"a rate of {rate}", "rate")


exercise.requires("keeps the dtype in any memory layout, and leaves x alone", 0.25)(
    in_every_way(random=True, probes=(outputs,))
)


@exercise.measures(tolerance=0.03)
def measure(ask: Ask) -> list[float]:
    """The shape is asked for nowhere else, and the first rate comes first, so that a mask kept for ever shows."""
    x = np.random.default_rng(5).uniform(0.5, 2, (61, 83))
    calls = [
        [np.asarray(y) for y in ask.probe(outputs, rate, Rng(seed), [x] * 3, [True, True, False])]
        for rate, seed in ((0.4, 11), (0.4, 11), (0.4, 12), (0.8, 13))
    ]
    masks = [[y != 0 for y in ys] for ys in calls]
    (first, second, _), (again, *_), (other, *_), (rare, *_) = masks
    shared = ask.probe(pair, 0.4, x[:1]).shared
    factors = [np.median(y[mask] / x[mask]) for y, mask in zip(calls[3][1:], masks[3][1:], strict=True)]
    same = float((first == again).all())
    return [
        first.mean(),
        (first == second).mean(),
        same,
        (first == other).mean(),
        rare.mean(),
        float(shared),
        *factors,
        masks[3][2].mean(),
    ]


@exercise.mistake("reseeds in call")
class Reseeding(Inverted):
    """A generator with a fixed seed is made at every call, so every call draws the same mask. Make it in __init__."""

    def mask(self, shape):
        return np.random.default_rng(0).random(shape) >= self.rate


@exercise.mistake("a generator shared by all objects")
class SharingOneGenerator(Inverted):
    """A default argument is evaluated once, when the function is defined: all objects draw from that one generator, and
    what one layer does changes the masks of another. Use None and make it in __init__."""

    def __init__(self, rate, rng=np.random.default_rng(3)):  # noqa: B008 - the mistake
        super().__init__(rate, rng)

    def mask(self, shape):
        return self.rng.random(shape) >= self.rate


@exercise.mistake("one mask per object")
class KeepingItsMask(Inverted):
    """The mask is kept on the object, so the same units stay dead for its whole life. Draw in __call__."""

    def mask(self, shape):
        if getattr(self, "kept", None) is None or self.kept.shape != shape:
            self.kept = self.rng.random(shape) >= self.rate
        return self.kept


@exercise.mistake("one mask for ever")
class KeepingOneMaskForEver(Inverted):
    """The mask is still kept in a default argument, which all objects and all calls share. Draw in __call__."""

    def mask(self, shape, masks={}):  # noqa: B006 - the mistake
        if shape not in masks:
            masks[shape] = self.rng.random(shape) >= self.rate
        return masks[shape]


@exercise.mistake("np.random in place of rng")
class DrawingFromNumPysOwn(Inverted):
    """The mask is drawn from NumPy's global generator, which all code shares, and the given rng is not used. Draw from
    rng, or without one from a generator that the object makes in __init__."""

    def mask(self, shape):
        return np.random.rand(*shape) >= self.rate  # noqa: NPY002 - the mistake


@exercise.mistake("normal mask")
class WithNormalMask(Inverted):
    """standard_normal draws normal numbers, which exceed rate with another probability than 1 - rate. random is uniform
    on [0, 1)."""

    def mask(self, shape):
        return self.rng.standard_normal(shape) > self.rate


@exercise.mistake("normal mask")
class WithNormalMaskBelowKeep(Inverted):
    def mask(self, shape):
        return self.rng.standard_normal(shape) < 1 - self.rate


@exercise.mistake("keep and drop swapped")
class KeepingWhatIsDropped(Inverted):
    """random() < rate is true with probability rate, so that a share rate of the entries is kept. Keep where the number is
    rate or more."""

    def mask(self, shape):
        return self.rng.random(shape) < self.rate


@exercise.mistake("no scaling")
class WithoutScaling(Inverted):
    """Kept entries are left as they are, so that the mean shrinks by 1 - rate in training and nothing makes up for it."""

    def __call__(self, x, training=True):
        return x * (self.rng.random(x.shape) >= self.rate) if training else x.copy()


@exercise.mistake("divides by rate")
class DividingByRate(Inverted):
    """Kept entries are divided by the drop rate. Their mean is preserved only when they are divided by what is kept,
    1 - rate."""

    def __call__(self, x, training=True):
        if not training:
            return x.copy()
        return (x * (self.rng.random(x.shape) >= self.rate) / max(self.rate, 1e-9)).astype(x.dtype)


@exercise.mistake("active at test")
class ActiveAtTest(Inverted):
    """Entries are dropped whatever `training` says, so that predictions are random."""

    def __call__(self, x, training=True):  # noqa: ARG002 - the mistake
        return super().__call__(x, training=True)

    def mask(self, shape):
        return self.rng.random(shape) >= self.rate


exercise.right(WithBinomial)
exercise.right(MakingItsGeneratorLate)
exercise.right(WithNewEntropyEachCall)
