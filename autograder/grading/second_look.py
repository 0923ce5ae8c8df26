"""Where the best of several attempts counts, another one may count once points have changed."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from autograder.grading.answers import NotRecorded
from autograder.grading.assignment import Assignment
from autograder.grading.autograded import autograded, place
from autograder.grading.collect import Submission, other_attempts, read_file
from autograder.grading.course import Course
from autograder.grading.grade import Graded
from autograder.grading.gradebook import ClassGradebook
from autograder.grading.output import Output
from autograder.grading.rewritten import rewritten
from autograder.grading.scores import Key
from autograder.grading.verdicts import SubmissionVerdict, write_bytes
from autograder.kernels.notebook import read_notebook
from autograder.kernels.sanitise import restore

Entry = Mapping[str, Any]
Judge = Callable[[SubmissionVerdict, bytes, Entry], Graded]


@dataclass
class SecondLook:
    """Finds the attempt that counts now, and takes care that it is the one that everybody sees.

    Args:
        output: the graded class.
        course: where the attempts lie, and whether the best one counts.
        book: the gradebook, for what lateness costs.

    Attributes:
        receipts: of the attempts that came to count.
        anew: the cells of those that a person has to see again.
    """

    output: Output
    course: Course
    book: ClassGradebook
    receipts: dict[Key, Submission] = field(default_factory=dict)
    anew: dict[Key, Collection[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._aside = self.output.aside() if self.course.attempts == "best" else {}

    def best(self, counted: Graded, entry: Entry, assignment: Assignment, judge: Judge) -> Graded:
        """Return the attempt that is worth most, the one that counted so far where another is worth no more.

        Args:
            counted: the attempt that counted so far, judged as points are now.
            entry: what the audit log says of it.
            assignment: of what.
            judge: judges another attempt by its stored answers, as points are now.
        """
        key = counted.verdict.key
        best, of_best, most = counted, entry, self._worth(counted, entry)
        for digest, other in self._aside.get(key, {}).items():
            stored = self.output.record(key, digest)
            if digest == counted.verdict.digest or not stored.exists():
                continue
            try:
                graded = judge(_unjudged(counted.verdict, other), stored.read_bytes(), other)
            except (NotRecorded, KeyError, ValueError):
                continue  # it was asked other questions, and runs again with the class
            if (worth := self._worth(graded, other)) > most:
                best, of_best, most = graded, other, worth
        if best is not counted:
            self._change(counted, entry, best, of_best, assignment)
        return best

    def _worth(self, graded: Graded, entry: Entry) -> float:
        return self.book.worth(graded, receipt(graded, entry))

    def _change(self, old: Graded, entry: Entry, new: Graded, other: Entry, assignment: Assignment) -> None:
        """Let another attempt count: its notebook is shown, and what a person gave for the other waits for a look."""
        key = new.verdict.key
        self.output.replace(old, {key: receipt(old, entry)})
        self.receipts[key], self.anew[key] = receipt(new, other), rewritten(new.texts, entry)
        path = place(self.course, self.output, key)
        handed_in = self.course.submitted / key[0] / key[1] / f"{key[1]}.ipynb"
        attempts = (read_file(handed_in, *key), *other_attempts(self.course.submitted, *key))
        file = next((item for item in attempts if item.digest == new.verdict.digest and item.notebook), None)
        if file is None:
            path.unlink(missing_ok=True)
            return
        restored = restore(assignment.cells, read_notebook(file.notebook))
        write_bytes(path, autograded(assignment, replace(new, restored=tuple(restored)), file.stored))


def receipt(graded: Graded, entry: Entry) -> Submission:
    """Return when an attempt was handed in, and what there was to remark on it."""
    date = entry.get("submitted")
    return Submission(
        *graded.verdict.key,
        submitted=datetime.fromisoformat(date) if date else None,
        remarks=tuple(entry.get("remarks", ())),
    )


def _unjudged(counted: SubmissionVerdict, entry: Entry) -> SubmissionVerdict:
    """Return what is known of another attempt before it is judged again."""
    said = {name: entry[name] for name in ("isolation", "seconds", "seed", "digest", "alone")}
    return replace(counted, exercises=(), **said)
