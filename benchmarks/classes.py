"""Synthetic classes: copies of honest submissions, each a little different, as many as are asked for."""

import json
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from autograder.checks import catalogue
from autograder.checks.exercise import Exercise
from autograder.grading.assignment import RELEASED
from tests.sample import answers
from tests.sample.submissions import notebook, right_cells

STYLES = 2
"""Ways in which right answers are written. Those with a Python loop over every entry, which the sample class has too,
would spend most of the time in the experiments of the notebook, whoever grades it."""


@dataclass(frozen=True)
class Course:
    """A kind of class: its name and the assignments that its students hand in, one each, in turn."""

    name: str
    assignments: tuple[str, ...]


def courses() -> list[Course]:
    """Return the classes that the released notebooks allow."""
    released = [name for name in catalogue.ASSIGNMENTS if (RELEASED / name).is_dir()]
    mixed = tuple(name for name in ("dropout_numpy", "dropout_keras", "dropout_pytorch") if name in released)
    return [Course("NumPy only", ("dropout_numpy",)), Course("NumPy, Keras and PyTorch", mixed)]


def hand_in(course: Course, folder: Path, size: int) -> Path:
    """Write a class of this size; two of three submissions are right, each in another style, one is wrong."""
    variants = [_variant(name, style) for style in range(STYLES + 1) for name in course.assignments]
    for number, (name, data) in enumerate(islice(cycle(variants), size)):
        place = folder / f"student-{number:04}" / name
        place.mkdir(parents=True)
        # Every file is different, as in a real class.
        copy = json.loads(data)
        copy["metadata"]["copy"] = number
        (place / f"{name}.ipynb").write_text(json.dumps(copy), encoding="utf-8")
    return folder


def _variant(assignment: str, style: int) -> tuple[str, bytes]:
    cells = right_cells(assignment, style)
    if style == STYLES:
        cells |= {exercise.name: mistaken(exercise) for exercise in catalogue.exercises(assignment)}
    return assignment, notebook(assignment, cells)


def mistaken(exercise: Exercise) -> str:
    """Return the answer of somebody with the first misconception of an exercise."""
    return answers.wrong(exercise, exercise.misconceptions[0].name)
