"""What is asked of the backward pass of a normalization: each of its three gradients alone."""

import numpy as np

from autograder.checks.ask import Ask
from autograder.checks.expect import array, parts, refuses

PARTS = ("dx", "dgamma", "dbeta")
EPS = (1e-6, 0.3)


def part(ask: Ask, name: str, dy: np.ndarray, x: np.ndarray, gamma: np.ndarray, **eps: float) -> np.ndarray:
    """Ask for one of the three gradients and leave the others alone."""
    value = parts(ask(dy, x, gamma, **eps), PARTS)[PARTS.index(name)]
    return array(value, x.shape if name == "dx" else gamma.shape, name=name)


def refuses_misfitting_dy(ask: Ask, dy: np.ndarray, x: np.ndarray, gamma: np.ndarray) -> None:
    """Ask with a dy of shapes that NumPy might broadcast to that of x."""
    for wrong in (dy[:1], dy[:, :1], dy[0], dy[None]):
        refuses(ask, wrong, x, gamma, because=f"a dy of shape {wrong.shape} for x of shape {x.shape}", mentions="dy x")
