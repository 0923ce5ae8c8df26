"""How long judging takes where it matters: `python -m tests.mutants.speed [ASSIGNMENT]...` prints it by assignment.

Right answers to each assignment run as they do when a class is graded, in a fresh child of a warm process. What is
printed is the processor time, of grader and child together, from the last answer to the last verdict: what judging
costs beyond running the student's cells, the wire and the first uses of a framework included.
"""

import argparse
import time
from typing import Any

from rich.console import Console
from rich.table import Table

from autograder.checks.ask import Ask, Transport
from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.judge import judge
from autograder.kernels.limits import Limits
from autograder.kernels.session import Cell
from autograder.kernels.worker import Worker, open_worker
from tests.sample.submissions import right_cells


def processor_seconds(subject: Any) -> float:
    """Return the processor time that the process of a submission has used."""
    import time

    return time.process_time()


def spent(subject: str, transport: Transport) -> float:
    """Return the processor time that both sides have used so far, in seconds."""
    return time.process_time() + float(Ask(subject, transport).probe(processor_seconds))


def seconds_to_judge(assignment: str, worker: Worker, seed: int) -> dict[str, float]:
    """Return the processor seconds that judging each exercise of a right submission takes."""
    cells = {"imports": "import numpy as np"} | right_cells(assignment, 0)
    seconds = {}
    with worker.session(Limits()) as session:
        session.run([Cell(name, source) for name, source in cells.items()])
        for exercise in exercises(assignment):
            before = spent(exercise.name, session)
            verdict = judge(exercise, session, seed)
            seconds[exercise.name] = spent(exercise.name, session) - before
            assert verdict.passed, verdict
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants.speed", description=__doc__.splitlines()[0])
    parser.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    parser.add_argument("--times", type=int, default=3, help="submissions of each assignment (default: 3)")
    options = parser.parse_args()
    worker = open_worker()
    table = Table("assignment", "seconds to judge", "slowest exercise")
    total = 0.0
    try:
        for assignment in options.assignments or ASSIGNMENTS:
            runs = [seconds_to_judge(assignment, worker, seed) for seed in range(options.times)]
            fastest = min(runs, key=lambda run: sum(run.values()))
            slowest = max(fastest, key=lambda name: fastest[name])
            total += sum(fastest.values())
            table.add_row(assignment, f"{sum(fastest.values()):.3f}", f"{slowest} {fastest[slowest]:.3f}")
    finally:
        worker.close()
    table.add_section()
    table.add_row("all", f"{total:.3f}", style="bold")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
