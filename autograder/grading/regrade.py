"""Judging stored answers again, when points or tolerances have changed and no question has."""

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from autograder.checks import catalogue
from autograder.checks.judge import unjudged
from autograder.grading.answers import NotRecorded, Record, Replay
from autograder.grading.assignment import Assignment, load, released_in
from autograder.grading.autograded import place, tabled
from autograder.grading.changes import require_known, settled
from autograder.grading.course import Course
from autograder.grading.difference import Difference, differences, keep
from autograder.grading.errors import CourseError
from autograder.grading.feedback import write_feedback
from autograder.grading.grade import Graded, submission_seed
from autograder.grading.gradebook import ClassGradebook, all_scores, existing_url, url_of
from autograder.grading.output import Output
from autograder.grading.run import finish
from autograder.grading.scores import Key
from autograder.grading.second_look import SecondLook, receipt
from autograder.grading.sitting import Sitting
from autograder.grading.verdicts import SubmissionVerdict, write_bytes

BATCH = 32
UNREAD = ("missing", "invalid")
"""What was never asked anything, so that it has no record."""


@dataclass(frozen=True)
class Wanted:
    """What is to be judged again: of nothing named, all."""

    assignments: Sequence[str] = ()
    students: Sequence[str] = ()
    exercises: Sequence[str] = ()

    def includes(self, verdict: SubmissionVerdict) -> bool:
        return not self.students or verdict.student in self.students

    def of(self, assignment: Assignment) -> list[str]:
        """Return the names of the exercises of an assignment that are meant."""
        names = [exercise.name for exercise in assignment.exercises]
        return [name for name in names if not self.exercises or name in self.exercises]


@dataclass(frozen=True)
class Regraded:
    """What came of judging again.

    `stale` are the submissions that keep their old verdict, because the questions have changed, or the record or its
    line in the audit log is gone: they have to run again. `unknown` are assignments that have no judges any more, and
    were left alone.
    """

    differences: list[Difference]
    stale: list[Key] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def regrade(
    output: Output,
    wanted: Wanted | None = None,
    gradebook: str | None = None,
    watch: Callable[[int, int], None] = lambda _done, _total: None,
    course: Course | None = None,
) -> Regraded:
    """Judge a graded class again from its record, and write everything anew.

    What a course changes about points holds for everybody, whoever is judged again.

    Args:
        output: the folder that a run has written.
        wanted: what to judge again; None means all.
        gradebook: URL of the database; None means the one in the folder.
        watch: called with the number of submissions judged so far, and of all.
        course: its changes, due dates and late policy; None means that of the working directory.

    Raises:
        CourseError: the folder holds no verdicts or not what is wanted, or the gradebook cannot be used.
    """
    if not output.read():
        raise CourseError(f"{output.folder} holds no verdicts: grade a class into it first")
    course = course or Course.here()
    require_known(course)
    with output.locked():
        return _regrade(output, wanted or Wanted(), gradebook, watch, course)


def _regrade(
    output: Output,
    wanted: Wanted,
    gradebook: str | None,
    watch: Callable[[int, int], None],
    course: Course,
) -> Regraded:
    verdicts = output.read()
    there = sorted({verdict.assignment for verdict in verdicts.values()})
    loaded = _load(wanted, [name for name in there if name in catalogue.assignments()], course)
    _require_there(wanted, loaded, verdicts)
    url = url_of(output, course, gradebook)
    before, audited = all_scores(url), output.audited()
    chosen = [verdict for verdict in verdicts.values() if verdict.assignment in loaded]
    stale: list[Key] = []
    batch: list[Graded] = []
    with ClassGradebook(url, list(loaded.values()), course) as book:
        look = SecondLook(output, course, book)
        for done, verdict in enumerate(chosen, 1):
            assignment = loaded[verdict.assignment]
            judge = partial(_judge_again, assignment, course)
            names = wanted.of(assignment) if wanted.includes(verdict) else []
            try:
                entry = audited[verdict.key]
                data = b"" if verdict.status in UNREAD else output.record(verdict.key).read_bytes()
                batch.append(look.best(judge(verdict, data, entry, names), entry, assignment, judge))
            except (NotRecorded, FileNotFoundError, KeyError, ValueError):
                stale.append(verdict.key)
            if len(batch) == BATCH or done == len(chosen):
                _write(batch, look, output, course, audited)
                verdicts |= {graded.verdict.key: graded.verdict for graded in batch}
                batch.clear()
            watch(done, len(chosen))
        after = book.scores()
    finish(output, sorted(verdicts.values(), key=lambda verdict: verdict.key), after, course)
    found = differences(before, after)
    keep(found, output.changes)
    return Regraded(found, stale, [name for name in there if name not in catalogue.assignments()])


