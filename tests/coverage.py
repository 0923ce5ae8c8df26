"""What the questions of each exercise cover: `python -m tests.coverage [EXERCISE]...` prints it as a table.

The reference is judged, and every question that it answers with a value is looked at: the dimensions and sizes of its
arrays, squares, zeros, dtypes, layouts, modes and repeated calls. A field that is not covered has a reason, as
coverage.toml gives it, or is a hole: the command then exits with 1.
"""

import argparse
import sys
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from rich.console import Console
from rich.table import Table

from autograder.checks.again import arrays
from autograder.checks.ask import Answer, LocalTransport, Question, Tensor, Value
from autograder.checks.beside.respond import attempt
from autograder.checks.beside.ways import GRAPHLESS, OF_TENSORS, lay
from autograder.checks.catalogue import ASSIGNMENTS, exercises, find
from autograder.checks.exercise import Exercise
from autograder.checks.implementation import resolve
from autograder.checks.judge import judge

REASONS = Path(__file__).with_suffix(".toml")
LARGE = 200
"""Entries along the longest axis, above which a batch counts as a large one."""


@dataclass
class Seen:
    """What the questions to one exercise have had so far."""

    dimensions: set[int] = field(default_factory=set)
    lengths: set[int] = field(default_factory=set)
    squares: set[tuple[int, ...]] = field(default_factory=set)
    zeros: int = 0
    dtypes: set[str] = field(default_factory=set)
    layouts: set[str] = field(default_factory=set)
    modes: set[str] = field(default_factory=set)
    calls: int = 0

    def look(self, question: Question, calls: int) -> None:
        for sent, ways in laid(question):
            array = lay(sent, ways)
            self.dimensions.add(array.ndim)
            self.lengths.update(array.shape)
            self.squares.update(pair for pair in pairwise(array.shape) if pair[0] == pair[1] > 1)
            if array.dtype.kind == "f":
                self.zeros += bool((array == 0).any() and array.any())
                self.dtypes.add(array.dtype.name)
            self.layouts |= {"view"} if not array.flags.c_contiguous else set()
            self.layouts |= {"frozen"} if not array.flags.writeable else set()
        self.modes |= {str(value) for value in flags([question.args, question.kwargs])}
        self.modes |= {"no graph"} if GRAPHLESS in question.ways else set()
        self.calls = max(self.calls, calls)

    def fields(self) -> dict[str, tuple[str, bool]]:
        """Return what to print in each column, and whether it is covered."""
        lengths = sorted(self.lengths) or [0]
        return {
            "dimensions": (_listed(self.dimensions), {1, 2, 3, 4} <= self.dimensions),
            "sizes": (f"{lengths[0]} - {lengths[-1]}", lengths[0] == 1 and lengths[-1] >= LARGE),
            "squares": (_listed({n for n, _ in self.squares}), bool(self.squares)),
            "zeros": (str(self.zeros or ""), self.zeros > 0),
            "dtypes": (_listed(self.dtypes), {"float32", "float64"} <= self.dtypes),
            "layouts": (_listed(self.layouts), {"view", "frozen"} <= self.layouts),
            "modes": (_listed(self.modes), {"True", "False"} <= self.modes),
            "graph": ("off" if "no graph" in self.modes else "", "no graph" in self.modes),
            "calls": (str(self.calls), self.calls > 1),
        }


def laid(question: Question) -> Iterator[tuple[np.ndarray, list[str]]]:
    """Yield the arrays that a question sends, and those of its ways that become of them."""
    tensors = replace(question, args=(only_tensors(question.args),), kwargs={})
    inside = {id(array) for array in arrays(tensors)}
    for array in arrays(question):
        yield array, [way for way in question.ways if id(array) not in inside or way in OF_TENSORS]


def only_tensors(value: Value) -> Value:
    """Return the tensors among arguments, at any depth."""
    match value:
        case Tensor():
            return [value]
        case list() | tuple():
            return [item for element in value for item in only_tensors(element)]
        case dict():
            return only_tensors(list(value.values()))
    return []


def _listed(values: Iterable[Any]) -> str:
    return " ".join(map(str, sorted(values)))


def flags(value: Value) -> Iterator[bool]:
    """Yield the booleans of arguments: in which modes something is called, or made."""
    match value:
        case bool():
            yield value
        case list() | tuple():
            for item in value:
                yield from flags(item)
        case dict():
            yield from flags(list(value.values()))


class Watched(LocalTransport):
    """Asks an answer and notes which of the questions it could answer, and how often its code was called for each."""

    def __init__(self, subject: object) -> None:
        super().__init__(subject)
        self.seen = Seen()
        self._times: dict[tuple[str | bytes, ...], int] = {}

    def ask(self, question: Question) -> Answer:
        with counted() as calls:
            answer = super().ask(question)
        if answer.raised is None:
            key = question.probe, repr((question.args, question.kwargs)), *(a.tobytes() for a in arrays(question))
            self._times[key] = self._times.get(key, 0) + 1
            self.seen.look(question, max(len(calls), self._times[key]))
        return answer


@contextmanager
def counted() -> Iterator[list[None]]:
    """Note every call of the answer's code."""
    calls: list[None] = []

    def counting(function: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append(None)
        return attempt(function, *args, **kwargs)

    prefix = attempt.__module__.rpartition(".")[0]
    modules = [module for name, module in sys.modules.items() if name.startswith(f"{prefix}.")]
    with patch.multiple(attempt.__module__, attempt=counting):
        patches = [patch.object(module, "attempt", counting) for module in modules if hasattr(module, "attempt")]
        for one in patches:
            one.start()
        try:
            yield calls
        finally:
            for one in patches:
                one.stop()


def covered(exercise: Exercise, seed: int = 0) -> dict[str, tuple[str, bool]]:
    """Return what the questions to one exercise cover, column by column."""
    transport = Watched(resolve(exercise.reference))
    verdict = judge(exercise, transport, seed)
    assert verdict.passed, verdict
    return transport.seen.fields()


def reasons() -> dict[str, dict[str, str]]:
    """Return why fields are empty: for each column the reason by exercise."""
    written = tomllib.loads(REASONS.read_text(encoding="utf-8"))
    return {
        column: {name: entry["reason"] for entry in entries for name in entry["exercises"]}
        for column, entries in written.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.coverage", description=__doc__.splitlines()[0])
    parser.add_argument("exercises", nargs="*", metavar="EXERCISE", help="default: all")
    names = parser.parse_args().exercises
    asked = [find(name) for name in names] or [exercise for name in ASSIGNMENTS for exercise in exercises(name)]
    why, holes, table = reasons(), [], None
    for exercise in asked:
        fields = covered(exercise)
        table = table or Table("exercise", *fields, title="What the questions cover")
        cells = []
        for column, (text, full) in fields.items():
            reason = why.get(column, {}).get(exercise.name)
            holes += [f"{exercise.name}: {column}"] if not (full or reason) else []
            cells.append(text if full else f"[dim]{text} *[/dim]" if reason else f"[red]{text} ?[/red]")
        table.add_row(exercise.name, *cells)
    console = Console(width=None if sys.stdout.isatty() else 170)
    console.print(table)
    for column, entries in tomllib.loads(REASONS.read_text(encoding="utf-8")).items():
        for entry in entries:
            console.print(f"* {column}: {entry['reason']} ({', '.join(entry['exercises'])})", soft_wrap=True)
    for hole in holes:
        console.print(f"a hole without a reason: {hole}", style="red")
    return 1 if holes else 0


if __name__ == "__main__":
    sys.exit(main())
