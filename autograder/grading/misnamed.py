"""A notebook under another name than the released one: found by its cells, taken when there is no doubt, else named."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from autograder.grading.collect import SECRET, TIMESTAMP, Submission
from autograder.grading.intake.archives import Entry, Refused, entries
from autograder.grading.intake.recognize import NOTEBOOK, Release, recognize
from autograder.kernels.notebook import Unreadable, read_notebook

MAX_LOOKED_AT = 50
"""Files of a student that are looked at."""


def look_again(submission: Submission, folder: Path | None, known: Sequence[Release]) -> Submission:
    """Return a submission as it is, or what else lies in the student's folder and must be meant.

    That is the one notebook of the assignment in which something is written, where there is none under the released
    name or nothing is written in that. Several of them are for a person to choose from.

    Args:
        submission: what lies under the released name.
        folder: the student's; None where there is none to look into.
        known: the notebooks of the course.
    """
    name = submission.assignment
    release = next((item for item in known if item.assignment == name), None)
    if folder is None or release is None or submission.status == "invalid" or not _others(folder, name, known):
        return submission
    if submission.status == "graded" and _is_written(submission.notebook, release):
        return submission
    found = {str(path): data for path, data in _notebooks(folder, name, known)}
    if len(found) == 1:
        ((path, data),) = found.items()
        remark = f"its file has another name, {path}: it was taken for the submission"
        meant = Submission.of(submission.student, name, data)
        return replace(meant, submitted=submission.submitted, remarks=(*submission.remarks, remark))
    return _named(submission, list(found) or [str(entry.path) for entry in _others(folder, name, known)])


def _is_written(notebook: bytes, release: Release) -> bool:
    try:
        return release.is_written(read_notebook(notebook))
    except Unreadable:
        return True  # the grader says what is wrong with it


def _named(submission: Submission, found: list[str]) -> Submission:
    what = f"the folder holds {', '.join(found[:3])}{' and more' if len(found) > 3 else ''}"
    if submission.status == "missing":
        return replace(submission, cause=f"{submission.cause}; {what}", remarks=(*submission.remarks, what))
    return replace(submission, remarks=(*submission.remarks, f"nothing is written in it, and {what}"))


def _others(folder: Path, assignment: str, known: Sequence[Release]) -> list[Entry]:
    """Return what else a student has handed in: no notebook at its place, and nothing that nbgrader puts beside one."""
    if not os.access(folder, os.R_OK | os.X_OK):
        return []
    places = {f"{item.assignment}/{name}" for item in known for name in (f"{item.name}.ipynb", TIMESTAMP, SECRET)}
    there = [entry for entry in islice(entries(folder), MAX_LOOKED_AT) if str(entry.path) not in places]
    others = {item.assignment for item in known} - {assignment}
    return [entry for entry in there if entry.path.parts[0] not in others]


def _notebooks(folder: Path, assignment: str, known: Sequence[Release]) -> Iterator[tuple[object, bytes]]:
    """Yield the other notebooks of an assignment in which something is written."""
    for entry in _others(folder, assignment, known):
        if not NOTEBOOK.search(entry.path.name):
            continue
        try:
            data = entry.read()
            recognized = recognize(data, entry.path.name, known)
        except (Refused, Unreadable):
            continue
        if recognized.release.assignment == assignment and recognized.written:
            yield entry.path, data
