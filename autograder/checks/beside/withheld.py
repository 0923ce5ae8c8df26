"""The probe that takes a library's own layer away before any of the student's code has run: it gives nothing but nan.

An answer that a student has written does not notice. One that is, or rests on, that layer has nothing left to stand on,
whatever it says of itself.
"""

import functools
import importlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

from .borrowed import method_of, named
from .respond import probe

HOLDERS = ("torch", "torch.nn.functional", "torch.Tensor", "torch._C._nn", "torch._VF")
"""Where a function of torch is found under its own name."""
FOREVER = ExitStack()
"""What is taken away in a process stays away."""


@probe
def withheld(subject: Any, paths: list[str]) -> list[str]:
    """Take away what stands at these paths, and return the paths of what was there."""
    taken = []
    for path in paths:
        with suppress(ImportError):
            importlib.import_module(path.partition(".")[0])
        thing = named(path)
        if isinstance(thing, type):
            method = method_of(thing)
            setattr(thing, method, giving_nothing(getattr(thing, method)))
        elif thing is not None:
            take_function(path.rpartition(".")[2])
        taken += [path] if thing is not None else []
    return taken


def giving_nothing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that gives what another one gives, as nan, and changes none of its arguments."""

    @functools.wraps(function, updated=())
    def nothing(*args: Any, **kwargs: Any) -> Any:
        return as_nan(function(*map(copied, args), **{name: copied(value) for name, value in kwargs.items()}))

    return nothing


def as_nan(value: Any) -> Any:
    return tuple(map(as_nan, value)) if isinstance(value, tuple) else value * float("nan")


def copied(value: Any) -> Any:
    return value.clone() if hasattr(value, "clone") else value


def take_function(name: str) -> None:
    """Take a function of torch away, under every name that it has, also for code that is not Python."""
    import torch

    for holder in filter(None, map(named, HOLDERS)):
        for attribute in same_function(name, dir(holder)):
            setattr(holder, attribute, giving_nothing(getattr(holder, attribute)))

    class Withholding(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            is_taken = list(same_function(name, [getattr(function, "__name__", "")]))
            return (giving_nothing(function) if is_taken else function)(*args, **(kwargs or {}))

    FOREVER.enter_context(Withholding())


def same_function(name: str, attributes: list[str]) -> Iterator[str]:
    """Yield those attributes that are a function of torch by its other names: `softmax` is `_softmax`, too."""
    for attribute in attributes:
        if attribute.partition(".")[0].strip("_").removeprefix("native_") == name:
            yield attribute
