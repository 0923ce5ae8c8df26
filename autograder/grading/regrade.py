"""Judging stored answers again, when points or tolerances have changed and no question has."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.checks.judge import unjudged
from autograder.grading.answers import NotRecorded, Record, Replay
from autograder.grading.assignment import Assignment, load, released_in
from autograder.grading.autograded import place, tabled
from autograder.grading.collect import Submission
from autograder.grading.course import Course
from autograder.grading.errors import CourseError
from autograder.grading.feedback import write_feedback
from autograder.grading.grade import Graded, submission_seed
from autograder.grading.gradebook import ClassGradebook, existing_url, url_of
from autograder.grading.output import Output
from autograder.grading.run import finish
from autograder.grading.scores import Key
from autograder.grading.sitting import Sitting
from autograder.grading.verdicts import SubmissionVerdict, write_bytes

BATCH = 32


def regrade(
    output: Output,
    assignments: Sequence[str] = (),
    gradebook: str | None = None,
    watch: Callable[[int, int], None] = lambda _done, _total: None,
    course: Course | None = None,
) -> list[Key]:
    """Judge a graded class again from its record, and write everything anew.

    Args:
        output: the folder that a run has written.
        assignments: those to judge again; none means all.
        gradebook: URL of the database; None means the one in the folder.
        watch: called with the number of submissions judged so far, and of all.
        course: its due dates and late policy; None means that of the working directory.

    Returns:
        The submissions that keep their old verdict, because the questions have changed, or the record or its line in
        the audit log is gone: they have to run again.

    Raises:
        CourseError: the folder holds no verdicts, or the gradebook cannot be used.
    """
    if not output.read():
        raise CourseError(f"{output.folder} holds no verdicts: grade a class into it first")
    with output.locked():
        return _regrade(output, assignments, gradebook, watch, course or Course.here())


def _regrade(
    output: Output,
    assignments: Sequence[str],
    gradebook: str | None,
    watch: Callable[[int, int], None],
    course: Course,
) -> list[Key]:
    verdicts = output.read()
    names = list(assignments) or sorted({verdict.assignment for verdict in verdicts.values()})
    loaded = {name: load(name, released_in(course, name)) for name in names}
    chosen = [verdict for verdict in verdicts.values() if verdict.assignment in loaded]
    audited = output.audited()
    receipts = {key: Submission(*key, remarks=tuple(entry.get("remarks", ()))) for key, entry in audited.items()}
    stale: list[Key] = []
    batch: list[Graded] = []
    with ClassGradebook(url_of(output, course, gradebook), list(loaded.values()), course) as book:
        for done, verdict in enumerate(chosen, 1):
            try:
                batch.append(_judge_again(output, loaded[verdict.assignment], verdict, audited[verdict.key]))
            except (NotRecorded, FileNotFoundError, KeyError, ValueError):
                stale.append(verdict.key)
            if len(batch) == BATCH or done == len(chosen):
                book.record(batch)
                scores = book.scores(batch)
                for graded in batch:
                    _write_tables(place(course, output, graded.verdict.key), graded)
                    write_feedback(output, graded.verdict, scores[graded.verdict.key], graded.cells, graded.notes)
                output.append(batch, receipts)
                verdicts |= {graded.verdict.key: graded.verdict for graded in batch}
                batch.clear()
            watch(done, len(chosen))
        finish(output, sorted(verdicts.values(), key=lambda verdict: verdict.key), book.scores(), course)
    return stale


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


def _judge_again(output: Output, assignment: Assignment, old: SubmissionVerdict, entry: dict[str, Any]) -> Graded:
    """Judge one submission; what the audit log says of its run still holds."""
    data, record = b"", Record()
    faults: tuple[str, ...] = ()
    if old.status in {"missing", "invalid"}:
        cause = old.exercises[0].requirements[0].message
        exercises = tuple(unjudged(exercise, old.status, cause) for exercise in assignment.exercises)
    else:
        data = output.record(old.key).read_bytes()
        record = Record.from_bytes(data)
        seed = submission_seed(old.seed, old.assignment)
        sitting = Sitting(assignment.exercises, Replay(record), seed)
        sitting.repeat(record.course)
        exercises, faults = sitting.verdicts, tuple(sitting.faults)
    return Graded(
        verdict=replace(old, exercises=exercises),
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
