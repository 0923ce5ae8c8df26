"""Hidden Monte Carlo passes: outputs of different centers and spreads, off the deterministic ones."""

from dataclasses import dataclass

import numpy as np

from autograder.checks.ask import Ask, Value
from autograder.checks.expect import array, parts, refuses


def passes(draw: np.random.Generator, T: int, k: int, dtype: str = "float64") -> tuple[np.ndarray, np.ndarray]:
    """Draw samples of shape (T, k) and a deterministic output of shape (k,) near their mean."""
    center, spread = draw.uniform(-3, 3, k), draw.uniform(0.3, 2, k)
    samples = center + spread * draw.normal(0, 1, (T, k))
    return samples.astype(dtype), (center + draw.uniform(0.2, 1, k)).astype(dtype)


@dataclass(frozen=True)
class Named:
    """The parts of an answer by name; each is judged by its shape where it is looked at, and not where others are."""

    values: dict[str, Value]
    shape: tuple[int, ...]

    def __getitem__(self, name: str) -> np.ndarray:
        """Return a part; raise Unmet unless it is an array of the right shape."""
        return array(self.values[name], self.shape, name=name)

    @property
    def fits(self) -> bool:
        """Tell whether all parts have the right shape, so that they can be compared with one another."""
        return all(np.shape(value) == self.shape for value in self.values.values())


def named(value: Value, names: tuple[str, ...], shape: tuple[int, ...]) -> Named:
    """Return the parts of an answer by name; raise Unmet unless there are as many as names."""
    return Named(dict(zip(names, parts(value, names), strict=True)), shape)


def passes_first(value: Value, T: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return passes of outputs of this shape with their axis in front, wherever it lies and however many they are.

    Which place it should have, and which length, is judged once. Raise Unmet unless there is such an axis.
    """
    if isinstance(value, np.ndarray) and value.ndim == 3 and value.size:
        axes = [axis for axis in range(3) if value.shape[:axis] + value.shape[axis + 1 :] == shape]
        for axis in sorted(axes, key=lambda axis: value.shape[axis] != T)[:1]:
            value, T = np.moveaxis(value, axis, 0), value.shape[axis]
    return array(value, (T, *shape))


def refuses_misfits(ask: Ask, samples: np.ndarray, deterministic: np.ndarray) -> None:
    """Ask with a deterministic output, and with passes, of shapes that NumPy might broadcast."""
    for wrong in (deterministic[:2], deterministic[:1], deterministic[None], deterministic[:, None]):
        because = f"a deterministic of shape {wrong.shape} for passes of 3 outputs"
        refuses(ask, samples, wrong, because=because, mentions="deterministic samples")
    cube, mentions = samples[:, :, None], "samples deterministic"
    refuses(ask, cube, deterministic, because="samples with three dimensions", mentions=mentions)
