"""Hidden batches for normalization over the batch, and refusals that all its exercises share."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask
from autograder.checks.expect import refuses

SHAPES = ((5, 3), (2, 6), (12, 1), (9, 4))
"""Shapes (n, d) that are asked: none is square, and in the smallest batch n / (n - 1) is 2."""

NEGLIGIBLE = 1e-10
"""An eps that cannot be seen at the precision of a judgment."""


def batch(draw: np.random.Generator, shape: tuple[int, ...], scale: float = 1.0) -> np.ndarray:
    """Draw rows whose features, along the last axis, have means and spreads of their own; none is nearly constant."""
    features = shape[-1:]
    noise = hidden.away_from_zero(draw, shape)
    rows = noise.reshape(-1, *features)
    rows[0], rows[1] = np.abs(rows[0]), -np.abs(rows[1])
    return scale * (hidden.away_from_zero(draw, features) + draw.uniform(0.4, 2, features) * noise)


def gains(draw: np.random.Generator, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw gamma and beta: of both signs, and far from 1 and 0."""
    gamma, beta = hidden.away_from_zero(draw, (2, d))
    return gamma * 1.5, beta


def statistics(draw: np.random.Generator, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a moving mean and a moving variance."""
    return hidden.away_from_zero(draw, (d,)), draw.uniform(0.2, 6, d)


def cast(arrays: tuple[np.ndarray, ...], dtype: str) -> tuple[np.ndarray, ...]:
    """Return the arrays in another dtype."""
    return tuple(array.astype(dtype) for array in arrays)


def refuses_wrong_parameters(ask: Ask, arguments: dict[str, np.ndarray], names: tuple[str, ...], *rest: str) -> None:
    """Ask with each named parameter (d,) in a shape that NumPy might broadcast, or that is too short."""
    given = list(arguments.values())
    for name in names:
        right = arguments[name]
        d = len(right)
        for wrong in (right[:1], right[:-1], right[None], right[:, None], np.array(right[0])):
            changed = [wrong if value is right else value for value in given]
            because = f"a {name} of shape {wrong.shape} for {d} features"
            refuses(ask, *changed, *rest, because=because, mentions=" ".join(arguments))
