"""How long judging takes where it matters: `python -m tests.mutants.speed [ASSIGNMENT]...` prints it by assignment.

Right answers to each assignment run as they do when a class is graded, in a fresh child of a warm process, after a cell
that has trained something with the frameworks of the notebook. What is counted is the processor time, of grader and
child together, from the last answer to the last verdict: what judging costs beyond running the student's cells.
"""

import argparse
import time
from collections.abc import Iterable
from contextlib import ExitStack, closing
from typing import Any

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


def processor_seconds(subject: Any) -> float:
    """Return the processor time that the process of a submission has used."""
    import time

    return time.process_time()


def spent(subject: str, transport: Transport) -> float:
    """Return the processor time that both sides have used so far, in seconds."""
    return time.process_time() + float(Ask(subject, transport).probe(processor_seconds))


def judged(assignment: str, worker: Worker, seed: int) -> dict[str, float]:
    """Return the processor seconds that judging each exercise of a right submission takes."""
    released = "\n".join(cell.source for cell in load(assignment).cells if cell.code)
    used = {name: source for name, source in FIRST_USES.items() if f"import {name}\n" in f"{released}\n"}
    cells = {"imports": "import numpy as np"} | used | right_cells(assignment, seed)
    seconds = {}
    with worker.session(Limits()) as session:
        session.run([Cell(name, source) for name, source in cells.items()])
        for exercise in exercises(assignment):
            before = spent(exercise.name, session)
            verdict = judge(exercise, session, seed)
            seconds[exercise.name] = spent(exercise.name, session) - before
            assert verdict.passed, verdict
    return seconds


def seconds_to_judge(assignments: Iterable[str]) -> dict[str, dict[str, float]]:
    """Return the processor seconds by assignment and exercise, measured in sessions of a class that is graded."""
    heavy = {assignment: load(assignment).needs_frameworks for assignment in assignments}
    with ExitStack() as opened:
        opened.enter_context(threadpool_limits(1))  # as in the processes that grade
        workers = {kind: opened.enter_context(closing(open_worker("auto", kind))) for kind in set(heavy.values())}
        runs = {name: [judged(name, workers[kind], seed) for seed in range(TIMES)] for name, kind in heavy.items()}
    return {name: min(seconds, key=lambda run: sum(run.values())) for name, seconds in runs.items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants.speed", description=__doc__.splitlines()[0])
    parser.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    seconds = seconds_to_judge(parser.parse_args().assignments or ASSIGNMENTS)
    table = Table("assignment", "seconds\nto judge", "the slowest exercise")
    for assignment, run in seconds.items():
        slowest = max(run, key=lambda name: run[name])
        table.add_row(assignment, f"{sum(run.values()):.2f}", f"{slowest} {run[slowest]:.2f}")
    table.add_section()
    table.add_row("all", f"{sum(sum(run.values()) for run in seconds.values()):.2f}", style="bold")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
