"""The side of the seam that stands beside the student's code: realise a question, call, describe the answer.

What it exchanges are trees of None, bool, int, float, str, list, numeric arrays and one-key dicts that name what JSON
cannot: tuple, dict, tensor, rng, torch_rng, opaque.
"""

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any, TypeVar

import numpy as np
from numpy.random import default_rng  # as it was, whatever a student makes of it later

from .raised import describe_error
from .ways import OF_TENSORS, lay, mode

Tree = Any

MAX_DEPTH = 12
MAX_INTEGER_BITS = 256
NUMERIC_KINDS = "biufcU"
PROBES: dict[str, Callable[..., Any]] = {}
"""The probes by their places: those that were there before the student's code was."""

AProbe = TypeVar("AProbe", bound=Callable[..., Any])


class RaisedByStudent(Exception):
    """Carries an exception out of the student's own call, apart from errors around it."""


class Facts:
    """What a probe has found out, in fields of its own: the base of dataclasses, which travel as dicts."""


def probe(function: AProbe) -> AProbe:
    """Let questions use a function `(subject, *args, **kwargs)` that builds or calls the student's object.

    It reaches the student's code through `attempt` alone, which tells its exceptions from the probe's own.
    """
    PROBES[place(function)] = function
    return function


def place(function: Callable[..., Any]) -> str:
    """Return the name of a probe in questions, which is the same in every process: module and function."""
    return f"{function.__module__.rpartition('.')[2]}.{function.__name__}"


