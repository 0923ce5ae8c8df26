"""A conservation check that checks: `repaired_dropout_check(x, y, rate) -> float`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, number, refuses
from autograder.reference.detective import repaired_dropout_check

exercise = Exercise(
    repaired_dropout_check,
    page="keras/black-box#What is conserved is the mean, not the sum",
    onward="The figure after this sets it beside the original; try it on a layer that never drops anything: should it pass?",
    trap=("sees_scale", "compares_with_kept"),
)

Pair = tuple[np.ndarray, np.ndarray]


def layer(draw: np.random.Generator, rate: float, shape: tuple[int, ...] = (30, 20), dtype: str = "float64") -> Pair:
    """Draw inputs whose kept part is far from summing to 0, and the outputs of a right layer."""
    x = hidden.away_from_zero(draw, shape, dtype) + np.asarray(1, dtype)
    mask = draw.random(shape) >= rate
    mask.flat[0], mask.flat[-1] = True, False
    x.flat[0] += 2
    return x, (x * mask / (1 - rate)).astype(dtype)


def ratio(ask: Ask, x: np.ndarray, y: np.ndarray, rate: float) -> float:
    return number(ask(x, y, rate))


@exercise.requires("is 1 for a right layer at every rate", 1.5)
def is_one_for_right_layers(ask: Ask, draw: np.random.Generator) -> None:
    for rate in (0.0, *hidden.RATES):
        for shape in ((300,), (20, 20), (9, 6, 5), (4, 5, 6, 2), (1, 40)):
            expect(
                close(ratio(ask, *layer(draw, rate, shape), rate), 1),
                "for a right layer the ratio should be 1 at every rate",
            )


@exercise.requires("shows the factor of a layer with another scale", 1.5)
def sees_scale(ask: Ask, draw: np.random.Generator) -> None:
    message = "the ratio of a layer with another scale or sign should be as many times that of the layer itself"
    for rate in hidden.RATES:
        for factor in (1 - rate, (1 - rate) / rate, 1.3, -0.7):
            x, y = layer(draw, rate)
            expect(close(ratio(ask, x, y * factor, rate), factor * ratio(ask, x, y, rate)), message)


@exercise.requires("compares with the kept inputs alone", 0.75)
def compares_with_kept(ask: Ask, draw: np.random.Generator) -> None:
    for rate in hidden.RATES:
        x, y = layer(draw, rate)
        other = np.where(y == 0, hidden.away_from_zero(draw, x.shape) * 5, x)
        same = close(ratio(ask, other, y, rate), ratio(ask, x, y, rate))
        expect(same, "entries of x that were dropped should have no influence")


@exercise.requires("is a ratio of sums", 0.75)
def counts_noise(ask: Ask, draw: np.random.Generator) -> None:
    """Outputs that are no multiples of the inputs still have a sum; the student's own ratio without noise is the unit."""
    for rate in hidden.RATES:
        x, y = layer(draw, rate)
        own = ratio(ask, x, y, rate)
        noisy = np.where(y != 0, y + draw.normal(0, 0.4, y.shape), 0)
        message = "the ratio should be one of sums: it is not in proportion to y.sum()"
        expect(close(ratio(ask, x, noisy, rate), own * noisy.sum() / y.sum()), message)
        padded, dropped = (np.concatenate([array, np.zeros_like(array)]) for array in (x, y))
        expect(close(ratio(ask, padded, dropped, rate), own), "entries that are 0 in x and y add nothing to either sum")
        expect(close(ratio(ask, -x, -y, rate), own), "when x and y change their signs, the ratio should stay")


@exercise.requires("handles rate 1", 0.5)
def handles_rate_one(ask: Ask, draw: np.random.Generator) -> None:
    x, y = layer(draw, 0.4)
    expect(ratio(ask, x, np.zeros_like(y), 1.0) == 1, "at rate 1 a layer that puts out zeros is right: the ratio is 1")
    expect(
        ratio(ask, x, y, 1.0) == 0, "at rate 1 a layer that keeps something is wrong: the factor 1 - rate makes it 0"
    )


