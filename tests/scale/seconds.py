"""Measure the seconds of a processor that grading a submission takes, all processes together: `python -m tests.scale.seconds`.

It prints one line of JSON: seconds by assignment. A class is graded in two sizes, and the difference is shared out, so
that what it takes to start is counted for nobody.
"""

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.classes import Course, hand_in

ASSIGNMENTS = ("dropout_numpy", "dropout_pytorch", "dropout_keras")
FEW, MANY = 2, 14


def seconds(assignment: str, students: int, folder: Path) -> float:
    """Return the seconds of a processor that a class takes."""
    submitted = hand_in(Course(assignment, (assignment,)), folder / f"{assignment}-{students}", students)
    command = [sys.executable, "-m", "autograder", "grade", submitted, "--out", folder / "out", "--workers", "1"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def each(assignment: str) -> float:
    """Return the seconds of a processor that one submission takes."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        few, many = (seconds(assignment, students, Path(folder)) for students in (FEW, MANY))
    return (many - few) / (MANY - FEW)


if __name__ == "__main__":
    print(json.dumps({assignment: round(each(assignment), 3) for assignment in ASSIGNMENTS}))
