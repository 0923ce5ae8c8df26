"""An assignment as it is graded: the released notebook, its exercises, and a version that changes when either does."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from autograder import checks, reference
from autograder.checks import catalogue
from autograder.checks.exercise import Exercise
from autograder.grading.course import Course
from autograder.grading.errors import CourseError
from autograder.kernels.notebook import NotebookCell, Unreadable, read_notebook

PACKAGE = Path(__file__).resolve().parents[1]


def released_beside(package: Path) -> Path:
    """Return the folder of the released notebooks: the clone's where the package lies in one, else the package's own.

    A clone also has what notebooks are made from, so that another project's folder of this name is none.
    """
    clone = package.parent
    return clone / "exercises" if (clone / "solutions").is_dir() else package / "exercises"


RELEASED = released_beside(PACKAGE)

FRAMEWORKS = re.compile(r"^\s*(?:import|from)\s+(?:torch|tensorflow|keras)\b", re.MULTILINE)


@dataclass(frozen=True)
class Assignment:
    """A released notebook with the exercises that judge it."""

    name: str
    released: bytes

    def __reduce__(self) -> tuple[Callable[[str, bytes, str], "Assignment"], tuple[str, bytes, str]]:
        """Send what was released, and what a course declares: a worker finds out for itself which version it has."""
        return _received, (self.name, self.released, catalogue.source(self.name))

    @cached_property
    def cells(self) -> list[NotebookCell]:
        return read_notebook(self.released)

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        return catalogue.exercises(self.name)

    @property
    def max_points(self) -> float:
        return sum(exercise.points for exercise in self.exercises)

    @property
    def needs_frameworks(self) -> bool:
        """Tell whether the release imports torch, TensorFlow or Keras, which take seconds to load."""
        return any(cell.code and FRAMEWORKS.search(cell.source) for cell in self.cells)

    @cached_property
    def version(self) -> str:
        """Return a hash of the release and of everything that judges it."""
        digest = hashlib.sha256(self.released + catalogue.source(self.name).encode())
        for path in _sources(self.name):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()[:16]


def _received(name: str, released: bytes, source: str) -> Assignment:
    if source:
        catalogue.receive(name, source)
    return _once(name, released, source)


@cache
def _once(name: str, released: bytes, _source: str) -> Assignment:
    return Assignment(name, released)


def load(name: str, folder: Path = RELEASED) -> Assignment:
    """Return an assignment.

    Raises:
        CourseError: there is no such assignment, it is not released, or a graded cell and an exercise do not match.
    """
    if name not in catalogue.assignments():
        raise CourseError(f"there is no assignment {name!r}: choose from {', '.join(catalogue.assignments())}")
    path = folder / name / f"{name}.ipynb"
    try:
        assignment = Assignment(name, path.read_bytes())
        _match(assignment)
    except FileNotFoundError:
        raise CourseError(f"{name} is not released ({path} is missing): run `autograder release`") from None
    except (OSError, Unreadable) as error:
        raise CourseError(f"the released notebook {path} cannot be read ({error}): run `autograder release`") from None
    return assignment


def released_in(course: Course, name: str) -> Path:
    """Return the folder of the release that a course hands out: its own, or the one that comes with the package."""
    own = course.root / course.release
    return own if (own / name / f"{name}.ipynb").is_file() else RELEASED


@cache
def by_hand(name: str) -> frozenset[str]:
    """Return the grade_ids of the cells that a person grades; of what cannot be graded there are none."""
    try:
        cells = load(name, released_in(Course.here(), name)).cells
        return frozenset(cell.grade_id for cell in cells if cell.grade and cell.solution)
    except CourseError:
        return frozenset()


def check_cell(exercise: str) -> str:
    """Return the grade_id of the cell that holds the points of the exercise of this name."""
    return f"{exercise}_check"


def _match(assignment: Assignment) -> None:
    """Refuse a release whose graded cells are not the exercises: a cell without a judge must never earn points."""
    graded = {cell.grade_id: cell.points for cell in assignment.cells if cell.is_check}
    judged = {check_cell(exercise.name): exercise.points for exercise in assignment.exercises}
    for grade_id in sorted(graded.keys() ^ judged.keys()):
        what = "has no judge" if grade_id in graded else "is missing from the released notebook"
        raise CourseError(f"{assignment.name}: the graded cell {grade_id} {what}: run `autograder release`")
    for grade_id, points in graded.items():
        if abs(points - judged[grade_id]) > 1e-9:
            raise CourseError(
                f"{assignment.name}: {grade_id} has {points:g} points but is judged out of {judged[grade_id]:g}: "
                "state the same in its solution and run `autograder release`"
            )


def _sources(name: str) -> list[Path]:
    """Return the files that decide a verdict: the engine, its probes, this assignment's checks, the reference."""
    engine, library = Path(checks.__path__[0]), Path(reference.__path__[0])
    files = [*engine.glob("*.py"), *engine.glob("beside/*.py"), *engine.glob(f"{name}/**/*"), *library.glob("*.py")]
    return sorted(path for path in files if path.suffix in {".py", ".json"})
