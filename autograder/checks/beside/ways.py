"""The ways in which a question can be put again.

With zeros it is another question; in all other ways what is sent is worth the same, and right code gives the same answer.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.random import default_rng  # as it was, whatever a student makes of it later

GRAPHLESS = "graphless"
"""Under torch.no_grad()."""


def view(array: np.ndarray) -> np.ndarray:
    """Return an array that lies in memory in another order, with gaps in between; what it is worth is the same."""
    if array.ndim == 0:
        return array
    room = np.zeros((2 * array.shape[-1], *array.shape[-2::-1]), array.dtype)
    spread = room.T[..., ::2]
    spread[...] = array
    return spread


def frozen(array: np.ndarray) -> np.ndarray:
    """Return an array that cannot be written to."""
    array.flags.writeable = False
    return array


def zeros(array: np.ndarray) -> np.ndarray:
    """Return an array in which about a third of the entries is 0, of both signs, at the same places for equal shapes."""
    if array.dtype.kind != "f" or array.size < 2:
        return array
    places = default_rng(array.shape).permutation(array.size)[: -(-array.size // 3)]
    array.flat[places[::2]], array.flat[places[1::2]] = 0.0, -0.0
    return array


def single(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def double(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64) if array.dtype.kind == "f" else array


ARRAYS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "zeros": zeros,
    "float32": single,
    "float64": double,
    "view": view,
    "frozen": frozen,
}
"""What becomes of the arrays that are sent, in this order."""

OF_TENSORS = ("zeros", "float32", "float64")
"""What becomes of arrays that become tensors: right code may ask how those lie in memory, as `view` does."""


def lay(array: np.ndarray, ways: Sequence[str]) -> np.ndarray:
    """Return a copy of an array in these ways."""
    array = array.copy()
    for way, change in ARRAYS.items():
        if way in ways:
            array = change(array)
    return array


@contextmanager
def mode(ways: Sequence[str]) -> Iterator[None]:
    """Let torch record no graph, where that is one of the ways."""
    torch: Any = sys.modules.get("torch")
    if GRAPHLESS not in ways or torch is None:
        yield
        return
    with torch.no_grad():
        yield
