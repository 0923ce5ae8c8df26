"""The steps that a module of BatchNorm is taken through, and with which options."""

import numpy as np

from autograder.checks.ask import Ask, Tensor
from autograder.checks.batchnorm.batches import batch, gains, statistics
from autograder.checks.beside.batchnorm import (
    Normalized,
    alternate,
)
from autograder.checks.beside.ways import lay

SHAPES = ((5, 3), (2, 4))


STEPS = (True, False, True, True, False, True)


KEYS = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}


OPTIONS: tuple[dict[str, float], ...] = ({}, {"eps": 0.3, "momentum": 0.4})


CASES = tuple(zip((*SHAPES, (4, 4), (300, 2)), (*OPTIONS, *reversed(OPTIONS)), (True, True, False, False), strict=True))
"""Shape, options, and whether gradients are recorded."""


def tensors(arrays: dict[str, np.ndarray]) -> dict[str, Tensor]:
    return {name: Tensor(array) for name, array in arrays.items()}


def settings(draw: np.random.Generator, d: int) -> dict[str, np.ndarray]:
    """Draw weight, bias and running statistics."""
    (weight, bias), (mean, var) = gains(draw, d), statistics(draw, d)
    return {"weight": weight, "bias": bias, "running_mean": mean, "running_var": var}


def parameters(given: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return given["weight"], given["bias"]


def alternated(ask: Ask, draw: np.random.Generator) -> tuple[list[np.ndarray], tuple[bool, ...], list[Normalized]]:
    """Return batches, the modes of one module for each, and what became of them one after the other."""
    xs = [lay(batch(draw, (n, 3)), ["zeros"]) + shift for n, shift in zip((4, 5, 3, 6, 2, 5), range(6), strict=True)]
    return xs, STEPS, ask.probe(alternate, [Tensor(x) for x in xs], list(STEPS), {})
