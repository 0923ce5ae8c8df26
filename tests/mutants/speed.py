"""How long judging takes where it matters: `python -m tests.mutants.speed [ASSIGNMENT]...` prints it by assignment.

Right answers to each assignment run as they do when a class is graded, in a fresh child of a warm process, after a cell
that has trained something with the frameworks of the notebook. What is counted is the processor time, of grader and
child together, from the last answer to the last verdict, in two parts: what is spent inside the student's functions,
layers and models when they are called, and what judging costs beyond that.

Both run on one core, as when there are as many workers as cores: one core that waits for another falls asleep, and
what waking it costs depends on what else the machine does.
"""

import argparse
import os
import time
from collections.abc import Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from autograder.checks.ask import Ask, Transport
from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.judge import judge
from autograder.grading.assignment import load
from autograder.kernels.limits import Limits
from autograder.kernels.session import Cell
from autograder.kernels.worker import Worker, open_worker
from tests.sample.submissions import right_cells

FIRST_USES = {
    "keras": """
import keras
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2), keras.layers.Dropout(0.5)])
model.compile("sgd", "mse")
model.fit(np.ones((4, 2)), np.ones((4, 2)), verbose=0)
model.predict(np.ones((4, 2)), verbose=0)
""",
    "torch": """
import torch
model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout(0.5))
model(torch.ones(4, 2)).square().sum().backward()
""",
}
"""What a notebook that imports the framework does with it before any question is asked."""

TIMES = 3
"""Submissions to each assignment, of which the fastest counts."""


@dataclass(frozen=True)
class Spent:
    """Processor seconds: of both sides together, and inside the student's code."""

    total: float
    inside: float

    def __sub__(self, before: "Spent") -> "Spent":
        return Spent(self.total - before.total, self.inside - before.inside)

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.total + other.total, self.inside + other.inside)

    @property
    def beyond(self) -> float:
        return self.total - self.inside


WATCH = """
def _watch():
    import sys
    import time

    plain = sys.modules["beside.respond"].attempt

    def timed(function, *args, **kwargs):
        before, noted = time.thread_time(), timed.seconds
        try:
            return plain(function, *args, **kwargs)
        finally:
            timed.seconds = noted + time.thread_time() - before  # calls within calls count once

    timed.seconds = 0.0
    for name, module in list(sys.modules.items()):
        if name.startswith("beside.") and hasattr(module, "attempt"):
            module.attempt = timed
    return lambda: [time.process_time(), timed.seconds]

processor_seconds = _watch()
"""
"""A cell that has `attempt`, through which everything of the student's is called, note how long it takes.

It counts this thread alone: under a limit of processor time, that of a process is known only to the tick. What it
defines tells the processor time that the process of a submission has used, and the part within `attempt`.
"""


def spent(transport: Transport) -> Spent:
    """Return the processor time so far."""
    child, inside = Ask("processor_seconds", transport)()
    return Spent(time.process_time() + child, inside)


def judged(assignment: str, worker: Worker, seed: int) -> dict[str, Spent]:
    """Return what judging each exercise of a right submission takes."""
    released = "\n".join(cell.source for cell in load(assignment).cells if cell.code)
    used = {name: source for name, source in FIRST_USES.items() if f"import {name}\n" in f"{released}\n"}
    cells = {"imports": "import numpy as np"} | used | right_cells(assignment, seed) | {"watch": WATCH}
    seconds = {}
    with worker.session(Limits()) as session:
        session.run([Cell(name, source) for name, source in cells.items()])
        for exercise in exercises(assignment):
            before = spent(session)
            verdict = judge(exercise, session, seed)
            seconds[exercise.name] = spent(session) - before
            assert verdict.passed, verdict
    return seconds


def seconds_to_judge(assignments: Iterable[str]) -> dict[str, dict[str, Spent]]:
    """Return the processor seconds by assignment and exercise, measured in sessions of a class that is graded."""
    heavy = {assignment: load(assignment).needs_frameworks for assignment in assignments}
    with ExitStack() as opened:
        opened.callback(os.sched_setaffinity, 0, cores := os.sched_getaffinity(0))
        os.sched_setaffinity(0, {max(cores)})
        opened.enter_context(threadpool_limits(1))  # as in the processes that grade
        workers = {kind: opened.enter_context(closing(open_worker("auto", kind))) for kind in set(heavy.values())}
        runs = {name: [judged(name, workers[kind], seed) for seed in range(TIMES)] for name, kind in heavy.items()}
    return {name: min(seconds, key=lambda run: together(run).total) for name, seconds in runs.items()}


def together(run: dict[str, Spent]) -> Spent:
    return sum(run.values(), start=Spent(0.0, 0.0))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants.speed", description=__doc__.splitlines()[0])
    parser.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    seconds = seconds_to_judge(parser.parse_args().assignments or ASSIGNMENTS)
    table = Table("assignment", "seconds", "inside the\nstudent's code", "beyond it", "most beyond it")
    for assignment, run in seconds.items():
        slowest = max(run, key=lambda name: run[name].beyond)
        table.add_row(assignment, *_columns(together(run)), f"{slowest} {run[slowest].beyond:.2f}")
    table.add_section()
    everything = together({name: together(run) for name, run in seconds.items()})
    table.add_row("all", *_columns(everything), style="bold")
    Console(width=100).print(table)


def _columns(spent: Spent) -> tuple[str, str, str]:
    return f"{spent.total:.2f}", f"{spent.inside:.2f}", f"{spent.beyond:.2f}"


if __name__ == "__main__":
    main()