def attempt(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call the student's code; whatever it raises counts as its own."""
    try:
        return function(*args, **kwargs)
    except (Exception, SystemExit) as error:
        raise RaisedByStudent from error


def realise(tree: Tree, ways: Sequence[str] = ()) -> Any:
    """Build the objects that a tree from outside stands for: generators, tensors, tuples, dicts, arrays in some ways."""
    if isinstance(tree, list):
        return [realise(item, ways) for item in tree]
    if isinstance(tree, np.ndarray):
        return lay(tree, ways)
    if isinstance(tree, dict):
        ((tag, content),) = tree.items()
        return _REALISE[tag](content, ways)
    return tree


def _tensor(array: np.ndarray, ways: Sequence[str]) -> Any:
    import torch

    return torch.tensor(lay(array, [way for way in ways if way in OF_TENSORS]))


def _torch_rng(seed: int, _: Sequence[str]) -> Any:
    import torch

    return torch.Generator().manual_seed(seed)


_REALISE: dict[str, Callable[[Any, Sequence[str]], Any]] = {
    "tuple": lambda items, ways: tuple(realise(item, ways) for item in items),
    "dict": lambda items, ways: {key: realise(item, ways) for key, item in items.items()},
    "rng": lambda seed, _: default_rng(seed),
    "tensor": _tensor,
    "torch_rng": _torch_rng,
}


def describe(value: Any, depth: int = 0) -> Tree:
    """Reduce a returned object to a tree; what is no plain data becomes opaque, by the name of its type.

    Subclasses are read through their base class, so that an overridden operator cannot lie.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, np.ndarray):
        plain = np.ndarray.__array__(value)
        return np.array(plain, copy=True, subok=False) if plain.dtype.kind in NUMERIC_KINDS else _opaque(value)
    if isinstance(value, np.generic):
        return np.array(value) if value.dtype.kind in NUMERIC_KINDS else _opaque(value)
    if isinstance(value, float):
        return float.__add__(value, 0.0)
    if isinstance(value, int):
        return int.__add__(value, 0) if int.bit_length(value) <= MAX_INTEGER_BITS else _opaque(value)
    if isinstance(value, str):
        return str.__str__(value)
    if depth < MAX_DEPTH and isinstance(value, list | tuple | dict | Facts):
        return _describe_items(value, depth + 1)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return {"tensor": np.array(value.detach().cpu().numpy(), copy=True)}
    return _opaque(value)


def _describe_items(value: Any, depth: int) -> Tree:
    if isinstance(value, list):
        return [describe(item, depth) for item in list.__iter__(value)]
    if isinstance(value, tuple):
        return {"tuple": [describe(item, depth) for item in tuple.__iter__(value)]}
    items = dict.items(vars(value) if isinstance(value, Facts) else value)
    if any(type(key) is not str for key, _ in items):
        return _opaque(value)
    return {"dict": {key: describe(item, depth) for key, item in items}}


def _opaque(value: Any) -> Tree:
    return {"opaque": type(value).__name__[:80]}


def _contents(value: Any) -> list[Any]:
    """Return the bytes of every array and tensor among the arguments, to see later whether one was changed."""
    if isinstance(value, np.ndarray):
        return [value.tobytes()]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [item for element in value for item in _contents(element)]
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return [value.detach().numpy().tobytes()]
    return []


Switch = tuple[Callable[[], Any], Callable[[Any], Any], Any]
"""How a setting of the whole process is read, how it is set, and what it is in a fresh process."""

PRINTED = {
    "edgeitems": 3, "threshold": 1000, "floatmode": "maxprec", "precision": 8, "suppress": False, "linewidth": 75,
    "nanstr": "nan", "infstr": "inf", "sign": "-", "formatter": None, "legacy": False, "override_repr": None,
}  # fmt: skip
"""How NumPy prints: an old style changes what numbers look like in a message."""
SMALLEST = 5e-324
RECURSION = 3000
"""Calls within one another that Python allows, as in a notebook."""


def _switches_of_numpy(_: Any) -> list[Switch]:
    errors = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
    return [
        (np.geterr, lambda how: np.seterr(**how), errors),
        (
            np.get_printoptions,
            lambda how: np.set_printoptions(**how),
            {key: PRINTED[key] for key in np.get_printoptions()},
        ),
        (sys.getrecursionlimit, sys.setrecursionlimit, RECURSION),
    ]


def _switches_of_torch(torch: Any) -> list[Switch]:
    matmul = torch.backends.mkldnn.matmul
    return [
        (torch.get_default_dtype, torch.set_default_dtype, torch.float32),
        (torch.is_grad_enabled, torch.set_grad_enabled, True),
        (lambda: torch.is_autocast_enabled("cpu"), lambda on: torch.set_autocast_enabled("cpu", on), False),
        (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly, False),
        (torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode, 0),
        (lambda: SMALLEST * 1.0 == 0, torch.set_flush_denormal, False),
        (
            lambda: matmul.fp32_precision.replace("none", "ieee"),
            lambda how: setattr(matmul, "fp32_precision", how),
            "ieee",
        ),
    ]


def _switches_of_keras(keras: Any) -> list[Switch]:
    config = keras.config
    fresh = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}
    fresh |= dict.fromkeys(("max_epochs", "max_steps_per_epoch")) if hasattr(config, "set_max_epochs") else {}
    switches = [(getattr(config, name), getattr(config, f"set_{name}"), value) for name, value in fresh.items()]
    return [*switches, (lambda: config.dtype_policy().name, config.set_dtype_policy, "float32")]


def _switches_of_tensorflow(tf: Any) -> list[Switch]:
    return [(tf.config.functions_run_eagerly, tf.config.run_functions_eagerly, False)]


SWITCHES: dict[str, Callable[[Any], list[Switch]]] = {
    "numpy": _switches_of_numpy,
    "torch": _switches_of_torch,
    "keras": _switches_of_keras,
    "tensorflow": _switches_of_tensorflow,
}


@contextmanager
def fresh_settings() -> Iterator[None]:
    """Give NumPy, torch and Keras the settings of a fresh process, and let no warning be an error.

    Scratch work that sets another one, after the answers or before, must not decide what they are worth. How many
    threads there are is left alone: it decides how long an answer takes, and not what it is.
    """
    with ExitStack() as settings:
        settings.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        for read, write, fresh in _switches(tuple(name for name in SWITCHES if name in sys.modules)):
            if (now := read()) != fresh:
                settings.callback(write, now)
                write(fresh)
        torch = sys.modules.get("torch")
        if torch is not None and torch.is_inference_mode_enabled():
            settings.enter_context(torch.inference_mode(False))
        if torch is not None and _puts_tensors_elsewhere(torch):
            settings.enter_context(torch.device("cpu"))
        yield


@cache
def _switches(modules: tuple[str, ...]) -> list[Switch]:
    return [switch for name in modules for switch in SWITCHES[name](sys.modules[name])]


def _puts_tensors_elsewhere(torch: Any) -> bool:
    """Tell whether new tensors go to another device than the processor, also to one that there is not."""
    try:
        return bool(torch.empty(0).device.type != "cpu")
    except (AssertionError, RuntimeError):
        return True


@fresh_settings()
def respond(namespace: Mapping[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """Answer one question about a name in the student's namespace.

    Args:
        namespace: what the student's cells defined.
        request: `subject` (a name), `probe` (its place, or an empty string to call the subject itself), `args` (a
            list of trees), `kwargs` (a dict of trees) and `ways` (in which the arguments are sent, see `ways`).

    Returns:
        `outcome`, one of "value", "raised", "undefined" and "broken" (the probe failed outside the student's own
        call), with `value`, `raised` and `untouched` (whether every array passed in still has its bytes).
    """
    subject = namespace.get(request["subject"])
    if subject is None:
        return {"outcome": "undefined"}
    ways = request["ways"]
    args = [realise(tree, ways) for tree in request["args"]]
    kwargs = {key: realise(tree, ways) for key, tree in request["kwargs"].items()}
    before = _contents([args, kwargs])
    try:
        with mode(ways):
            if request["probe"]:
                value = PROBES[request["probe"]](subject, *args, **kwargs)
            else:
                value = attempt(subject, *args, **kwargs)
        described = describe(value)
    except RaisedByStudent as raised:
        return {
            "outcome": "raised",
            "raised": describe_error(raised.__cause__ or raised),
            "untouched": _contents([args, kwargs]) == before,
        }
    except Exception as error:
        return {"outcome": "broken", "raised": describe_error(error)}
    return {"outcome": "value", "value": described, "untouched": _contents([args, kwargs]) == before}
