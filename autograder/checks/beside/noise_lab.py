"""The probes that make a student's noise layer and call it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .respond import attempt, probe


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Have torch's own generator in a known state."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


@probe
def outputs(subject: Any, seed: int, inputs: Any, modes: Any) -> list[Any]:
    """Make one layer and call it on every input in the mode beside it (True: training)."""
    with seeded(seed):
        layer = attempt(subject)
        values = []
        for x, mode in zip(inputs, modes, strict=True):
            attempt(layer.train, mode)
            values.append(attempt(layer, x))
        return values


@probe
def repeated(subject: Any, seed: int, x: Any, times: int) -> Any:
    """Return what one layer puts out in training when it is called again and again, (times, *x.shape)."""
    import torch

    def call(layer: Any) -> Any:
        with torch.no_grad():
            return torch.stack([layer(x) for _ in range(times)])

    with seeded(seed):
        layer = attempt(subject)
        attempt(layer.train)
        return attempt(call, layer)


@probe
def gradients(subject: Any, seed: int, x: Any, dy: Any, times: int) -> list[Any]:
    """Return the gradients of (dy * y).sum() for x from calls in training and one in eval mode, None without graph."""
    with seeded(seed):
        layer = attempt(subject)
        found = []
        for training in [True] * times + [False]:
            attempt(layer.train, training)
            leaf = x.clone().requires_grad_()
            y = attempt(layer, leaf)
            if getattr(y, "requires_grad", False):
                attempt(y.backward, dy)
            found.append(leaf.grad)
        return found


@probe
def restored(subject: Any, seed: int, inputs: Any) -> list[Any]:
    """Return what a used layer and a new one with its state put out for equal torch seeds."""
    import torch

    with seeded(seed):
        used, new = attempt(subject), attempt(subject)
        attempt(used.train)
        attempt(new.train)
        for x in inputs:
            attempt(used, x)
        attempt(new.load_state_dict, attempt(used.state_dict))
        values = []
        for layer in (used, new):
            torch.default_generator.manual_seed(seed + 1)
            values += [attempt(layer, x) for x in inputs]
        return values
