"""Probes that many exercises share: trusted code that is sent along and uses the student's function beside it."""

from collections.abc import Callable
from typing import Any

from autograder.checks.respond import attempt


def successive(subject: Callable[..., Any], times: int, *args: Any, **kwargs: Any) -> list[Any]:
    """Call the subject several times with the same objects, so that a generator goes on where the last call left it."""
    return [attempt(subject, *args, **kwargs) for _ in range(times)]
