"""Inverted dropout, backward: `dropout_backward(dy, mask, rate) -> dx`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect, refuses
from autograder.reference.dropout import dropout_backward

exercise = Exercise(
    dropout_backward,
    page="dropout/backward#A silenced unit gets no gradient",
    onward="The network at the end of this notebook is trained with it; try a mask of ones in its place, and see what the gradient check says.",
    trap=("scales", "takes_any_mask_dtype"),
)

SHAPES = ((4, 7), (3, 5, 2), (2, 3, 2, 2), (4, 4), (300,), (1, 6))


def inputs(draw: np.random.Generator, rate: float, shape: tuple[int, ...] = (6, 5), dtype: str = "float64"):
    """Draw a gradient and the mask of a forward pass, with both kinds of entries in it."""
    mask = draw.random(shape) >= rate
    mask.flat[:2] = (True, False)
    return hidden.away_from_zero(draw, shape, dtype), mask


def gradients(ask: Ask, draw: np.random.Generator) -> list[tuple[float, np.ndarray, np.ndarray, np.ndarray]]:
    """Return rates with dy, mask and the answer dx, for arrays of one to four dimensions."""
    asked = []
    for rate, shape in zip(hidden.RATES * 2, SHAPES, strict=True):
        dy, mask = inputs(draw, rate, shape)
        asked.append((rate, dy, mask, array(ask(dy, mask, rate), shape, name="dx")))
    return asked


@exercise.requires("passes gradients through kept entries, and through no others", 2.5)
def blocks(ask: Ask, draw: np.random.Generator) -> None:
    for _, _, mask, dx in ask.once(gradients):
        expect(not dx[~mask].any(), "no gradient should pass where mask is false")
        expect(dx[mask].all(), "a gradient should pass wherever mask is true")


@exercise.requires("scales the gradients that pass by 1 / (1 - rate)", 2.25)
def scales(ask: Ask, draw: np.random.Generator) -> None:
    """Which gradients pass has been judged; here those count that do where mask is true."""
    asked = ask.once(gradients)
    expect(any(dx[mask].any() for _, _, mask, dx in asked), "no gradient passes where mask is true")
    for rate, dy, mask, dx in asked:
        passes = mask & (dx != 0)
        expect(close(dx[passes], dy[passes] / (1 - rate)), "where a gradient passes, dx should be dy / (1 - rate)")
    dy, mask = inputs(draw, 0.0, (9,))
    dx = array(ask(dy, mask, 0.0), dy.shape, name="dx")
    expect(close(dx[mask], dy[mask]), "at rate 0, dx should be dy where mask is true")


@exercise.requires("takes a mask of booleans, of zeros and ones, or of floats", 1.25, after="blocks")
def takes_any_mask_dtype(ask: Ask, draw: np.random.Generator) -> None:
    for kind in ("int64", "uint8", "float32", "float64"):
        dy, mask = inputs(draw, 0.4)
        plain, dx = (array(ask(dy, given, 0.4), dy.shape, name="dx") for given in (mask, mask.astype(kind)))
        expect(close(dx, plain), f"a mask of dtype {kind} should give the same gradient as a boolean one")


@exercise.requires("gives zeros at rate 1", 1.5)
def handles_rate_one(ask: Ask, draw: np.random.Generator) -> None:
    dy = hidden.away_from_zero(draw, (4, 3))
    dx = array(ask(dy, np.zeros(dy.shape, bool), 1.0), dy.shape, name="dx")
    expect(not dx.any(), "at rate 1 everything was dropped, so dx should be 0")


@exercise.requires("refuses a rate outside [0, 1] and a mask of another shape", 0.25)
def refuses_bad_arguments(ask: Ask, draw: np.random.Generator) -> None:
    dy, mask = inputs(draw, 0.4)
    ask(dy, mask, 0.4)
    for rate in hidden.BAD_RATES:
        refuses(ask, dy, mask, rate, because=f"a rate of {rate}", mentions="rate")
    for wrong in (mask[:1], mask[:, :1], mask.T, mask[None]):
        refuses(
            ask, dy, wrong, 0.4, because=f"a mask of shape {wrong.shape} for dy of shape {dy.shape}", mentions="mask dy"
        )


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(right=dropout_backward)
)


@exercise.measures(tolerance=0.03)
def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(3)
    numbers: list[float] = []
    for rate in (0.2, 0.7):
        mask = draw.random((300, 200)) >= rate
        dy = draw.uniform(0.5, 2, mask.shape)
        ratio = np.asarray(ask(dy, mask, rate)) / dy
        numbers += [
            np.median(ratio[mask]),
            np.median(ratio[~mask]),
            (ratio[mask] != 0).mean(),
            (ratio[~mask] != 0).mean(),
        ]
    return numbers


@exercise.mistake("ignores the mask")
def ignores_mask(dy, mask, rate):
    """The gradient flows everywhere, although a dropped entry had no influence on the output: its gradient is 0."""
    return dy / (1 - rate)


@exercise.mistake("no scaling")
def no_scaling(dy, mask, rate):
    """The forward pass multiplied kept entries by 1 / (1 - rate); the chain rule multiplies their gradients by the same
    factor."""
    return dy * mask


@exercise.mistake("multiplies by keep")
def multiplies_by_keep(dy, mask, rate):
    """The gradient is multiplied by 1 - rate. y = x mask / (1 - rate) is linear in x, so the same factor 1 / (1 - rate)
    multiplies the gradient."""
    return dy * mask * (1 - rate)


@exercise.mistake("divides by rate")
def divides_by_rate(dy, mask, rate):
    """The gradient is divided by the drop rate. The forward pass divided by what is kept, 1 - rate, and so does the
    backward pass."""
    return dy * mask / rate


@exercise.mistake("draws a fresh mask")
def draws_fresh_mask(dy, mask, rate):
    """A new mask is drawn on the way back. The gradient belongs to the function that was computed, with the mask that
    it used."""
    fresh = np.random.default_rng(1).random(dy.shape) >= rate
    return dy * fresh / (1 - rate)


@exercise.mistake("draws a fresh mask")
def draws_anew_every_time(dy, mask, rate):
    return dy * (np.random.default_rng().random(dy.shape) >= rate) / (1 - rate)


@exercise.right
def with_where(dy, mask, rate):
    if not 0 <= rate <= 1:
        raise ValueError("rate")
    if mask.shape != dy.shape:
        raise ValueError("shape of mask")
    return np.where(mask.astype(bool), dy / max(1 - rate, 1e-300), 0).astype(dy.dtype)


@exercise.right
def with_indexing(dy, mask, rate):
    if np.shape(mask) != np.shape(dy) or rate < 0 or rate > 1:
        raise ValueError("mask must have the shape of dy and rate must be a probability")
    dx = np.zeros_like(dy)
    kept = np.asarray(mask) == 1
    dx[kept] = dy[kept] / (1 - rate)
    return dx


@exercise.right
def entry_by_entry(dy, mask, rate):
    if rate < 0 or rate > 1 or mask.shape != dy.shape:
        raise ValueError("rate or mask shape")
    flat = [float(d) / (1 - rate) if m else 0.0 for d, m in zip(dy.ravel(), mask.ravel(), strict=True)]
    return np.array(flat, dtype=dy.dtype).reshape(dy.shape)
