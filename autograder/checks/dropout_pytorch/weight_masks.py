"""Masks of weights, read from the outputs of a layer.

With x[i, j] = s[i] t[j] 2^j and W[o, j] = u[o] / t[j] an output is s[i] u[o] times a sum of powers of two, whose binary
digits are the mask of that output's weights for that example.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Tensor, Value
from autograder.checks.exercise import Unmet
from autograder.checks.expect import tensor

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]
"""x, W and b."""


def inputs(draw: np.random.Generator, n: int, fan_in: int, fan_out: int, dtype: str = "float32") -> Arrays:
    """Draw x (n, in), W (out, in) and b (out,)."""
    return tuple(hidden.away_from_zero(draw, shape, dtype) for shape in ((n, fan_in), (fan_out, fan_in), (fan_out,)))  # type: ignore[return-value]


def coded(draw: np.random.Generator, n: int, fan_in: int, fan_out: int) -> tuple[Arrays, np.ndarray]:
    """Draw x, W, b in float64 from whose products the masks can be read, and the unit (n, out) of each output."""
    rows, outputs = hidden.away_from_zero(draw, (n, 1)), hidden.away_from_zero(draw, (fan_out, 1))
    columns = hidden.away_from_zero(draw, (fan_in,))
    x, W = rows * columns * 2.0 ** np.arange(fan_in), outputs / columns
    return (x, W, hidden.away_from_zero(draw, (fan_out,))), rows * outputs.T


def sent(arrays: Arrays) -> tuple[Tensor, ...]:
    return tuple(Tensor(array) for array in arrays)


def outputs_of(value: Value, arrays: Arrays, dtype: str = "") -> np.ndarray:
    x, W, _ = arrays
    return tensor(value, (len(x), len(W)), dtype or None)


@dataclass(frozen=True)
class Masked:
    """What outputs reveal: the masks (n, out, in), the factor of what is kept, and whether the bias was added."""

    masks: np.ndarray
    factor: float
    biased: bool


def read(value: Value, arrays: Arrays, unit: np.ndarray, rate: float) -> Masked:
    """Read an answer's outputs, also where kept weights have another factor than they should, or no bias is added.

    Raises Unmet when they are no masked products.
    """
    y, (x, _, b) = outputs_of(value, arrays), arrays
    for factor, biased in product((1 / (1 - rate), 1.0, 1 / rate, 1 - rate), (True, False)):
        code = (y - b * biased) / factor / unit
        whole = np.rint(code)
        if (np.isclose(code, whole, rtol=1e-7, atol=1e-7) & (whole >= 0) & (whole < 2 ** x.shape[1])).all():
            masks = ((whole[..., None].astype(np.int64) >> np.arange(x.shape[1])) & 1).astype(bool)
            return Masked(masks, factor, biased)
    raise Unmet("in training the outputs should be x W'^T + b, where every weight of W' is 0 or W / (1 - rate)")


def masks_of(value: Value, arrays: Arrays, unit: np.ndarray, rate: float) -> np.ndarray:
    """Return the masks (n, out, in) that an answer's outputs reveal."""
    return read(value, arrays, unit, rate).masks
