"""`check_gradient`: a gradient beside difference quotients, a tool for every notebook in which one is written."""

from collections.abc import Callable

import numpy as np

STEP = 1e-6
"""How far an entry is moved up and down, in units of its own size where that is above 1."""


def measured_gradient(f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """Return the gradient of `(dy * f(x)).sum()` with respect to x, by central differences in float64.

    Args:
        f: takes an array of the shape of x and returns one of the shape of dy; random numbers in it must hold still.
        x: where; any shape.
        dy: the gradient of a loss with respect to f(x).

    Returns:
        An array of the shape of x.
    """
    x = np.array(x, dtype=float)
    measured = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = STEP * max(1.0, abs(float(x[index])))
        up, down = x.copy(), x.copy()
        up[index] += step
        down[index] -= step
        measured[index] = (dy * (f(up) - f(down))).sum() / (2 * step)
    return measured


def check_gradient(
    f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, dy: np.ndarray, dx: np.ndarray, tolerance: float = 1e-5
) -> None:
    """Print how a gradient compares with difference quotients, and the entry where it is farthest off.

    Args:
        f, x, dy: as for `measured_gradient`.
        dx: the gradient to be checked.
        tolerance: a difference that is still called agreement, relative to the largest entry.
    """
    measured = measured_gradient(f, x, dy)
    if np.shape(dx) != measured.shape:
        print(f"dx has the shape {np.shape(dx)}, and x the shape {measured.shape}")
        return
    apart = np.abs(dx - measured) / max(np.abs(measured).max(), STEP)
    worst = tuple(int(place) for place in np.unravel_index(apart.argmax(), apart.shape))
    word = "agrees with" if apart[worst] <= tolerance else "differs from"
    print(
        f"dx {word} difference quotients: at most {apart[worst]:.1e} apart, relative to the largest entry. "
        f"Entry {worst}: yours {dx[worst]:.6g}, measured {measured[worst]:.6g}."
    )
