"""The folder that a run writes, and what an earlier run left in it."""

import contextlib
import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.checks import catalogue
from autograder.grading import durable
from autograder.grading.collect import NO_RECEIPTS, Receipts
from autograder.grading.errors import CourseError
from autograder.grading.grade import Graded
from autograder.grading.lock import locked
from autograder.grading.scores import Key, Score
from autograder.grading.verdicts import SubmissionVerdict, read_verdicts, write_text, write_verdicts

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
FORMULA = (*"=+-@\uff1d\uff0b\uff0d\uff20", "\t", "\r")
"""How a cell begins that a spreadsheet would run; some take the wide forms of these signs for the signs."""
NEGATIVE = re.compile(r"-\d+(\.\d+)?(e-\d+)?")
"""A number below 0, as `number` writes it: a spreadsheet is to count with it."""
HARMLESS = re.compile(r"[+\-@]?[\w.@+-]*")
"""What begins like a formula and does no harm as one: nothing in it calls a function or leads out of the file."""


class Identifier(str):
    """A text by which somebody is found again; it stays as it is where that does no harm."""

    __slots__ = ()


@dataclass(frozen=True)
class Output:
    """The output folder of a class. Files that autograder did not write are left alone."""

    folder: Path

    @property
    def verdicts(self) -> Path:
        return self.folder / "verdicts.jsonl"

    @property
    def audit(self) -> Path:
        """The log of every verdict ever given: when, for which file, by which version."""
        return self.folder / "audit.jsonl"

    @property
    def grades(self) -> Path:
        return self.folder / "grades.csv"

    @property
    def changes(self) -> Path:
        """The table of whose points have changed since they were given."""
        return self.folder / "changes.csv"

    @property
    def alike(self) -> Path:
        """The page of answers that are alike, once somebody has looked for them."""
        return self.folder / "alike.html"

    @property
    def report(self) -> Path:
        return self.folder / "report.html"

    def feedback(self, verdict: SubmissionVerdict) -> Path:
        return self.folder / verdict.feedback

    def record(self, key: Key, digest: str = "") -> Path:
        """Return where the answers of a submission are kept, or by its digest an attempt's that does not count."""
        student, assignment = key
        attempt = f".{digest[:16]}" if digest else ""
        return self.folder / "answers" / student / f"{assignment}{attempt}.answers"

    def create(self) -> None:
        """Make the folder; raise CourseError when it cannot be written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.verdicts.touch()
        except OSError as error:
            raise CourseError(
                f"{self.folder} cannot be written ({error.strerror}): choose another folder with --out"
            ) from None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Make the folder where there is none, and hold it for writing; raise CourseError when somebody else does."""
        self.create()
        with locked(self.folder):
            yield

    def read(self) -> dict[Key, SubmissionVerdict]:
        """Return the verdicts so far."""
        return read_verdicts(self.verdicts)

    def write(self, verdicts: Iterable[SubmissionVerdict]) -> None:
        """Write the verdicts of the whole class, in order."""
        write_verdicts(self.verdicts, verdicts)

    def append(self, batch: Iterable[Graded], receipts: Receipts = NO_RECEIPTS) -> None:
        """Add verdicts as they come, then say in the audit log that they are complete, with remarks on some of them.

        A verdict counts as given when its line stands in the audit log, which is therefore written last, and only when
        the disk has everything else.
        """
        batch = list(batch)
        for graded in batch:
            path = self.record(graded.verdict.key)
            if graded.record:
                durable.write(path, graded.record, synced=False)
            else:
                path.unlink(missing_ok=True)
        durable.append(self.verdicts, (graded.verdict.to_line() for graded in batch))
        durable.sync(self.folder)
        durable.append(self.audit, (_audit(graded, receipts) for graded in batch))

    def set_aside(self, graded: Graded, receipts: Receipts = NO_RECEIPTS) -> None:
        """Say in the audit log that an attempt was judged and does not count, and keep its answers for a regrade."""
        if graded.record:
            durable.write(self.record(graded.verdict.key, graded.verdict.digest), graded.record, synced=False)
        durable.append(self.audit, (_audit(graded, receipts, counts=False),))

    def replace(self, counted: Graded, receipts: Receipts = NO_RECEIPTS) -> None:
        """Set aside an attempt that has counted until now: the stored answers are its own."""
        stored = self.record(counted.verdict.key)
        self.set_aside(replace(counted, record=stored.read_bytes() if stored.exists() else b""), receipts)

    def aside(self) -> dict[Key, dict[str, dict[str, Any]]]:
        """Return the last line of the audit log for every attempt that did not count then, by its file's digest."""
        found: defaultdict[Key, dict[str, dict[str, Any]]] = defaultdict(dict)
        for entry in self._audit_log():
            if not entry.get("counts", True):
                found[entry["student"], entry["assignment"]][entry["digest"]] = entry
        return found

    def judged(self) -> set[tuple[str, str, str, str]]:
        """Return every attempt ever judged: student, assignment, digest of the file, version of the assignment."""
        names = ("student", "assignment", "digest", "version")
        return {tuple(entry.get(name, "") for name in names) for entry in self._audit_log()}

    def audited(self) -> dict[Key, dict[str, Any]]:
        """Return the last line of the audit log for every submission; an attempt that does not count has none."""
        return {
            (entry["student"], entry["assignment"]): entry for entry in self._audit_log() if entry.get("counts", True)
        }

    def _audit_log(self) -> Iterator[dict[str, Any]]:
        """Read the audit log; a line that is damaged counts for nothing."""
        for line in self.audit.read_bytes().splitlines() if self.audit.exists() else ():
            try:
                entry = json.loads(line)
                _ = entry["student"], entry["assignment"]
            except (ValueError, KeyError, TypeError):
                continue
            yield entry

    def write_grades(self, verdicts: Iterable[SubmissionVerdict], scores: Mapping[Key, Score]) -> None:
        """Write grades.csv: what the gradebook says of every verdict."""
        header = ["student", "assignment", "points", "max_points", "status"]
        parts = ["automatic", "manual", "extra_credit", "penalty", "hours_late", "waiting"]
        verdicts = list(verdicts)
        lines = [_line(verdict, scores.get(verdict.key)) for verdict in verdicts]
        lines += [_points(score, "nbgrader") for score in without_verdicts(scores, verdicts)]
        write_text(self.grades, to_csv([*header, *parts], lines))


