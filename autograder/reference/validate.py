"""Argument checks that every topic shares."""

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]


def require_rate(rate: float, name: str = "rate") -> float:
    """Return `rate` as a float; raise ValueError unless it lies in [0, 1]."""
    if not 0 <= rate <= 1:
        raise ValueError(f"{name} must lie in [0, 1], got {rate}")
    return float(rate)


def require_shape(array: Array, shape: tuple[int, ...], name: str) -> None:
    """Raise ValueError unless `array` has exactly this shape."""
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got shape {array.shape}")


def require_ndim(array: Array, ndim: int, name: str) -> None:
    """Raise ValueError unless `array` has this number of dimensions."""
    if array.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} dimensions, got shape {array.shape}")