def _write(
    batch: Sequence[Graded], look: SecondLook, output: Output, course: Course, audited: Mapping[Key, dict[str, Any]]
) -> None:
    """Write some submissions anew; what there was to remark on them still is."""
    receipts = {graded.verdict.key: receipt(graded, audited[graded.verdict.key]) for graded in batch} | look.receipts
    look.book.record(batch, look.receipts, look.anew)
    scores = look.book.scores(batch) if batch else {}
    for graded in batch:
        _write_tables(place(course, output, graded.verdict.key), graded)
        write_feedback(output, graded.verdict, scores[graded.verdict.key], graded.cells, graded.notes)
    output.append(batch, receipts)


def _load(wanted: Wanted, there: Sequence[str], course: Course) -> dict[str, Assignment]:
    """Return the assignments that are meant."""
    loaded = {name: load(name, released_in(course, name)) for name in wanted.assignments or there}
    return {name: assignment for name, assignment in loaded.items() if wanted.of(assignment)}


def _require_there(wanted: Wanted, loaded: Mapping[str, Assignment], verdicts: Collection[Key]) -> None:
    known = {name for assignment in loaded.values() for name in wanted.of(assignment)}
    for name in wanted.exercises:
        if name not in known:
            raise CourseError(f"there is no exercise {name!r} to judge again: `autograder explain` names them")
    for student in wanted.students:
        if student not in {who for who, _ in verdicts}:
            raise CourseError(f"there is no verdict on {student!r}: give the name of a folder with --student")


def _write_tables(notebook: Path, graded: Graded) -> None:
    with contextlib.suppress(FileNotFoundError, ValueError):
        write_bytes(notebook, tabled(notebook.read_bytes(), graded))


def refresh(output: Output, gradebook: str | None = None, course: Course | None = None) -> None:
    """Write the feedback and everything about the class anew, from the verdicts and the gradebook as they are now."""
    verdicts = sorted(output.read().values(), key=lambda verdict: verdict.key)
    course = course or Course.here()
    with ClassGradebook(existing_url(output, course, gradebook), [], course) as book:
        scores = book.scores()
    for verdict in verdicts:
        if verdict.key in scores:
            record = _stored(output, verdict)
            write_feedback(output, verdict, scores[verdict.key], record.cells, record.notes)
    finish(output, verdicts, scores, course)


def _stored(output: Output, verdict: SubmissionVerdict) -> Record:
    """Return the record of a submission, or an empty one when it is gone."""
    with contextlib.suppress(OSError, ValueError):
        return Record.from_bytes(output.record(verdict.key).read_bytes())
    return Record()


def _judge_again(
    assignment: Assignment,
    course: Course,
    old: SubmissionVerdict,
    data: bytes,
    entry: Mapping[str, Any],
    names: Collection[str] | None = None,
) -> Graded:
    """Judge exercises of a submission by its record, as points are now; what the audit log says of its run still holds.

    Args:
        assignment: of what.
        course: what it changes about points.
        old: the verdict before.
        data: the record, empty where nothing could be asked.
        entry: what the audit log says.
        names: of the exercises that are judged again; None means all.
    """
    record = Record.from_bytes(data) if data else Record()
    exercises = [exercise for exercise in assignment.exercises if names is None or exercise.name in names]
    faults: tuple[str, ...] = ()
    if data:
        sitting = Sitting(exercises, Replay(record), submission_seed(old.seed, old.assignment))
        sitting.repeat(record.course, record.apart)
        judged, faults = sitting.verdicts, tuple(sitting.faults)
    else:
        cause = old.exercises[0].requirements[0].message
        judged = tuple(unjudged(exercise, old.status, cause) for exercise in exercises)
    verdicts = {exercise.name: exercise for exercise in (*old.exercises, *judged)}
    verdict = replace(old, exercises=tuple(verdicts[exercise.name] for exercise in assignment.exercises))
    return Graded(
        verdict=settled(verdict, course.changes),
        version=assignment.version,
        cells=record.cells,
        record=data,
        questions=tuple(entry["exercises"].items()),
        written=frozenset(entry["written"]),
        notes=tuple(record.notes),
        texts=entry.get("texts", {}),
        is_blank=entry.get("blank", False),
        faults=faults,
        watched=tuple(entry.get("watched", ())),
        left=tuple(entry.get("left", ())),
    )