def without_verdicts(scores: Mapping[Key, Score], verdicts: Iterable[SubmissionVerdict]) -> list[Score]:
    """Return the scores of assignments that have no judges here: nbgrader has graded them into the same gradebook."""
    judged = {*catalogue.assignments(), *(verdict.assignment for verdict in verdicts)}
    return [score for (_, name), score in sorted(scores.items()) if name not in judged and score.handed_in]


def _line(verdict: SubmissionVerdict, score: Score | None) -> list[str]:
    if score is not None:
        return _points(score, verdict.status)
    points = [number(verdict.points), number(verdict.max_points)]
    return [verdict.student, verdict.assignment, *points, verdict.status, *[""] * 6]


def _points(score: Score, status: str) -> list[str]:
    hours = score.late.total_seconds() / 3600
    given = map(number, (score.automatic, score.manual, score.extra_credit, score.penalty, hours))
    points = [number(score.points), number(score.max_points)]
    return [score.student, score.assignment, *points, status, *given, " ".join(score.waiting)]


def to_csv(header: list[str], rows: Iterable[list[str]]) -> str:
    """Return RFC 4180 text in which no cell is a formula and no control character is left."""
    stream = io.StringIO()
    csv.writer(stream).writerows([_safe(cell) for cell in row] for row in (header, *rows))
    return stream.getvalue()


def number(value: float) -> str:
    """Return points as people write them: 7.5, 10, .333333."""
    return f"{round(value, 6):.12g}"


def counted(amount: float, noun: str) -> str:
    """Return an amount of something: 1 point, 1.5 points, 2 submissions."""
    return f"{number(amount)} {noun}{'s' * (amount != 1)}"


def printable(text: str) -> str:
    """Return text without control characters, which would move the cursor of a terminal or break a line."""
    return CONTROL.sub("\ufffd", text)


def _safe(cell: str) -> str:
    kept = NEGATIVE.fullmatch(cell) or (isinstance(cell, Identifier) and HARMLESS.fullmatch(cell))
    runs = cell.startswith(FORMULA) and not kept
    return printable(f"'{cell}" if runs else cell)


def _audit(graded: Graded, receipts: Receipts, counts: bool = True) -> str:
    verdict = graded.verdict
    receipt = receipts.get(verdict.key)
    entry = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "student": verdict.student,
        "assignment": verdict.assignment,
        "digest": verdict.digest,
        "version": graded.version,
        "seed": verdict.seed,
        "isolation": verdict.isolation,
        "points": verdict.points,
        "status": verdict.status,
        "seconds": verdict.seconds,
        "exercises": dict(graded.questions),
        "written": sorted(graded.written),
        "texts": dict(graded.texts),
        "faults": list(graded.faults),
        "alone": verdict.alone,
        "watched": list(graded.watched),
        "left": list(graded.left),
        "blank": graded.is_blank,
        "counts": counts,
        "submitted": receipt.submitted.isoformat() if receipt and receipt.submitted else None,
        "remarks": list(receipt.remarks if receipt else ()),
    }
    return json.dumps(entry, allow_nan=False) + "\n"
