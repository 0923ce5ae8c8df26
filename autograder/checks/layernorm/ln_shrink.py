"""What is left of the signal when LayerNorm follows dropout: `ln_shrink(h, rate, eps=1e-3) -> factor`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, number, refuses
from autograder.checks.layernorm.gain import NEGLIGIBLE, vectors
from autograder.reference.layernorm import ln_shrink

exercise = Exercise(
    ln_shrink,
    page="montecarlo/noise-or-bias#Many units: LayerNorm shrinks the signal",
    onward="*Noise or bias?* in the book measures this factor in trained networks; try to find the rate at which half of the signal is left.",
    trap=("counts_the_mean",),
)


def centered(draw: np.random.Generator, n: int) -> np.ndarray:
    """Draw a vector of mean 0."""
    h = vectors(draw, (n,))
    return h - h.mean()


def growth(ask: Ask, h: np.ndarray, rate: float) -> float:
    """Return the share by which the variance grows under dropout, as an answer without a visible eps has it."""
    return 1 / max(number(ask(h, rate, eps=NEGLIGIBLE)), 1e-100) ** 2 - 1


def shares_of_mean(ask: Ask, h: np.ndarray, rate: float) -> list[float]:
    """Return mu^2 / v as an answer counts it, by its own odds and by the right ones."""
    without = growth(ask, h - h.mean(), rate)
    return [(growth(ask, h, rate) - without) / odds for odds in (without, rate / (1 - rate)) if odds > 1e-6]


@exercise.requires("compares the standard deviations before and after dropout", 1.5)
def compares_variances(ask: Ask, draw: np.random.Generator) -> None:
    for rate in hidden.RATES:
        for n in (2, 7, 300):
            h = centered(draw, n)
            factor = number(ask(h, rate, eps=NEGLIGIBLE))
            expect(
                close(factor, ln_shrink(h, rate, NEGLIGIBLE)),
                "for units of mean 0 the factor should be the root of the variance before dropout over the variance "
                "after it",
            )


@exercise.requires("counts what the mean adds to the variance", 2.5)
def counts_the_mean(ask: Ask, draw: np.random.Generator) -> None:
    for rate in hidden.RATES:
        for n in (2, 7, 40):
            h = vectors(draw, (n,))
            wanted = [float(h.mean() ** 2 / h.var(ddof=ddof)) for ddof in (0, 1)]
            by_shares = any(close(share, w, scale=w) for share in shares_of_mean(ask, h, rate) for w in wanted)
            odds = rate / (1 - rate) * (1 + wanted[0])
            factors = (number(ask(*given, eps=NEGLIGIBLE)) for given in ((h, rate), (h - h.mean(), odds / (1 + odds))))
            expect(
                by_shares or close(*factors),
                "for units with a mean mu, the variance that dropout adds should grow from v to v + mu^2 times what it "
                "is for a variance of 1",
            )


@exercise.requires("takes the biased variance of h", 0.5, after="compares_variances counts_the_mean")
def takes_biased_variance(ask: Ask, draw: np.random.Generator) -> None:
    for n in (2, 7, 40):
        h = vectors(draw, (n,))
        wanted = float(h.mean() ** 2 / h.var())
        message = "the variance of h should be the biased one, divided by the number of units"
        expect(any(close(share, wanted, scale=wanted) for share in shares_of_mean(ask, h, 0.4)), message)


@exercise.requires("adds eps to both variances", 1, after="compares_variances")
def adds_eps(ask: Ask, draw: np.random.Generator) -> None:
    for rate in hidden.RATES:
        flat, h = np.full(6, draw.uniform(0.02, 0.08)), 0.3 * vectors(draw, (9,))
        for units, eps in ((flat, {}), (flat[:1], {}), (h, {}), *((h, {"eps": value}) for value in (1e-6, 0.05, 2.0))):
            factor, grows = number(ask(units, rate, **eps)), growth(ask, units, rate)
            wanted = []
            for v in (units.var(ddof=ddof) for ddof in (0, 1) if ddof < len(units)):
                before = v + eps.get("eps", 1e-3)
                wanted.append(np.sqrt(max(before / (before + grows * (v + NEGLIGIBLE)), 0)))
            expect(
                any(close(factor, w) for w in wanted),
                "eps (1e-3 unless given) should be added to the variance before dropout and to that after it",
            )


@exercise.requires("is 1 at rate 0 and 0 at rate 1", 1)
def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    h = vectors(draw, (6,))
    expect(close(number(ask(h, 0.0)), 1.0), "at rate 0 nothing shrinks: the factor is 1")
    expect(number(ask(h, 1.0)) == 0, "at rate 1 no signal is left: the factor is 0")


@exercise.requires("refuses a rate outside [0, 1] and an h that is no vector", 0.25)
def refuses_bad_arguments(ask: Ask, draw: np.random.Generator) -> None:
    h = vectors(draw, (6,))
    ask(h, 0.4)
    for rate in hidden.BAD_RATES:
        refuses(ask, h, rate, because=f"a rate of {rate}", mentions="rate")
    for wrong in (h[None], h[:, None], h.reshape(2, 3)):
        refuses(ask, wrong, 0.4, because=f"an h of shape {wrong.shape}", mentions="h")


exercise.requires("takes float32 and float64 in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(None, right=ln_shrink)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    h = np.random.default_rng(4).normal(1, 1, 20)
    rates = (0.2, 0.7)
    unseen = [float(ask(vector, rate, eps=NEGLIGIBLE)) for vector in (h, h - h.mean()) for rate in rates]
    return unseen + [float(ask(0.05 * h, rate)) for rate in rates]


def require(h, rate):
    if not 0 <= rate <= 1:
        raise ValueError("rate must be in [0, 1]")
    if h.ndim != 1:
        raise ValueError("h must have shape (n,)")


@exercise.mistake("forgets mu^2")
def forgets_mean(h, rate, eps=1e-3):
    """Only the variance is divided by 1 - rate. A kept unit jumps from 0 to mu / q, so the mean adds (p / q) mu^2 to
    the variance."""
    require(h, rate)
    return np.sqrt((h.var() + eps) / (h.var() / (1 - rate) + eps)) if rate < 1 else 0.0


@exercise.mistake("ddof 1")
def unbiased(h, rate, eps=1e-3):
    """The variance is divided by one less than the number of units. LayerNorm divides by their number."""
    require(h, rate)
    v = h.var(ddof=1) if len(h) > 1 else 0.0
    return np.sqrt((v + eps) / (v + rate / (1 - rate) * (v + h.mean() ** 2) + eps)) if rate < 1 else 0.0


@exercise.mistake("forgets v")
def forgets_variance(h, rate, eps=1e-3):
    """Dropout adds nothing but (p / q) mu^2. A kept unit is divided by q whatever it is, so that v adds (p / q) v, too."""
    require(h, rate)
    return np.sqrt((h.var() + eps) / (h.var() + rate / (1 - rate) * h.mean() ** 2 + eps)) if rate < 1 else 0.0


@exercise.mistake("no root")
def no_root(h, rate, eps=1e-3):
    """This is a quotient of variances. LayerNorm divides by a standard deviation, so the signal shrinks by the root of
    it."""
    require(h, rate)
    return (h.var() + eps) / (h.var() + rate / (1 - rate) * (h**2).mean() + eps) if rate < 1 else 0.0


@exercise.mistake("inverse")
def inverse(h, rate, eps=1e-3):
    """The factor is above 1. Dropout adds variance, and LayerNorm divides by more of it: the signal shrinks."""
    require(h, rate)
    return np.sqrt((h.var() + rate / (1 - rate) * (h**2).mean() + eps) / (h.var() + eps)) if rate < 1 else 0.0


@exercise.mistake("forgets eps")
def forgets_eps(h, rate, eps=1e-3):
    """eps is in neither variance. LayerNorm adds it to the variance under its root, with dropout and without."""
    require(h, rate)
    return np.sqrt(h.var() / (h.var() + rate / (1 - rate) * (h**2).mean())) if rate < 1 else 0.0


@exercise.mistake("rate for odds")
def rate_for_odds(h, rate, eps=1e-3):
    """The variance of an inverted mask entry is p / q, not p: the division by q makes kept entries larger."""
    require(h, rate)
    return np.sqrt((h.var() + eps) / (h.var() + rate * (h**2).mean() + eps)) if rate < 1 else 0.0


@exercise.right
def by_the_formula(h, rate, eps=1e-3):
    require(h, rate)
    if rate == 1:
        return 0
    h = h.astype(np.float64)
    mu, v = np.mean(h), np.var(h)
    return ((v + eps) / (v + rate / (1 - rate) * (v + mu**2) + eps)) ** 0.5


@exercise.right
def times_keep(h, rate, eps=1e-3):
    """Both variances multiplied by 1 - rate: nothing is divided by zero."""
    if rate < 0 or rate > 1:
        raise ValueError("rate")
    if len(h.shape) != 1:
        raise ValueError("the shape of h")
    keep = 1 - rate
    n, total, squares = len(h), h.sum(dtype=float), (h.astype(float) ** 2).sum()
    before = squares / n - (total / n) ** 2 + eps
    return float(np.sqrt(keep * before / (keep * before + rate * squares / n)))


@exercise.right
def by_deviations(h, rate, eps=1e-3):
    """A quotient of standard deviations, the one after dropout by enumeration of both fates of each unit."""
    require(h, rate)
    if rate == 1:
        return 0.0
    fates = np.stack([np.zeros_like(h), h / (1 - rate)])
    chance = np.array([[rate], [1 - rate]])
    after = (chance * (fates - h.mean()) ** 2).sum(axis=0).mean()
    return np.hypot(h.std(), eps**0.5) / np.sqrt(after + eps)
