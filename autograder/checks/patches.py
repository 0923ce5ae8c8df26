"""NumPy as it was, for the judge: in a notebook both sides share it, and a student may have changed it."""

from types import ModuleType
from typing import Any

import numpy as np

from autograder.checks.ask import Answer, Question, Transport

OWN: dict[ModuleType, dict[str, Any]] = {module: dict(vars(module)) for module in (np, np.random, np.linalg)}
"""What these modules held when the first check was imported."""


class WithPatches:
    """A transport that gives the student's code what the student has made of NumPy, and the judge what NumPy is.

    A context manager: within it the judge is at work, and only while a question is answered the student's code.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._patched: list[tuple[ModuleType, str, Any]] = []

    def __enter__(self) -> "WithPatches":
        self._take_out()
        return self

    def __exit__(self, *_: object) -> None:
        self._put_back()

    def ask(self, question: Question) -> Answer:
        self._put_back()
        try:
            return self.transport.ask(question)
        finally:
            self._take_out()

    def _take_out(self) -> None:
        self._patched = [
            (module, name, now)
            for module, own in OWN.items()
            for name, now in vars(module).items()
            if name in own and now is not own[name]
        ]
        for module, name, _ in self._patched:
            setattr(module, name, OWN[module][name])

    def _put_back(self) -> None:
        for module, name, patch in self._patched:
            setattr(module, name, patch)
