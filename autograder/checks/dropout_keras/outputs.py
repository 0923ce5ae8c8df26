"""What a layer of dropout puts out, asked call by call."""

from typing import Any

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask
from autograder.checks.beside.keras_layers import (
    calls,
)
from autograder.checks.expect import array, expect

SHAPES = ((1, 12_000), (7,), (5, 5), (3, 5, 2), (2, 3, 4, 2))


def outputs_of(
    ask: Ask, settings: dict[str, Any], xs: list[np.ndarray], modes: tuple[bool | None, ...] = (True,)
) -> list[np.ndarray]:
    dtype = {"mixed_float16": "float16"}.get(settings.get("dtype", ""), settings.get("dtype", "float32"))
    outputs = ask.probe(calls, settings, xs, list(modes))
    expect(len(outputs) == len(modes) * len(xs), "every call should give one output")
    return [array(y, x.shape, dtype, "the output") for x, y in zip(xs * len(modes), outputs, strict=True)]


def in_training(ask: Ask, draw: np.random.Generator) -> list[tuple[float, np.ndarray, np.ndarray]]:
    """Return rate, input and output of calls on arrays of several shapes, the largest first for each rate."""
    found = []
    for rate in hidden.RATES:
        xs = [hidden.away_from_zero(draw, shape, "float32") for shape in SHAPES]
        found += [
            (rate, x, y)
            for x, y in zip(xs, outputs_of(ask, {"rate": rate, "seed": hidden.seed(draw)}, xs), strict=True)
        ]
    return found
