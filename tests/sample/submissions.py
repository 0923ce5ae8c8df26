"""The sample class: what each of its students hands in, and the points that it deserves.

The first assignment gets every kind of submission: right answers in three styles, every misconception, every accident.
Each later one gets the three styles and a wrong submission. Students are numbers; the description says what is special.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.exercise import Exercise
from tests.sample import answers
from tests.sample.deserved import POINTS

EXERCISES = Path(__file__).parents[2] / "exercises"
RELEASED = tuple(name for name in ASSIGNMENTS if (EXERCISES / name).is_dir())
STYLES = 3


@dataclass(frozen=True)
class Submission:
    """What one student hands in for one assignment, and what should come of it.

    `notebook` is None when there is none. `points` and `looks_like` go by exercise; `status` is that of the submission
    as a whole, None where it depends on how a wrong answer fails.
    """

    assignment: str
    notebook: bytes | None
    points: Mapping[str, float]
    status: str | None = "graded"
    looks_like: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Student:
    name: str
    description: str
    submissions: tuple[Submission, ...]


def sample_class(assignments: Sequence[str] = RELEASED) -> list[Student]:
    """Return a class with these assignments; raise KeyError when `deserved` says nothing about the first."""
    described = chain(right_students(assignments), wrong_students(assignments), accidents(assignments[0]))
    return [Student(f"student-{number:02}", *who) for number, who in enumerate(described, 1)]


Described = Iterator[tuple[str, tuple[Submission, ...]]]


def right_students(assignments: Sequence[str]) -> Described:
    for style in range(STYLES):
        handed_in = tuple(
            Submission(name, notebook(name, right_cells(name, style)), full_marks(exercises(name)))
            for name in assignments
        )
        yield f"right answers, style {style + 1}", handed_in


def wrong_students(assignments: Sequence[str]) -> Described:
    first, *later = assignments
    for index in range(max(len(POINTS[exercise.name]) for exercise in exercises(first))):
        names = (first, *filter(is_stated, later)) if index == 0 else (first,)
        yield f"mistake {index + 1} of each exercise that has as many", tuple(wrong(name, index) for name in names)


def is_stated(assignment: str) -> bool:
    """Tell whether `deserved` says what a wrong answer to each exercise deserves."""
    return all(exercise.name in POINTS for exercise in exercises(assignment))


def wrong(assignment: str, index: int) -> Submission:
    """Return a submission with the misconception of this index in each exercise that states so many, else right."""
    stated = {exercise.name: list(POINTS[exercise.name]) for exercise in exercises(assignment)}
    mistaken = {name: mistakes[index] for name, mistakes in stated.items() if index < len(mistakes)}
    cells = right_cells(assignment, index) | {
        exercise.name: answers.wrong(exercise, mistaken[exercise.name])
        for exercise in exercises(assignment)
        if exercise.name in mistaken
    }
    points = full_marks(exercises(assignment)) | {name: POINTS[name][mistake] for name, mistake in mistaken.items()}
    return Submission(assignment, notebook(assignment, cells), points, status=None, looks_like=mistaken)


def accidents(assignment: str) -> Described:
    """Yield students whose notebooks are untouched, unfinished, untidy, broken, hostile, damaged or absent."""
    first, second, third, *_ = exercises(assignment)
    right = right_cells(assignment, 0)
    marks = full_marks(exercises(assignment))
    nothing = dict.fromkeys(marks, 0.0)

    def kind(
        description: str, book: bytes | None, points: Mapping[str, float] = marks, status: str = "graded"
    ) -> tuple[str, tuple[Submission, ...]]:
        return description, (Submission(assignment, book, points, status),)

    yield kind("the released notebook, untouched", notebook(assignment, {}), nothing, "error")
    only_first = {first.name: right[first.name]}
    yield kind("only the first exercise", notebook(assignment, only_first), nothing | full_marks([first]), "error")
    in_a_cell_of_its_own = {name: cell for name, cell in right.items() if name != first.name}
    yield kind("an answer in a cell of its own", notebook(assignment, in_a_cell_of_its_own, right[first.name]))
    yield kind("a cell of scratch work that fails", notebook(assignment, right, "print(1 / 0)"))

    broken = right | {first.name: right[first.name].replace(":", "", 1)}
    yield kind("a syntax error in the first answer", notebook(assignment, broken), marks | {first.name: 0.0}, "error")
    endless = right | {second.name: "while True:\n    pass\n"}
    yield kind(
        "an infinite loop in place of the second answer",
        notebook(assignment, endless),
        marks | {second.name: 0.0},
        "timeout",
    )
    leaving = right | {third.name: "import os\n\nos._exit(0)\n"}
    yield kind(
        "os._exit in place of the third answer", notebook(assignment, leaving), marks | {third.name: 0.0}, "died"
    )

    half = notebook(assignment, right)
    yield kind("a file that was cut in half", half[: len(half) // 2], nothing, "invalid")
    yield kind("a folder without the notebook", None, nothing, "missing")


def right_cells(assignment: str, style: int) -> dict[str, str]:
    return {exercise.name: answers.right(exercise, style) for exercise in exercises(assignment)}


def full_marks(asked: Iterable[Exercise]) -> dict[str, float]:
    return {exercise.name: exercise.points for exercise in asked}


def notebook(assignment: str, cells: Mapping[str, str], extra: str = "") -> bytes:
    """Return the released notebook with these answers, and with an extra cell behind the first answer."""
    released = json.loads((EXERCISES / assignment / f"{assignment}.ipynb").read_text(encoding="utf-8"))
    answered = {cell["metadata"]["nbgrader"]["grade_id"]: cell for cell in released["cells"] if is_answer(cell)}
    for exercise, text in cells.items():
        answered[exercise]["source"] = text
    if extra:
        place = 1 + released["cells"].index(answered[exercises(assignment)[0].name])
        scratch = {
            "cell_type": "code",
            "id": "scratch",
            "metadata": {},
            "source": extra,
            "outputs": [],
            "execution_count": None,
        }
        released["cells"].insert(place, scratch)
    return json.dumps(released, indent=1).encode()


def is_answer(cell: Mapping[str, object]) -> bool:
    metadata = cell["metadata"]
    assert isinstance(metadata, dict)
    return cell["cell_type"] == "code" and bool(metadata.get("nbgrader", {}).get("solution"))
