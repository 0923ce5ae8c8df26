"""Hidden Monte Carlo passes: outputs of different centers and spreads, off the deterministic ones."""

from typing import Any

import numpy as np

from autograder.checks.ask import Ask, Value
from autograder.checks.expect import array, parts, refuses


def passes(draw: np.random.Generator, T: int, k: int, dtype: str = "float64") -> tuple[np.ndarray, np.ndarray]:
    """Draw samples of shape (T, k) and a deterministic output of shape (k,) near their mean."""
    center, spread = draw.uniform(-3, 3, k), draw.uniform(0.3, 2, k)
    samples = center + spread * draw.normal(0, 1, (T, k))
    return samples.astype(dtype), (center + draw.uniform(0.2, 1, k)).astype(dtype)


def named(value: Value, names: tuple[str, ...], shape: tuple[int, ...], dtype: Any = None) -> dict[str, np.ndarray]:
    """Return the parts of an answer by name; raise Unmet unless they are arrays of this shape and dtype."""
    items = zip(names, parts(value, names), strict=True)
    return {name: array(item, shape, dtype, name) for name, item in items}


def refuses_misfits(ask: Ask, samples: np.ndarray, deterministic: np.ndarray) -> None:
    """Ask with a deterministic output, and with passes, of shapes that NumPy might broadcast."""
    for wrong in (deterministic[:2], deterministic[:1], deterministic[None], deterministic[:, None]):
        because = f"a deterministic of shape {wrong.shape} for passes of 3 outputs"
        refuses(ask, samples, wrong, because=because, mentions="deterministic samples")
    cube, mentions = samples[:, :, None], "samples deterministic"
    refuses(ask, cube, deterministic, because="samples with three dimensions", mentions=mentions)
