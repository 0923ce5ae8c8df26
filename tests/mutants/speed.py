"""How long judging takes where it matters: `python -m tests.mutants.speed [ASSIGNMENT]...` prints it by assignment.

Right answers to each assignment run as they do when a class is graded, in a fresh child of a warm process. What is
counted is the processor time, of grader and child together, from the last answer to the last verdict: what judging
costs beyond running the student's cells, the wire and the first uses of a framework included.
"""

import argparse
import time
from collections.abc import Iterable
from contextlib import ExitStack, closing
from typing import Any

from rich.console import Console
from rich.table import Table

from autograder.checks.ask import Ask, Transport
from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.judge import judge
from autograder.grading.assignment import load
from autograder.kernels.limits import Limits
from autograder.kernels.session import Cell
from autograder.kernels.worker import Worker, open_worker
from tests.sample.submissions import right_cells

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
    cells = {"imports": "import numpy as np"} | right_cells(assignment, seed)
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
    fastest = {}
    with ExitStack() as opened:
        workers = {heavy: opened.enter_context(closing(open_worker("auto", heavy))) for heavy in (False, True)}
        for assignment in assignments:
            worker = workers[load(assignment).needs_frameworks]
            runs = [judged(assignment, worker, seed) for seed in range(TIMES)]
            fastest[assignment] = min(runs, key=lambda run: sum(run.values()))
    return fastest


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
