"""The probe that looks for a library's own layer in an answer that is to be written without it."""

import functools
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from .respond import attempt, probe


@probe
def borrowed(subject: Any, paths: list[str], settings: list[Any], arguments: list[Any], options: dict[str, Any]) -> str:
    """Return the path of the class or function that the subject is, derives from or goes through; an empty text for none.

    A class is built with these settings before it is called.
    """
    known = {path: thing for path in paths if (thing := named(path)) is not None}
    own = subject.func if isinstance(subject, functools.partial) else subject
    for path, thing in known.items():
        if own is thing or (isinstance(own, type) and isinstance(thing, type) and issubclass(own, thing)):
            return path
    called: set[str] = set()
    with ExitStack() as watches:
        for path, thing in known.items():
            if isinstance(thing, type):
                watches.enter_context(watched(thing, path, called))
        watches.enter_context(functions_of_torch(called))
        used = attempt(subject, *settings) if isinstance(own, type) else subject
        attempt(used, *arguments, **options)
    names = {path: path if isinstance(thing, type) else path.rpartition(".")[2] for path, thing in known.items()}
    return next((path for path, name in names.items() if name in called), "")


def named(path: str) -> Any:
    """Return what a dotted path names; None when its library has not been imported, so that nothing can rest on it."""
    library, *names = path.split(".")
    return functools.reduce(lambda holder, name: getattr(holder, name, None), names, sys.modules.get(library))


def method_of(kind: Any) -> str:
    """Return the name of the method that does the work of a layer of Keras or torch."""
    return "call" if hasattr(kind, "call") else "forward"


@contextmanager
def watched(kind: Any, path: str, called: set[str]) -> Iterator[None]:
    """Note under a path when a layer of this kind, of Keras or torch, is called."""
    method = method_of(kind)
    original, own = getattr(kind, method), method in vars(kind)

    @functools.wraps(original)
    def noting(*args: Any, **kwargs: Any) -> Any:
        called.add(path)
        return original(*args, **kwargs)

    setattr(kind, method, noting)
    try:
        yield
    finally:
        if own:
            setattr(kind, method, original)
        else:
            delattr(kind, method)


@contextmanager
def functions_of_torch(called: set[str]) -> Iterator[None]:
    """Note the names of the functions of torch that are called."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        yield
        return

    class Watching(torch.overrides.TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            called.add(getattr(function, "__name__", "").lstrip("_"))
            return function(*args, **(kwargs or {}))

    with Watching():
        yield
