"""Hidden Monte Carlo passes: outputs of different centers and spreads, off the deterministic ones."""

import numpy as np


def passes(draw: np.random.Generator, T: int, k: int, dtype: str = "float64") -> tuple[np.ndarray, np.ndarray]:
    """Draw samples of shape (T, k) and a deterministic output of shape (k,) near their mean."""
    center, spread = draw.uniform(-3, 3, k), draw.uniform(0.3, 2, k)
    samples = center + spread * draw.normal(0, 1, (T, k))
    return samples.astype(dtype), (center + draw.uniform(0.2, 1, k)).astype(dtype)
