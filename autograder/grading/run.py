"""A class from its folder to its gradebook: one runner, many workers, one writer."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from autograder.checks.ask import Status
from autograder.grading.assignment import load, released_in
from autograder.grading.autograded import autograded, place
from autograder.grading.changes import require_known, settled
from autograder.grading.cluster import cluster_size, dask_pool
from autograder.grading.collect import Submission
from autograder.grading.course import Course
from autograder.grading.difference import Difference, differences, keep
from autograder.grading.errors import CourseError
from autograder.grading.feedback import write_feedback
from autograder.grading.grade import Graded, Task
from autograder.grading.gradebook import ClassGradebook, all_scores, sqlite_file, url_of
from autograder.grading.handed_in import HandedIn
from autograder.grading.interrupt import undisturbed
from autograder.grading.output import Output, counted
from autograder.grading.pool import grade_fairly, local_pool
from autograder.grading.reach import checkout, exchange, require_hidden, require_level
from autograder.grading.report import write_report
from autograder.grading.rewritten import rewritten
from autograder.grading.scores import Key, Score, describe
from autograder.grading.verdicts import SubmissionVerdict, write_bytes
from autograder.kernels.limits import Limits
from autograder.kernels.sanitise import Note

BATCH_SIZE = 32
BATCH_SECONDS = 2.0
"""A batch is written when it is this large or this old."""


@dataclass(frozen=True)
class Plan:
    """What to grade and how.

    `seed` None means that of the output folder or the gradebook, and a fresh one where neither has any.
    """

    submitted: Path
    out: Path
    assignments: Sequence[str] = ()
    students: Sequence[str] = ()
    workers: int = 1
    scheduler: str | None = None
    gradebook: str | None = None
    isolation: str = "auto"
    limits: Limits = field(default_factory=Limits)
    seed: int | None = None
    resume: bool = False
    course: Course = field(default_factory=Course.here)


@dataclass
class ClassProgress:
    """How far a run has come, and at its end what came of it.

    `emptied` are blank notebooks that were handed in after one with points; `differences` are the submissions whose
    points are others than an earlier run or a person has given them.
    """

    total: int
    seed: int
    kept: int = 0
    done: int = 0
    statuses: Counter[Status] = field(default_factory=Counter)
    slowest: tuple[float, str, str] = (0.0, "", "")
    faults: list[str] = field(default_factory=list)
    emptied: list[Key] = field(default_factory=list)
    isolations: set[str] = field(default_factory=set)
    watched: set[str] = field(default_factory=set)
    left: list[str] = field(default_factory=list)
    alone: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    verdicts: list[SubmissionVerdict] = field(default_factory=list)
    scores: Mapping[Key, Score] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    def add(self, graded: Graded) -> None:
        self.done += 1
        self.statuses[graded.verdict.status] += 1
        self.isolations.add(graded.verdict.isolation)
        self.watched.update(graded.watched)
        self.left += graded.left
        self.alone += graded.verdict.alone
        self.faults += [f"{' / '.join(graded.verdict.key)} / {fault}" for fault in graded.faults]
        for exercise, seconds in graded.questions:
            self.slowest = max(self.slowest, (seconds, exercise, graded.verdict.student))

    @property
    def waiting(self) -> str:
        """Say what of the class waits for a person, or nothing."""
        graded = {verdict.key for verdict in self.verdicts}
        found = [score for key, score in self.scores.items() if score.waiting and key in graded]
        return describe(found) if found else ""

    @property
    def remarks(self) -> list[str]:
        """Return what an instructor should know beside the grades, a sentence each."""
        said = []
        if self.alone:
            said.append(
                f"Took too long beside others and ran again alone, which counts: {counted(self.alone, 'submission')}."
            )
        if self.watched:
            what = " and ".join(f"{name} time" if name == "processor" else name for name in sorted(self.watched))
            said.append(f"Watched only, by no cgroup: {what}. `autograder doctor` says what that means.")
        if self.left:
            said.append(f"Left alone, for nobody can tell whose they are: {', '.join(sorted(set(self.left)))}.")
        return said


class ClassRun:
    """A class that is being graded into a folder and a gradebook.

    Args:
        plan: what to grade and how.
        watch: called with the progress when more submissions are written, and the disk has them.

    Raises:
        CourseError: something that the instructor has to put right first.
    """

    def __init__(self, plan: Plan, watch: Callable[[ClassProgress], None] = lambda _: None) -> None:
        self.plan = plan
        self.watch = watch
        require_known(plan.course)
        self.handed_in = HandedIn(plan.submitted, plan.course, plan.assignments, plan.students)
        self.assignments = {name: load(name, released_in(plan.course, name)) for name in self.handed_in.names}
        self.output = Output(plan.out)
        if plan.scheduler is None:
            require_level(plan.isolation)
        if plan.isolation != "process":
            require_hidden(_kept(plan))

    def run(self) -> ClassProgress:
        """Grade the class and write everything; after Ctrl-C, everything so far."""
        started = time.monotonic()
        with self.output.locked():
            progress = self._run()
        progress.seconds = time.monotonic() - started
        return progress

    def _run(self) -> ClassProgress:
        before = self.before = self.output.read()
        self.audited = self.output.audited()
        targets = self.handed_in.keys
        self.verdicts = {key: verdict for key, verdict in before.items() if self._stays(key, targets)}
        kept = self._unchanged(before) if self.plan.resume else {}
        self.verdicts |= {key: before[key] for key in kept}
        self._require_settled()
        url = url_of(self.output, self.plan.course, self.plan.gradebook)
        earlier = {key: score for key, score in all_scores(url).items() if score.handed_in}
        with ClassGradebook(url, list(self.assignments.values()), self.plan.course) as book:
            self.seed = book.seed(self.plan.out, self.plan.seed)
            progress = ClassProgress(len(targets), self.seed, kept=len(kept))
            book.enroll(self.handed_in.strangers())
            book.record(kept.values(), self.handed_in.receipts)
            self.output.write(self.verdicts.values())
            try:
                self._grade(self._tasks(kept.keys()), book, progress)
            except KeyboardInterrupt:
                progress.interrupted = True
            progress.verdicts = sorted(self.verdicts.values(), key=lambda verdict: verdict.key)
            progress.scores = book.scores()
        finish(self.output, progress.verdicts, progress.scores, self.plan.course)
        progress.differences = differences(earlier, {key: progress.scores[key] for key in earlier})
        keep(progress.differences, self.output.changes)
        return progress

    def _grade(self, tasks: Iterator[Task], book: ClassGradebook, progress: ClassProgress) -> None:
        if self.plan.scheduler is None:
            open_pool, width = partial(local_pool, self.plan.workers), 2 * self.plan.workers
        else:
            open_pool, width = partial(dask_pool, self.plan.scheduler), 2 * cluster_size(self.plan.scheduler)
        batch: list[Graded] = []
        written = time.monotonic()
        try:
            with open_pool() as submit, closing(grade_fairly(tasks, submit, width, self._again)) as results:
                for result in results:
                    graded = replace(result, verdict=settled(result.verdict, self.plan.course.changes))
                    batch.append(self._compared(graded, progress))
                    if len(batch) >= BATCH_SIZE or time.monotonic() - written > BATCH_SECONDS:
                        self._write(batch, book, progress)
                        written = time.monotonic()
        finally:
            self._write(batch, book, progress)

    def _compared(self, graded: Graded, progress: ClassProgress) -> Graded:
        """Note when a blank notebook takes the place of one that was not."""
        before = self.before.get(graded.verdict.key)
        if before is None or before.points == 0 or not graded.is_blank:
            return graded
        progress.emptied.append(graded.verdict.key)
        note = Note("", f"The notebook that was handed in before it was worth {counted(before.points, 'point')}.")
        return replace(graded, notes=(*graded.notes, note))

    @undisturbed()
    def _write(self, results: list[Graded], book: ClassGradebook, progress: ClassProgress) -> None:
        """Write a batch: grades, feedback, and last the verdicts, which say that it is complete; then report it."""
        if not results:
            return
        written = results[:]
        results.clear()  # what cannot be written now cannot be written later either
        batch = self.handed_in.that_count(written, book, self.output)
        anew = {graded.verdict.key: rewritten(graded.texts, self.audited.get(graded.verdict.key)) for graded in batch}
        book.record(batch, self.handed_in.receipts, anew)
        scores = book.scores(batch)
        for graded in batch:
            self._write_notebook(graded)
            write_feedback(self.output, graded.verdict, scores[graded.verdict.key], graded.cells, graded.notes)
        self.output.append(batch, self.handed_in.receipts)
        self.verdicts |= {graded.verdict.key: graded.verdict for graded in batch}
        for graded in written:
            progress.add(graded)
        self.watch(progress)

    def _write_notebook(self, graded: Graded) -> None:
        """Write the submission as a person reads it; nothing is left of an earlier one that cannot be read any more."""
        path = place(self.plan.course, self.output, graded.verdict.key)
        if graded.restored:
            stored = self.handed_in.receipts[graded.verdict.key].stored
            write_bytes(path, autograded(self.assignments[graded.verdict.assignment], graded, stored))
        else:
            path.unlink(missing_ok=True)

    def _tasks(self, done: Set[Key]) -> Iterator[Task]:
        for submission in self.handed_in.submissions():
            if (submission.student, submission.assignment) not in done:
                yield self._task(submission)

    def _again(self, late: Sequence[Graded]) -> Iterator[Task]:
        """Read some submissions once more."""
        return map(self._task, self.handed_in.again(late))

    def _task(self, submission: Submission) -> Task:
        assignment = self.assignments[submission.assignment]
        return Task(submission, assignment, assignment.version, self.seed, self.plan.limits, self.plan.isolation)

    def _require_settled(self) -> None:
        """Refuse to go on while some keep the points of before: the gradebook has one maximum for everybody."""
        kept = [verdict for key, verdict in self.verdicts.items() if key[1] in self.assignments]
        if any(settled(verdict, self.plan.course.changes) != verdict for verdict in kept):
            folder = self.output.folder
            raise CourseError(f"points have changed since {folder} was graded: run `autograder regrade` first")

    def _stays(self, key: Key, targets: set[Key]) -> bool:
        """Tell whether an earlier verdict is none of this run's business."""
        return key not in targets and (bool(self.plan.students) or key[1] not in self.assignments)

    def _unchanged(self, before: dict[Key, SubmissionVerdict]) -> dict[Key, Graded]:
        """Return the earlier verdicts that a resumed run would only repeat, each with the seed that it was given."""
        versions = {name: assignment.version for name, assignment in self.assignments.items()}
        return {
            key: Graded(before[key], entry["version"], written=frozenset(entry["written"]))
            for key, entry in self.handed_in.unchanged(self.output, versions).items()
            if key in before and is_of(entry, before[key]) and self.plan.seed in (None, entry["seed"])
        }


def is_of(entry: dict[str, Any], verdict: SubmissionVerdict) -> bool:
    """Tell whether a line of the audit log is about this verdict, and not about one whose own line was lost."""
    return all(entry.get(name) == getattr(verdict, name) for name in ("digest", "seed", "points"))


def finish(output: Output, verdicts: Sequence[SubmissionVerdict], scores: Mapping[Key, Score], course: Course) -> None:
    """Write what is about the class as a whole."""
    output.write(verdicts)
    output.write_grades(verdicts, scores)
    write_report(output, verdicts, scores, course)


def _kept(plan: Plan) -> dict[str, Path | None]:
    """Return what no submission may see of a run, by what an instructor calls it."""
    return {
        "SUBMITTED": plan.submitted,
        "--out": plan.out,
        "the gradebook": _gradebook_file(plan),
        "the folder of the course": plan.course.root if plan.course.exists else None,
        "the course": checkout(),
        "nbgrader's exchange": exchange(),
    }


def _gradebook_file(plan: Plan) -> Path | None:
    named = plan.gradebook or plan.course.gradebook
    if "://" in named:
        return sqlite_file(named)
    return plan.course.root / named if named else None
