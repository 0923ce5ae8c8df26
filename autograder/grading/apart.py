"""Asking once more, where a library lacks the layer that an exercise asks to write.

What a process says about itself can be made up by the code that it runs. So an answer that its text leaves in doubt has
to hold a second time, in a new process from which that layer was taken away before the first cell ran.
"""

from collections.abc import Iterator, Sequence

from autograder.grading.answers import Recorder
from autograder.grading.assignment import Assignment
from autograder.grading.sitting import Sitting
from autograder.kernels.doubt import is_doubtful
from autograder.kernels.limits import Limits
from autograder.kernels.session import EXPERIMENT, Cell, Session
from autograder.kernels.worker import Worker


def sit_apart(
    cells: Sequence[Cell], assignment: Assignment, worker: Worker, limits: Limits, recorder: Recorder, sitting: Sitting
) -> None:
    """Judge every exercise once more whose answer has points, and may rest on what it is to be written without."""
    for name, without in _doubted(cells, assignment, sitting):
        with worker.session(limits, without) as session:
            recorder.transport = session
            _sit(cells, session, recorder, sitting, name)


def _doubted(cells: Sequence[Cell], assignment: Assignment, sitting: Sitting) -> Iterator[tuple[str, tuple[str, ...]]]:
    for exercise, verdict in zip(assignment.exercises, sitting.verdicts, strict=True):
        own = exercise.own
        if own and verdict.points and is_doubtful(cells, assignment.cells, exercise.name, own.without):
            yield exercise.name, own.without


def _sit(cells: Sequence[Cell], session: Session, recorder: Recorder, sitting: Sitting, name: str) -> None:
    """Run all cells but experiments, and judge the exercise at its checks, and at the end, until it stands."""
    for cell in cells:
        if not cell.is_check and cell.part != EXPERIMENT:
            session.run([cell])
        elif cell.is_check and cell.part == name and not sitting.stands(name):
            recorder.judges_apart(name)
            sitting.judge_apart(name)
    if name in sitting.late and not sitting.stands(name):
        recorder.judges_apart(name)
        sitting.judge_apart(name)
