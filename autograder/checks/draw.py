"""Hidden inputs: arrays with and without zeros, at rates where keep and drop cannot be confused."""

import numpy as np

from autograder.checks.ask import Rng, TorchRng
from autograder.checks.beside.ways import lay

RATES = (0.15, 0.4, 0.75)
"""Drop rates that are asked: none is .5, where rate and keep probability coincide."""

BAD_RATES = (-0.1, 1.2)

CALLED_AGAIN = ((40,), (12, 12), (4, 5, 6), (3, 4, 3, 4))
"""Shapes of an x that is passed to many calls in a row, to see whether its entries are treated alike."""


def away_from_zero(draw: np.random.Generator, shape: tuple[int, ...], dtype: str = "float64") -> np.ndarray:
    """Draw entries of both signs with magnitudes between .5 and 3, and a mean that is not 0."""
    magnitude = draw.uniform(0.5, 3, shape)
    return (magnitude * np.where(draw.random(shape) < 0.7, 1, -1)).astype(dtype)


def some_zeros(draw: np.random.Generator, shape: tuple[int, ...], dtype: str = "float64") -> np.ndarray:
    """Draw entries of which about a third is 0, of both signs, as behind a ReLU, and the others away from it."""
    return lay(away_from_zero(draw, shape, dtype), ["zeros"])


def short(draw: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Draw entries as `away_from_zero` does that are multiples of 1 / 8, so that the mean of equal ones is exact."""
    return np.asarray(np.round(8 * away_from_zero(draw, shape)) / 8)


def seed(draw: np.random.Generator) -> int:
    """Draw a seed, which is not 0."""
    return int(draw.integers(1, 2**31))


def rng(draw: np.random.Generator) -> Rng:
    """Draw the seed of a generator for the student's code."""
    return Rng(seed(draw))


def torch_rng(draw: np.random.Generator) -> TorchRng:
    """Draw the seed of a torch generator for the student's code."""
    return TorchRng(seed(draw))
