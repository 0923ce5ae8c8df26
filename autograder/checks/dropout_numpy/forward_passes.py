"""Right answers to `dropout_forward` that are written in other ways than the reference."""

import numpy as np


def with_binomial(x, rate, rng, training=True):
    if not 0 <= rate <= 1:
        raise ValueError("rate must be between 0 and 1")
    if not training:
        return x, np.ones_like(x)
    mask = rng.binomial(1, 1 - rate, size=x.shape).astype(x.dtype)
    return (mask * x / (1 - rate) if rate < 1 else np.zeros_like(x)), mask


def with_choice(x, rate, rng, training=True):
    if rate < 0 or rate > 1:
        raise ValueError(f"rate {rate} is not a probability")
    if not training or rate == 0:
        return x.copy(), np.full(x.shape, True)
    mask = rng.choice([False, True], size=x.shape, p=[rate, 1 - rate])
    y = np.zeros_like(x)
    y[mask] = x[mask] / (1 - rate)
    return y, mask


def entry_by_entry(x, rate, rng, training=True):
    if not (rate >= 0 and rate <= 1):
        raise ValueError("bad rate")
    y, mask = x.astype(np.float64), np.ones(x.shape, np.int64)
    if training:
        for index in np.ndindex(*x.shape):
            dropped = rng.uniform() < rate
            mask[index] = 0 if dropped else 1
            y[index] = 0.0 if dropped else x[index] / (1.0 - rate)
    return y.astype(x.dtype), mask


def with_normal_quantile(x, rate, rng, training=True):
    """A normal draw is as good as a uniform one, when its threshold is a quantile: here the sum of two squares, exponential."""
    if rate > 1 or rate < 0:
        raise ValueError("rate out of range")
    mask = np.ones(x.shape, dtype=bool)
    if training:
        a, b = rng.standard_normal((2, *x.shape))
        mask = np.exp(-(a**2 + b**2) / 2) > rate if rate < 1 else np.zeros(x.shape, dtype=bool)
    scale = 1 / (1 - rate) if training and rate < 1 else 1.0
    return np.where(mask, x * scale, 0).astype(x.dtype), mask
