"""An appeal: one submission of a graded class looked into, by what it answered then, or by what it answers now."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.checks import catalogue
from autograder.checks.verdict import ExerciseVerdict
from autograder.grading.answers import NotRecorded, Record
from autograder.grading.assignment import load, released_in
from autograder.grading.changes import settled
from autograder.grading.collect import StudentFolder, read_submission, student_id
from autograder.grading.course import Course
from autograder.grading.errors import CourseError
from autograder.grading.explain import Reason, chosen, explain
from autograder.grading.grade import Task, submission_seed
from autograder.grading.output import Output, number
from autograder.grading.scores import Key
from autograder.grading.verdicts import SubmissionVerdict
from autograder.grading.warm import work


@dataclass(frozen=True)
class Finding:
    """What came of looking: the seed and the isolation, a line for each exercise, and a reason for each lost point."""

    seed: int
    isolation: str
    exercises: Mapping[str, str]
    reasons: Mapping[str, Sequence[Reason]]


def reasons(output: Output, course: Course, key: Key, exercise: str | None, submitted: Path | None) -> Finding:
    """Return why a submission lost points.

    Args:
        output: the graded class.
        course: its course.
        key: student and assignment.
        exercise: the one that is asked about; None means all.
        submitted: where the notebook is, to run it again on other inputs; None means that what is stored will do.

    Raises:
        CourseError: there is no such submission or exercise, or what is stored says nothing about it any more.
    """
    verdict = _verdict(output, key)
    if verdict.assignment not in catalogue.assignments():
        raise CourseError(f"{verdict.assignment} is no assignment of this course any more: nothing is known of it")
    exercises = chosen(catalogue.exercises(verdict.assignment), exercise)
    if not exercises:
        names = ", ".join(item.name for item in catalogue.exercises(verdict.assignment))
        raise CourseError(f"{verdict.assignment} has no exercise {exercise!r}: choose from {names}")
    if verdict.status in {"missing", "invalid"}:
        cause = verdict.exercises[0].requirements[0].message
        return Finding(verdict.seed, "", {item.name: cause for item in exercises}, {})
    verdict, record = (verdict, _stored(output, key)) if submitted is None else _again(verdict, course, submitted)
    seed = submission_seed(verdict.seed, verdict.assignment)
    judged = {item.name: item for item in verdict.exercises}
    try:
        found = {item.name: explain(item, judged[item.name], record, seed) for item in exercises if item.name in judged}
    except NotRecorded:
        raise CourseError(f"the questions about {verdict.assignment} have changed since: add --fresh") from None
    lines = {item.name: _line(judged.get(item.name)) for item in exercises}
    return Finding(verdict.seed, verdict.isolation, lines, found)


def _line(judged: ExerciseVerdict | None) -> str:
    """Say what an exercise was worth; nothing when there is nothing to explain."""
    if judged is None:
        return "not judged: it is new"
    if judged.passed:
        return ""
    looks = f", looks like a known mistake: {' and '.join(judged.misconceptions)}" if judged.misconceptions else ""
    return f"{number(judged.points)} of {number(judged.max_points)} points{looks}"


def _verdict(output: Output, key: Key) -> SubmissionVerdict:
    verdicts = output.read()
    if key not in verdicts:
        student, assignment = key
        raise CourseError(f"{output.folder} holds no verdict on {assignment} of {student}: look into grades.csv")
    return verdicts[key]


def _stored(output: Output, key: Key) -> Record:
    try:
        return Record.from_bytes(output.record(key).read_bytes())
    except (OSError, ValueError):
        raise CourseError(f"what {key[0]} answered is not stored any more: add --fresh") from None


def _again(verdict: SubmissionVerdict, course: Course, submitted: Path) -> tuple[SubmissionVerdict, Record]:
    """Run a submission again on inputs that were never put to anybody."""
    places = (
        [path for path in submitted.iterdir() if student_id(path.name) == verdict.student] if submitted.is_dir() else []
    )
    if not places:
        raise CourseError(f"{submitted} holds no folder of {verdict.student}: name the right one with --submitted")
    folder = StudentFolder(verdict.student, places[0].name, not places[0].is_symlink())
    submission = read_submission(submitted, folder, verdict.assignment)
    assignment = load(verdict.assignment, released_in(course, verdict.assignment))
    graded = work(Task(submission, assignment, assignment.version, secrets.randbits(32)))
    if not graded.record:
        cause = graded.verdict.exercises[0].requirements[0].message
        raise CourseError(f"{verdict.assignment} of {verdict.student} could not be run again: {cause}")
    return settled(graded.verdict, course.changes), Record.from_bytes(graded.record)
