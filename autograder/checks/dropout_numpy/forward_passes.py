"""Right answers to `dropout_forward` that are written in other ways than the reference, and how answers are told apart."""

import numpy as np

from autograder.checks.ask import Ask, Rng


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


def marks(ask: Ask) -> list[float]:
    """Measure what is kept and by what it is multiplied, in training and at test time."""
    x = np.random.default_rng(5).uniform(0.5, 2, (200, 60))
    numbers: list[float] = []
    for rate in (0.2, 0.7):
        first = ask.answer(x, rate, Rng(11))
        y, mask = (np.asarray(value) for value in ask.value(first))
        kept = y != 0
        numbers += [kept.mean(), np.median(y[kept] / x[kept]), mask.max(), float(first.untouched)]
        numbers.append((kept[::2] == kept[1::2]).mean())
        numbers += [(kept == (np.asarray(ask(x, rate, Rng(seed))[0]) != 0)).mean() for seed in (11, 13)]
        test = np.asarray(ask(x, rate, Rng(12), training=False)[0])
        scale = np.median(test[test != 0] / x[test != 0])
        numbers += [(test != 0).mean(), float(abs(scale - 1) > 0.01)]
    return numbers
