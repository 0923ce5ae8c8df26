"""Grade a class of light submissions, and say what that took: `python -m tests.scale FOLDER STUDENTS`.

It prints one line of JSON. `peak_mb` is the most memory that the runner had. `seconds` are those of a processor that
the runner and its worker took for a submission, in each quarter of the class; `wall` are those of the clock for all.
"""

import contextlib
import json
import os
import re
import sys
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import psutil

from autograder.grading.course import Course
from autograder.grading.run import ClassProgress, ClassRun, Plan
from autograder.grading.starting import start

NAME = "halves"
DECLARED = '''"""A light exercise"""

from autograder.checks.exercise import Exercise
from autograder.checks.expect import expect


def half(x):
    """Return half of x."""
    return x / 2


exercise = Exercise(half)


@exercise.requires("halves", 2)
def halves(ask, draw):
    x = draw.uniform(1, 2)
    expect(ask(x) == x / 2, "half of x is x / 2")


@exercise.requires("halves what is negative", 1)
def halves_negative(ask, draw):
    x = draw.uniform(-2, -1)
    expect(ask(x) == x / 2, "half of x is x / 2, also below zero")


@exercise.measures()
def measure(ask):
    return [ask(1.0), ask(-3.0)]


@exercise.mistake("takes the size")
def takes_size(x):
    """The sign is lost."""
    return abs(x) / 2
'''
ANSWERS = ("return x / 2", "return abs(x) / 2", "return x", "return 0.5 * x", "return x // 2")
STUB = "raise NotImplementedError()"


@dataclass
class Meter:
    """Takes down the processor time of the runner and its worker after each batch."""

    marks: list[tuple[int, float]] = field(default_factory=list)
    workers: dict[int, float] = field(default_factory=dict)

    def __call__(self, progress: ClassProgress) -> None:
        for child in psutil.Process().children():
            with contextlib.suppress(psutil.NoSuchProcess):
                times = child.cpu_times()
                self.workers[child.pid] = times.user + times.system
        self.marks.append((progress.done, time.process_time() + sum(self.workers.values())))

    def quarters(self) -> list[float]:
        """Return the seconds for a submission in each quarter of the class, behind the batch with which all starts."""
        (first, _), (last, _) = self.marks[0], self.marks[-1]
        places = [first + (last - first) * part / 4 for part in range(5)]
        edges = [min(self.marks, key=lambda mark: abs(mark[0] - place)) for place in places]
        return [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(edges)]


def hand_in(course: Course, students: int) -> None:
    """Write the class, of which each answer has a fifth."""
    released = (course.root / course.release / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8")
    for number in range(students):
        folder = course.submitted / f"student-{number:05}" / NAME
        folder.mkdir(parents=True)
        answer = ANSWERS[number % len(ANSWERS)]
        (folder / f"{NAME}.ipynb").write_text(released.replace(STUB, answer), encoding="utf-8")


def peak_mb() -> float:
    """Return the most memory that this program has had: `ru_maxrss` would count what started it as well."""
    (line,) = re.findall(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(encoding="utf-8"), re.MULTILINE)
    return int(line) / 1024


def main(folder: Path, students: int) -> None:
    (folder / "checks").mkdir(parents=True)
    (folder / "checks" / f"{NAME}.py").write_text(DECLARED, encoding="utf-8")
    start(folder, "scale", [NAME])
    os.chdir(folder)
    course = Course.here()
    hand_in(course, students)
    meter, began = Meter(), time.monotonic()
    progress = ClassRun(Plan(course.submitted, course.graded, seed=7, course=course), meter).run()
    print(
        json.dumps(
            {
                "done": progress.done,
                "points": sum(verdict.points for verdict in progress.verdicts),
                "peak_mb": peak_mb(),
                "seconds": meter.quarters(),
                "wall": time.monotonic() - began,
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), int(sys.argv[2]))
