"""Probes of functions: called several times in a row."""

from collections.abc import Callable
from typing import Any

from .respond import attempt, probe


@probe
def successive(subject: Callable[..., Any], times: int, *args: Any, **kwargs: Any) -> list[Any]:
    """Call the subject several times with the same objects, so that a generator goes on where the last call left it."""
    return [attempt(subject, *args, **kwargs) for _ in range(times)]
