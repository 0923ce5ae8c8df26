"""What requirements read of what a probe tells, of a right answer: all that forging it can earn."""

import importlib
import pkgutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_type_hints

import pytest

from autograder.checks import beside
from autograder.checks.ask import Answer, Ask, LocalTransport, Question
from autograder.checks.beside.respond import PROBES
from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.exercise import Exercise
from autograder.checks.implementation import resolve
from autograder.checks.requirements import put

Fact = tuple[str, str]
"""A probe, and one of its facts; an empty text where it returns a value and no facts."""

for module in pkgutil.iter_modules(beside.__path__, f"{beside.__name__}."):
    importlib.import_module(module.name)


def facts() -> Iterator[Fact]:
    """Yield all that probes tell."""
    for place, probe in PROBES.items():
        kind = get_type_hints(probe)["return"]
        for name in [item.name for item in fields(kind)] if is_dataclass(kind) else [""]:
            yield place, name


class Noting:
    """A transport that notes which facts were read; a value without facts is read as soon as it is there."""

    def __init__(self, exercise: Exercise) -> None:
        self.local = LocalTransport(resolve(exercise.reference))
        self.read: set[Fact] = set()

    def ask(self, question: Question) -> Answer:
        if (question.probe, "") in FACTS:
            self.read.add((question.probe, ""))
        return self.local.ask(question)


FACTS = set(facts())


@contextmanager
def noted(transport: Noting) -> Iterator[None]:
    """Note which facts are read, by the probe whose dataclass they stand in."""
    kinds = {get_type_hints(probe)["return"]: place for place, probe in PROBES.items()}

    def reading(place: str) -> Any:
        def read(self: Any, name: str) -> Any:
            if (place, name) in FACTS:
                transport.read.add((place, name))
            return object.__getattribute__(self, name)

        return read

    with pytest.MonkeyPatch.context() as patched:
        for kind, place in kinds.items():
            if is_dataclass(kind):
                patched.setattr(kind, "__getattribute__", reading(place), raising=False)
        yield


def worth(believed: Mapping[str, Collection[str]]) -> dict[str, dict[str, float]]:
    """Return the points, by probe and exercise, of the requirements that read one of these facts of a probe.

    The course's own answer to every exercise is judged for that.
    """
    wanted = {
        (place, "" if name == "value" and (place, "") in FACTS else name)
        for place in believed
        for name in believed[place]
    }
    found: dict[str, dict[str, float]] = {place: {} for place in believed}
    for exercise in (exercise for assignment in ASSIGNMENTS for exercise in exercises(assignment)):
        transport = Noting(exercise)
        ask = Ask(exercise.name, transport)
        with noted(transport):
            for requirement in exercise.requirements:
                transport.read.clear()
                requirement.check(ask, ask.draw(requirement.key))
                for place in {place for place, _ in transport.read & wanted}:
                    found[place][exercise.name] = found[place].get(exercise.name, 0.0) + requirement.points
    return found


class Lying(LocalTransport):
    """A transport that says of every question that what was sent has changed."""

    def ask(self, question: Question) -> Answer:
        return replace(super().ask(question), untouched=False)


def worth_of_being_untouched() -> dict[str, float]:
    """Return the points that a right answer to an exercise loses when arguments are said to have changed."""
    found = {}
    for exercise in (exercise for assignment in ASSIGNMENTS for exercise in exercises(assignment)):
        outcome = put(exercise, Ask(exercise.name, Lying(resolve(exercise.reference))))
        found[exercise.name] = sum(item.max_points - item.points for item in outcome.verdicts)
    return found