@exercise.requires("refuses a rate outside [0, 1] and a y of another shape", 0.25)
def refuses_bad_arguments(ask: Ask, draw: np.random.Generator) -> None:
    x, y = layer(draw, 0.4)
    ratio(ask, x, y, 0.4)
    for rate in hidden.BAD_RATES:
        refuses(ask, x, y, rate, because=f"a rate of {rate}", mentions="rate")
    for wrong in (y[:1], y[:, :1], y.T, y[None]):
        refuses(ask, x, wrong, 0.4, because=f"a y of shape {wrong.shape} for x of shape {x.shape}", mentions="y x")


exercise.requires("takes float32 and float64 in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(None, right=repaired_dropout_check)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    """Measure right layers, 0 where dropped inputs matter, by whatever formula; and relative to that, other layers."""
    draw = np.random.default_rng(7)
    numbers: list[float] = []
    for rate in (0.2, 0.7):
        x, y = layer(draw, rate)
        found = float(ask(x, y, rate))
        local = np.isclose(found, float(ask(np.where(y == 0, 3 * x, x), y, rate)))
        noisy = float(ask(x, np.where(y != 0, y + 0.5, 0), rate)) / found
        turned = float(ask(x, -y, rate)) / found
        numbers += [float(local), found if local else 0.0, noisy, turned]
    return numbers


@exercise.mistake("divides by rate")
def divides_by_rate(x, y, rate):
    """The kept sum is divided by the drop rate, as in the original check. Kept entries were divided by 1 - rate; only
    at rate .5, where it was tried, are the two the same."""
    return y.sum() * rate / x[y != 0].sum()


@exercise.mistake("divides by x.sum()")
def divides_by_whole_sum(x, y, rate):
    """The output is compared with the sum of all inputs, so that chance decides how far from 1 a right layer lies.
    Compare with the inputs that were kept."""
    return y.sum() * (1 - rate) / x.sum()


@exercise.mistake("forgets 1 - rate")
def forgets_scale(x, y, rate):
    """The kept sum grows by 1 / (1 - rate) in a right layer, which nothing makes up for: multiply by 1 - rate."""
    return y.sum() / x[y != 0].sum()


@exercise.mistake("mean of ratios")
def mean_of_ratios(x, y, rate):
    """Every kept entry is compared by itself and the ratios are averaged. The check compares sums, in which noise on
    single entries averages out."""
    return (y[y != 0] / x[y != 0]).mean() * (1 - rate)


@exercise.mistake("absolute value")
def absolute_value(x, y, rate):
    """The sign is taken off, so that a layer that turns its input around seems right."""
    return abs(y.sum() * (1 - rate) / x[y != 0].sum())


def require(x, y, rate):
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must lie in [0, 1], got {rate}")
    if y.shape != x.shape:
        raise ValueError(f"y must have shape {x.shape}, got shape {y.shape}")


@exercise.right
def with_where(x, y, rate):
    require(x, y, rate)
    if rate == 1 and not y.any():
        return 1.0
    expected = np.sum(x, where=y != 0, dtype=np.float64) / (1 - rate) if rate < 1 else np.inf
    return float(np.sum(y, dtype=np.float64) / expected)


@exercise.right
def with_product(x, y, rate):
    require(x, y, rate)
    mask = (np.abs(y) > 0).astype(x.dtype)
    if mask.sum() == 0:
        return 1
    return (1 - rate) * y.sum() / (x * mask).sum()


@exercise.right
def with_loop(x, y, rate):
    if rate < 0 or rate > 1 or x.shape != y.shape:
        raise ValueError("rate must lie in [0, 1] and y must have the shape of x")
    total_in = total_out = 0.0
    for before, after in zip(x.ravel().tolist(), y.ravel().tolist(), strict=True):
        if after != 0:
            total_in += before
            total_out += after
    if rate == 1 and total_out == 0:
        return 1.0
    return total_out * (1 - rate) / total_in
