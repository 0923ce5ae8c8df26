"""What a normalization does to its signal, taken apart: a direction, a gain, and an eps in the gain.

Asked without gamma and beta, a normalization returns signal * gain, where the signal is x or x minus a mean, and
1 / gain^2 is a mean square plus eps. Each of the three is judged alone, so that one mistake costs one requirement.
"""

from collections.abc import Callable

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.exercise import Unmet
from autograder.checks.expect import close, expect

SHAPES = ((9,), (5, 5), (3, 2, 210), (2, 3, 2, 6))
"""Shapes that are asked: from one dimension to four, a square and long vectors among them."""

MATRICES = ((5, 5), (6, 210), (4, 9))
"""Shapes of vectors as rows: what is done to a vector is asked with them, and other numbers of dimensions once."""

NEGLIGIBLE = 1e-9
"""An eps that cannot be seen at the precision of a judgment."""


EPS_BELONGS = "another eps does not change y as it should: eps belongs under the root, added to what the root is of"


def vectors(draw: np.random.Generator, shape: tuple[int, ...], dtype: str = "float64") -> np.ndarray:
    """Draw vectors along the last axis, each with a mean and a spread of its own; none is nearly constant."""
    rows = (*shape[:-1], 1)
    noise = hidden.away_from_zero(draw, shape)
    noise[..., :2] = np.abs(noise[..., :2]) * np.array([1, -1])[: shape[-1]]
    return (hidden.away_from_zero(draw, rows) + draw.uniform(0.4, 2, rows) * noise).astype(dtype)


def gain(y: np.ndarray, signal: np.ndarray, message: str, axis: int | tuple[int, ...] = -1) -> np.ndarray:
    """Return the positive factor along the axis by which y is a multiple of the signal; raise Unmet when it is none."""
    gains = (y * signal).sum(axis=axis, keepdims=True) / (signal**2).sum(axis=axis, keepdims=True)
    if not ((gains > 0).all() and close(y / gains, signal)):
        raise Unmet(message)
    return gains


def takes_any_shape(normalized: Callable[[np.ndarray], np.ndarray], draw: np.random.Generator) -> None:
    """Raise Unmet unless vectors in an array of any number of dimensions get what they get as rows of a matrix.

    Args:
        normalized: asks for what becomes of an array.
        draw: draws the vectors.
    """
    message = "vectors in an array of any number of dimensions should get what they get as the rows of a matrix"
    for shape in SHAPES:
        x = vectors(draw, shape)
        expect(close(normalized(x), normalized(x.reshape(-1, shape[-1])).reshape(shape)), message)


def eps_is_added(ys: dict[float, np.ndarray], signal: np.ndarray, axis: int | tuple[int, ...] = -1) -> None:
    """Raise Unmet unless eps is added under the root.

    1 / gain^2 has to grow as eps does. Gains are compared, and not their differences, which would magnify what float32
    rounds away. Where y is no multiple of the signal, which costs another requirement, there is no gain.

    Args:
        ys: what comes back for one x by eps, the smallest of which cannot be seen.
        signal: x or x minus a mean.
        axis: along which one gain is shared.
    """
    try:
        gains = {eps: gain(y, signal, "", axis) for eps, y in ys.items()}
    except Unmet:
        grows_evenly(ys)
        return
    least = min(ys)
    for eps, own in gains.items():
        wanted = 1 / np.sqrt(1 / gains[least] ** 2 + eps - least)
        expect(close(own / wanted, np.ones_like(own)), EPS_BELONGS)


def grows_evenly(ys: dict[float, np.ndarray]) -> None:
    """Raise Unmet unless 1 / y^2 grows in proportion to eps, whatever y is a multiple of; y is given by eps."""
    least, most = min(ys), max(ys)
    low, high = (1 / ys[eps] ** 2 for eps in (least, most))
    slope = (high - low) / (most - least)
    for eps, y in ys.items():
        expect(close(np.abs(y) * np.sqrt(low + slope * (eps - least)), np.ones_like(y), np.float32), EPS_BELONGS)


def marks_of_eps(eps: float, signal: np.ndarray, without: np.ndarray, given: np.ndarray) -> list[float]:
    """Tell for a fingerprint whether eps is added under the root, and whether it has no influence.

    Args:
        eps: one that can be seen.
        signal: x or x minus its mean, as rows.
        without: what comes back for an eps that cannot be seen, as rows.
        given: what comes back for this eps, as rows.
    """
    squares, before, after = ((rows**2).mean(axis=-1) for rows in (signal, without, given))
    added = (1 / after - 1 / before) * squares / eps
    return [float(np.allclose(added, wanted, rtol=1e-3, atol=1e-3)) for wanted in (1, 0)]
