"""Probes of this assignment's functions: gradients, and draws without a generator."""

from typing import Any

from autograder.checks.respond import attempt


def gradients(subject: Any, dy: Any, wanted: int, *args: Any, **kwargs: Any) -> Any:
    """Call the subject and return its result y with the gradients of (dy * y).sum() for the first `wanted` arguments.

    The gradients are None where the result does not depend on its arguments through the graph.
    """
    leaves = [tensor.requires_grad_() for tensor in args[:wanted]]
    y = attempt(subject, *args, **kwargs)
    if getattr(y, "requires_grad", False):
        attempt(y.backward, dy)
    return y, [leaf.grad for leaf in leaves]


def unguided(subject: Any, seed: int, times: int, *args: Any) -> list[Any]:
    """Call the subject several times without a generator, so that it draws from torch's own, here in a known state."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return [attempt(subject, *args) for _ in range(times)]
