"""What can be said of noise of any law: whether it is centered, and whether calls are independent.

Nothing is known about the law, so means are compared in standard errors, and LIMIT leaves room for skewed laws: by the
exact binomial law a requirement rejects dropout by chance with probability below 1e-9 at rates up to .95.
"""

import numpy as np

LIMIT = 12.0
RARE = 6.0


def is_centered(noise: np.ndarray, x: np.ndarray) -> bool:
    """Tell whether the noise has mean 0 in every entry, and along directions in which many small biases add up.

    RARE is added to the count of each jump, since what happens once in a thousand calls may not have happened yet.
    """
    flat = x.ravel().astype(np.float64)
    directions = np.stack([flat, np.ones_like(flat), np.sign(flat), np.abs(flat)], axis=1) / flat.size
    for values in (noise, noise @ directions):
        jump = np.abs(values).max()
        error = np.sqrt((values.var(axis=0, ddof=1) + RARE * jump**2 / len(values)) / len(values))
        if (np.abs(values.mean(axis=0)) > LIMIT * error + 1e-5 * np.abs(flat).max()).any():
            return False
    return True


def is_fresh(noise: np.ndarray) -> bool:
    """Tell whether calls differ, and the ranks of neighboring calls are uncorrelated."""
    if (noise == noise[0]).all():
        return False
    direction = np.random.default_rng(0).normal(size=noise.shape[1])
    ranks = np.argsort(np.argsort(noise @ direction, kind="stable"), kind="stable").astype(float)
    ranks -= ranks.mean()
    lags = [(ranks[lag:] * ranks[:-lag]).mean() / (ranks**2).mean() for lag in (1, 2, 3)]
    return bool(max(map(abs, lags)) * np.sqrt(len(noise)) < LIMIT)
