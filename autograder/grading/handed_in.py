"""What a class has handed in: one submission after the other, with what is known of each besides its notebook."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.grading.collect import StudentFolder, Submission, collect, other_attempts, present, students
from autograder.grading.course import Course
from autograder.grading.errors import CourseError, NothingHandedIn
from autograder.grading.grade import Graded
from autograder.grading.gradebook import ClassGradebook
from autograder.grading.intake.ledger import origins
from autograder.grading.intake.recognize import releases
from autograder.grading.misnamed import look_again
from autograder.grading.output import Output
from autograder.grading.roster import Person, Roster, read_roster
from autograder.grading.scores import Key


@dataclass(frozen=True)
class Counted:
    """The best attempt so far: what it is worth, and what the audit log says of it."""

    worth: float
    graded: Graded


class HandedIn:
    """The submissions of a class, as its folder and its roster have them.

    Args:
        submitted: the folder that holds a folder for each student.
        course: which assignments there are, and whether the last or the best of several attempts counts.
        assignments: which of them; none means those that somebody handed in.
        wanted: whose; none means everybody's.

    Attributes:
        names: the assignments.
        receipts: for each submission that was read, all that is known of it but its notebook.

    Raises:
        CourseError: the folder cannot be read, or holds no submission or no student of this name.
    """

    def __init__(self, submitted: Path, course: Course, assignments: Sequence[str], wanted: Sequence[str]) -> None:
        self._submitted = submitted
        self._course = course
        self._roster = read_roster(course.root) if course.exists else Roster({})
        folders = _with_absent(students(submitted), self._roster)
        self.names = list(dict.fromkeys(assignments)) or present(submitted, folders, course.judged)
        if not self.names:
            raise NothingHandedIn(
                f"{submitted} holds no submission of a known assignment: it needs folders <student>/<assignment>/,"
                " which `autograder collect` makes of what a platform gives"
            )
        self._folders = _chosen(folders, wanted)
        self._remarks = _remarks(folders, self._roster)
        self._known = releases(course)
        self.receipts: dict[Key, Submission] = {}
        self._attempts: dict[tuple[Key, str], Submission] = {}
        self._counted: dict[Key, Counted] = {}

    @property
    def keys(self) -> set[Key]:
        """Return every student with every assignment."""
        return {(folder.student, name) for folder in self._folders for name in self.names}

    def submissions(self) -> Iterator[Submission]:
        """Read the submissions; every attempt of them where the best one counts."""
        yield from self._read(self._folders, self.names)

    def again(self, judged: Sequence[Graded]) -> Iterator[Submission]:
        """Read those submissions once more that these verdicts are about."""
        wanted = {(graded.verdict.key, graded.verdict.digest) for graded in judged}
        for folder in self._folders:
            names = [name for name in self.names if any(key == (folder.student, name) for key, _ in wanted)]
            for submission in self._read([folder], names):
                if ((submission.student, submission.assignment), submission.digest) in wanted:
                    yield submission

    def _read(self, folders: list[StudentFolder], names: list[str]) -> Iterator[Submission]:
        homes = {folder.student: self._submitted / folder.name for folder in folders if folder.real}
        for handed_in in collect(self._submitted, folders, names):
            submission = look_again(handed_in, homes.get(handed_in.student), self._known)
            key = submission.student, submission.assignment
            for attempt in (submission, *self._others(key)):
                remarks = (*attempt.remarks, *self._remarks.get(submission.student, ()))
                receipt = replace(attempt, notebook=b"", remarks=remarks)
                self.receipts.setdefault(key, receipt)
                self._attempts[key, attempt.digest] = receipt
                yield attempt

    def strangers(self) -> Roster:
        """Return the people whom the roster does not know, as far as the platform told who they are."""
        told = {student: item for (student, _), item in origins(self._submitted).items() if item.platform == "canvas"}
        return Roster(
            {
                student: Person(student, platform_id=item.platform_id)
                for student, item in told.items()
                if student not in self._roster.people
            }
        )

    def unchanged(self, output: Output, versions: Mapping[str, str]) -> dict[Key, dict[str, Any]]:
        """Return the submissions that were judged as they are now, by these versions of their assignments.

        Returns:
            What the audit log says of each, by student and assignment.
        """
        judged, audited = output.judged(), output.audited()
        digests: defaultdict[Key, set[str]] = defaultdict(set)
        for submission in self.submissions():
            digests[submission.student, submission.assignment].add(submission.digest)
        found = {}
        for key, attempts in digests.items():
            entry, version = audited.get(key, {}), versions[key[1]]
            as_now = entry.get("digest") in attempts and entry.get("version") == version
            if as_now and all((*key, digest, version) in judged for digest in attempts):
                found[key] = entry
        return found

    def that_count(self, results: Sequence[Graded], book: ClassGradebook, output: Output) -> list[Graded]:
        """Return the results that count: all, or of several attempts the one that is worth most, so far.

        Of two that are worth the same the later one counts; the audit log says which do not.
        """
        if self._course.attempts == "last":
            return list(results)
        counting: dict[Key, Graded] = {}
        for graded in results:
            key, receipt = graded.verdict.key, self._attempts[graded.verdict.key, graded.verdict.digest]
            worth, before = book.worth(graded, receipt), self._counted.get(key)
            if before and worth < before.worth:
                output.set_aside(graded, {key: receipt})
                continue
            if key in counting:
                output.set_aside(counting[key], {key: self.receipts[key]})
            elif before:
                output.replace(before.graded, {key: self.receipts[key]})
            self._counted[key] = Counted(worth, replace(graded, record=b"", cells=(), restored=()))
            self.receipts[key], counting[key] = receipt, graded
        return list(counting.values())

    def _others(self, key: Key) -> Iterator[Submission]:
        if self._course.attempts == "best":
            yield from other_attempts(self._submitted, *key)


def _with_absent(folders: list[StudentFolder], roster: Roster) -> list[StudentFolder]:
    """Add the people of the roster who have handed in nothing at all."""
    there = {folder.student for folder in folders}
    absent = [StudentFolder(login, login, True) for login in roster.people if login not in there]
    return sorted([*folders, *absent], key=lambda folder: folder.student)


def _chosen(folders: list[StudentFolder], wanted: Sequence[str]) -> list[StudentFolder]:
    unknown = set(wanted) - {folder.student for folder in folders}
    if unknown:
        raise CourseError(f"there is no student {min(unknown)!r}: give the name of a folder with --student")
    return [folder for folder in folders if not wanted or folder.student in wanted]


def _remarks(folders: list[StudentFolder], roster: Roster) -> dict[str, list[str]]:
    """Return what a person should know about the names of some students."""
    alike = Counter(folder.student.casefold() for folder in folders)
    remarks: dict[str, list[str]] = {}
    for folder in folders:
        found = remarks.setdefault(folder.student, [])
        if alike[folder.student.casefold()] > 1:
            found.append("another student has the same name but for capital letters: is it the same person?")
        if roster.people and folder.student not in roster.people:
            found.append("is not in the roster")
    return remarks
