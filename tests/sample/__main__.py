"""Write the sample class: `python -m tests.sample FOLDER [ASSIGNMENT]...`, by default all that can be run here.

FOLDER/students.csv says who hands in what, and which points it deserves. A FOLDER with anything else is left alone.
"""

import csv
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from autograder.grading.assignment import load
from tests.sample.submissions import RELEASED, Student, sample_class

TABLE = "students.csv"


def write(folder: Path, students: list[Student]) -> None:
    """Write every submission, and a table of the students; an earlier sample class in this folder is replaced."""
    if folder.exists():
        if not (folder / TABLE).is_file():
            sys.exit(f"{folder} holds something else than a sample class: choose a folder that does not exist yet")
        shutil.rmtree(folder)
    for student in students:
        for submission in student.submissions:
            place = folder / student.name / submission.assignment
            place.mkdir(parents=True)
            if submission.notebook is not None:
                (place / f"{submission.assignment}.ipynb").write_bytes(submission.notebook)
    with (folder / TABLE).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["student", "assignment", "points", "description"])
        for student in students:
            for submission in student.submissions:
                row = [student.name, submission.assignment, f"{sum(submission.points.values()):g}", student.description]
                table.writerow(row)


def has_frameworks() -> bool:
    return all(find_spec(name) for name in ("keras", "tensorflow", "torch"))


if __name__ == "__main__":
    runnable = [name for name in RELEASED if has_frameworks() or not load(name).needs_frameworks]
    if len(sys.argv) < 2 or not set(sys.argv[2:]) <= set(RELEASED):
        sys.exit(__doc__)
    write(Path(sys.argv[1]), sample_class(sys.argv[2:] or runnable))
