"""The comparison with stock nbgrader, as tables.

Everything runs on the same submissions, one way after the other. Ratios compare the seconds a submission once a command
is under way; the wall time of the whole command, start included, stands beside them.
"""

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder.grading.verdicts import read_verdicts
from benchmarks.classes import Course, courses, hand_in
from benchmarks.measure import Timing, floor, ours, stock, stock_points


def main() -> None:
    """Print the tables; exit 1 when a score differs from stock nbgrader's."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Time the grader and stock nbgrader.")
    parser.add_argument("--size", type=int, default=24, help="submissions in each class (default 24)")
    parser.add_argument(
        "--growth", type=int, nargs="*", default=[20, 100, 500], help="class sizes to grow through (20 100 500)"
    )
    options = parser.parse_args()
    console = Console(width=110)
    console.print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start"
    )
    differing = 0
    with tempfile.TemporaryDirectory() as folder:
        for course in courses():
            differing += compare(course, Path(folder) / course.name, options.size, console)
        grow(courses()[0], Path(folder), options.growth, console)
    sys.exit(1 if differing else 0)


def compare(course: Course, folder: Path, size: int, console: Console) -> int:
    """Time all ways on one class; return the number of exercises on which stock nbgrader disagrees."""
    submitted = hand_in(course, folder / "submitted", size)
    base = stock(course, submitted, folder / "stock")
    ways = {
        "stock nbgrader autograde": base,
        "autograder grade, 1 worker": ours(course, submitted, folder / "one", 1),
        "autograder grade, 2 workers": ours(course, submitted, folder / "two", 2),
        "floor: cells and checks alone": floor(course, submitted),
    }
    console.print(_table(f"{course.name}: {size} submissions", ways, base))
    wrong = _disagreements(course, folder)
    console.print(f"Exercises with another score than stock nbgrader's: {len(wrong)} {wrong[:3] or ''}\n")
    return len(wrong)


def grow(course: Course, folder: Path, sizes: list[int], console: Console) -> None:
    """Time one worker on ever larger classes."""
    table = Table(
        "submissions", "wall s", "s each", "peak MB", title=f"Growth: {course.name}, 1 worker", title_justify="left"
    )
    for size in sizes:
        timing = ours(course, hand_in(course, folder / f"grow-{size}", size), folder / f"grown-{size}", 1)
        table.add_row(str(size), f"{timing.wall:.1f}", f"{timing.each:.3f}", f"{timing.memory:.0f}")
    console.print(table)


def _table(title: str, ways: dict[str, Timing], base: Timing) -> Table:
    table = Table("way", "wall s", "s each", "against stock", "peak MB", title=title, title_justify="left")
    for name, timing in ways.items():
        memory = f"{timing.memory:.0f}" if timing.memory else ""
        table.add_row(name, f"{timing.wall:.1f}", f"{timing.each:.3f}", f"{base.each / timing.each:.1f}x", memory)
    return table


def _disagreements(course: Course, folder: Path) -> list[str]:
    """Return the exercises that only one way gives full marks: stock nbgrader knows no partial credit."""
    theirs = stock_points(course, folder / "stock")
    found = []
    for verdict in read_verdicts(folder / "one" / "verdicts.jsonl").values():
        for exercise in verdict.exercises:
            score = theirs.get((verdict.student, verdict.assignment, exercise.name))
            if score is not None and verdict.status != "missing" and (score == exercise.max_points) != exercise.passed:
                found.append(f"{verdict.student}/{exercise.name}: {score:g} and {exercise.points:g}")
    return found
