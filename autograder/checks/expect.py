"""Small judgments that many requirements share; each raises Unmet with a message for the student."""

import re
from typing import Any

import numpy as np

from autograder.checks.ask import Answer, Ask, Opaque, StudentRaised, Tensor, Value
from autograder.checks.exercise import Unmet
from autograder.checks.memory import Memory

MALFORMED = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
"""What reading an answer raises that has not the form it should have."""


def expect(condition: object, message: str) -> None:
    """Raise Unmet unless the condition holds."""
    if not condition:
        raise Unmet(message)


def describe_type(value: Value) -> str:
    """Name the type of an answer as a student would."""
    match value:
        case Opaque("ndarray"):
            return "an array of objects"
        case Opaque(name):
            return f"{article(name)} {name}"
        case Tensor():
            return "a tensor"
        case np.ndarray(shape=()):
            return f"a NumPy {value.dtype.name}"
        case np.ndarray():
            return "an array"
        case None:
            return "None"
    return f"{article(type(value).__name__)} {type(value).__name__}"


def article(noun: str) -> str:
    """Return the indefinite article of a noun, by its first letter."""
    return "an" if noun[:1].lower() in "aeiou" else "a"


def array(value: Value, shape: tuple[int, ...], dtype: Any = None, name: str = "the result") -> np.ndarray:
    """Return an answer as an array; raise Unmet unless it is one of this shape and dtype, with finite entries."""
    if not isinstance(value, np.ndarray):
        raise Unmet(f"{name} should be a NumPy array, but is {describe_type(value)}")
    expect(value.shape == shape, f"{name} should have shape {shape}, but has shape {value.shape}")
    if dtype is not None:
        expect(value.dtype == dtype, f"{name} should have dtype {np.dtype(dtype)}, but has dtype {value.dtype}")
    if value.dtype.kind in "fc":
        expect(np.isfinite(value).all(), f"{name} contains nan or inf")
    return value


def tensor(value: Value, shape: tuple[int, ...], dtype: Any = None, name: str = "the result") -> np.ndarray:
    """Return the values of an answer that must be a torch tensor of this shape and dtype, with finite entries."""
    expect(isinstance(value, Tensor), f"{name} should be a torch tensor, but is {describe_type(value)}")
    return array(value.array, shape, dtype, name)


def number(value: Value, name: str = "the result") -> float:
    """Return an answer as a float; raise Unmet unless it is one finite real number (Python or NumPy, not bool)."""
    if isinstance(value, np.ndarray) and value.shape == () and value.dtype.kind in "iuf":
        value = value.item()
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    expect(is_number, f"{name} should be a number, but is {describe_type(value)}")
    expect(np.isfinite(value), f"{name} is {value}, not a finite number")
    return float(value)


def parts(value: Value, names: tuple[str, ...]) -> tuple[Value, ...]:
    """Return an answer that must be a tuple with one item per name; a list or an array of numbers will do."""
    listing = ", ".join(names)
    value = tuple(value) if isinstance(value, np.ndarray) and value.shape == (len(names),) else value
    expect(isinstance(value, tuple | list), f"return the tuple ({listing}), not {describe_type(value)}")
    expect(len(value) == len(names), f"return the {len(names)} values ({listing}), not {len(value)}")
    return tuple(value)


def close(actual: Any, expected: Any, dtype: Any = np.float64, scale: float = 1.0) -> bool:
    """Tell whether numbers agree to 1e-6 (float64) or 1e-5 (float32), relative to `scale` or their own size.

    Shapes are compared first, because NumPy would broadcast.
    """
    actual, expected = np.asarray(actual, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    tolerance = 1e-5 if np.dtype(dtype) == np.float32 else 1e-6
    return actual.shape == expected.shape and bool(
        np.allclose(actual, expected, rtol=tolerance, atol=tolerance * scale)
    )


def refuses(ask: Ask, *args: Value, because: str, mentions: str, **kwargs: Value) -> None:
    """Raise Unmet unless the student's own call raises ValueError with a message that contains a word of `mentions`."""
    is_refusal(ask.answer(*args, **kwargs), because, mentions)


def is_refusal(answer: Answer, because: str, mentions: str) -> None:
    """Raise Unmet unless an answer is a ValueError whose message contains shape or a word of `mentions`, or its plural.

    Where shapes do not fit together, each of the arguments may be called the wrong one. With `mentions` empty any
    message will do.
    """
    raised = answer.raised
    expect(raised is not None, f"{because} should raise ValueError, but was accepted")
    assert raised is not None
    if "NotImplementedError" in raised.kinds:
        raise StudentRaised(raised)
    expect("ValueError" in raised.kinds, f"{because} should raise ValueError, but raised {raised.type}")
    names = mentions.split()
    named = re.search(rf"\b({'|'.join(map(re.escape, names))})s?\b", raised.message, re.IGNORECASE)
    expect(
        not names or named or "shape" in raised.message.lower(),
        f"the message of the ValueError should name the argument {' or '.join(names)}",
    )


def untouched(answer: Answer | Memory) -> None:
    """Raise Unmet when an argument was modified, of one question or of any."""
    expect(answer.untouched, "an array that was passed in has changed: work on a copy (`x * mask`, never `x *= mask`)")


def kept_of(value: Value, shape: tuple[int, ...], name: str = "mask") -> np.ndarray:
    """Return where an answer, which must have this shape, is not 0: what a mask keeps, whatever else is in it."""
    return np.asarray(array(value, shape, name=name) != 0)


def mask_of(value: Value, shape: tuple[int, ...], name: str = "mask") -> np.ndarray:
    """Return an answer as a boolean mask; raise Unmet unless it has this shape and holds only 0 and 1."""
    mask = array(value, shape, name=name)
    expect(((mask == 0) | (mask == 1)).all(), f"{name} should hold only true and false (or 1 and 0)")
    return mask.astype(bool)
