"""Layers that answer `FreshMaskDropout`: right ones, and what wrong ones have in common."""

import numpy as np


class Inverted:
    """What all the layers below have in common; each says how it draws the mask for a shape."""

    def __init__(self, rate, rng=None):
        if not 0 <= rate <= 1:
            raise ValueError(f"rate must lie in [0, 1], got {rate}")
        self.rate = rate
        self.rng = rng if rng is not None else np.random.default_rng()

    def __call__(self, x, training=True):
        if not training:
            return x.copy()
        scale = 1 / (1 - self.rate) if self.rate < 1 else 0
        return (x * self.mask(x.shape) * scale).astype(x.dtype)


class WithBinomial:
    def __init__(self, rate, rng=None):
        if rate < 0 or rate > 1:
            raise ValueError("rate is no probability")
        self.keep = 1 - rate
        self.generator = np.random.default_rng() if rng is None else rng

    def __call__(self, x, training=True):
        if not training or self.keep == 1:
            return x
        y = self.generator.binomial(1, self.keep, size=x.shape) * x
        return (y / max(self.keep, 1e-30)).astype(x.dtype)


class MakingItsGeneratorLate:
    """Validates and makes its generator at the first call."""

    def __init__(self, rate, rng=None):
        self.rate, self.rng = rate, rng

    def __call__(self, x, training=True):
        if not (self.rate >= 0 and self.rate <= 1):
            raise ValueError(f"bad rate {self.rate}")
        if self.rng is None:
            self.rng = np.random.Generator(np.random.PCG64())
        y = x.copy()
        if training:
            y[self.rng.uniform(size=x.shape) < self.rate] = 0
            y /= 1 - self.rate if self.rate < 1 else 1
        return y


class WithNewEntropyEachCall:
    """Without a generator of its own, every call may take new entropy from the system: nothing is shared."""

    def __init__(self, rate, rng=None):
        if rate > 1 or rate < 0:
            raise ValueError("rate outside [0, 1]")
        self.rate, self.rng = rate, rng

    def __call__(self, x, training=True):
        if not training:
            return np.array(x)
        rng = self.rng or np.random.default_rng()
        keep = rng.random(x.shape, dtype=np.float32) >= self.rate
        with np.errstate(divide="ignore", over="ignore"):
            return np.where(keep, x / np.float64(1 - self.rate), 0).astype(x.dtype)
