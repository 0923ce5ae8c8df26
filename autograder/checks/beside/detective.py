"""The probes that build a student's dropout layer and watch generators while it is called."""

import gc
import pickle
import random
from dataclasses import dataclass
from typing import Any

import numpy as np

from .respond import Facts, attempt, probe


@probe
def outputs(subject: Any, rate: float, rng: Any, inputs: Any, modes: Any) -> list[Any]:
    """Build one layer and call it on every input, in the mode beside it; without modes, in its default mode."""
    layer = attempt(subject, rate) if rng is None else attempt(subject, rate, rng)
    if modes is None:
        return [attempt(layer, x) for x in inputs]
    return [attempt(layer, x, training=mode) for x, mode in zip(inputs, modes, strict=True)]


@probe
def advances(subject: Any, rate: float, rng: Any, x: Any) -> list[bool]:
    """Tell for each of three calls whether it moved the generator that the layer was given."""
    layer = attempt(subject, rate, rng)
    moved = []
    for _ in range(3):
        before = str(rng.bit_generator.state)
        attempt(layer, x)
        moved.append(str(rng.bit_generator.state) != before)
    return moved


@dataclass(frozen=True)
class Pair(Facts):
    """What two layers put out, and whether some generator moved for both."""

    outputs: list[Any]
    shared: bool


def states(alive: list[Any]) -> list[bytes]:
    """Return the states of generators, and that of Python's own."""
    own = [item.bit_generator.state if hasattr(item, "bit_generator") else item.get_state() for item in alive]
    return [pickle.dumps(state) for state in (*own, random.getstate())]


@probe
def pair(subject: Any, rate: float, x: Any) -> Pair:
    """Build two layers without a generator and call them, watching every generator of NumPy that is alive."""
    layers = [attempt(subject, rate), attempt(subject, rate)]
    first = [attempt(layer, x) for layer in layers]
    kinds = (np.random.Generator, np.random.RandomState)
    alive = [item for item in gc.get_objects() if type(item) in kinds] + [np.random.mtrand._rand]
    before = states(alive)
    attempt(layers[0], x)
    between = states(alive)
    attempt(layers[1], x)
    after = states(alive)
    changes = zip(before, between, after, strict=True)
    return Pair(first, any(old != mid and mid != new for old, mid, new in changes))
