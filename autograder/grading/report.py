"""What an instructor reads: who needs a look, how the class did, what it got wrong, and what took long."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import mean, median
from typing import Any
from urllib.parse import quote

from autograder.checks import catalogue
from autograder.checks.ask import Status
from autograder.checks.exercise import Exercise, Misconception
from autograder.grading.attention import look_at
from autograder.grading.course import Course
from autograder.grading.output import Output, without_verdicts
from autograder.grading.overview import foremost, rows
from autograder.grading.render import write_page
from autograder.grading.scores import Key, Score
from autograder.grading.verdicts import SubmissionVerdict

BINS = 10
MAX_CELLS, MAX_ROWS = 10_000, 2_000
"""Submissions and students that the table of the class shows: of more, those that a person may want to see first."""
MAX_LOOKS = 500
"""Submissions that are listed to be looked at."""
MAX_TEXT = 650_000
"""Characters of all names behind known mistakes: when there are more, each mistake shows the same number of names."""


@dataclass(frozen=True)
class ExerciseSummary:
    """An exercise over the class; shares are of the submissions that could be asked."""

    name: str
    full_marks: float
    points: float
    seconds: float


@dataclass(frozen=True)
class RequirementSummary:
    """A requirement over the class: how many of the submissions that were asked meet it."""

    exercise: str
    name: str
    met: int
    asked: int

    @property
    def share(self) -> float:
        return self.met / self.asked if self.asked else 0.0


@dataclass(frozen=True)
class MistakeSummary:
    """A known mistake over the class, and the submissions that look like it; `known` is None when it has a new name."""

    exercise: str
    name: str
    known: Misconception | None
    verdicts: Sequence[SubmissionVerdict]


@dataclass(frozen=True)
class AssignmentSummary:
    """An assignment over the class; verdicts may be of a version with other exercises than the course has now."""

    name: str
    verdicts: Sequence[SubmissionVerdict]
    scores: Mapping[Key, Score]
    audited: Mapping[Key, Mapping[str, Any]]

    @cached_property
    def asked(self) -> list[SubmissionVerdict]:
        return [verdict for verdict in self.verdicts if verdict.status not in {"missing", "invalid"}]

    @cached_property
    def handed_in(self) -> list[SubmissionVerdict]:
        return [verdict for verdict in self.verdicts if verdict.status != "missing"]

    @property
    def full_marks(self) -> int:
        return sum(self.points(verdict) >= self.max_points for verdict in self.handed_in)

    @property
    def mean(self) -> float:
        return mean(map(self.points, self.verdicts))

    @property
    def mean_handed_in(self) -> float:
        return _mean(map(self.points, self.handed_in))

    @property
    def median_handed_in(self) -> float:
        return median(map(self.points, self.handed_in)) if self.handed_in else 0.0

    @cached_property
    def max_points(self) -> float:
        scores = [(verdict, self.scores.get(verdict.key)) for verdict in self.verdicts]
        return max(score.max_points if score else verdict.max_points for verdict, score in scores)

    @property
    def waiting(self) -> int:
        """Count the submissions in which something waits for a person."""
        return sum(bool(score and score.waiting) for score in map(self._score, self.verdicts))

    @property
    def late(self) -> int:
        return sum(bool(score and score.late) for score in map(self._score, self.verdicts))

    @property
    def statuses(self) -> list[tuple[Status, int]]:
        return Counter(verdict.status for verdict in self.verdicts).most_common()

    @property
    def alone(self) -> list[str]:
        """Return the students whose submission took too long at first and was run a second time, alone."""
        return [verdict.student for verdict in self.verdicts if verdict.alone]

    @property
    def histogram(self) -> list[int]:
        """Count what was handed in by its share of the points, full marks in the last bin."""
        bins = [0] * BINS
        for verdict in self.handed_in:
            share = self.points(verdict) / self.max_points if self.max_points else 0.0
            bins[min(int(BINS * share), BINS - 1)] += 1
        return bins

    @property
    def exercises(self) -> list[ExerciseSummary]:
        return [self._summary(name) for name in self._declared]

    @property
    def slowest(self) -> list[ExerciseSummary]:
        return sorted(self.exercises, key=lambda summary: summary.seconds, reverse=True)

    @property
    def requirements(self) -> list[RequirementSummary]:
        """Return every requirement that was put, called as it is now, the one that the fewest meet first."""
        met: Counter[tuple[str, str]] = Counter()
        asked: Counter[tuple[str, str]] = Counter()
        names: dict[tuple[str, str], str] = {}
        for verdict in self.asked:
            for exercise in verdict.exercises:
                for part in exercise.requirements:
                    key = exercise.name, part.key
                    names[key] = part.name
                    asked[key] += 1
                    met[key] += part.passed
        declared = [exercise for exercise in self._declared.values() if exercise]
        names |= {(exercise.name, part.key): part.name for exercise in declared for part in exercise.requirements}
        found = [RequirementSummary(key[0], names[key], met[key], count) for key, count in asked.items()]
        return sorted(found, key=lambda requirement: requirement.share)

    @property
    def mistakes(self) -> list[MistakeSummary]:
        """Return the known mistakes that answers look like, the most frequent first."""
        made: defaultdict[tuple[str, str], list[SubmissionVerdict]] = defaultdict(list)
        for verdict in self.asked:
            for exercise in verdict.exercises:
                for name in exercise.misconceptions:
                    made[exercise.name, name].append(verdict)
        found = [MistakeSummary(*key, self._known(*key), verdicts) for key, verdicts in made.items()]
        return sorted(found, key=lambda mistake: len(mistake.verdicts), reverse=True)

    def points(self, verdict: SubmissionVerdict) -> float:
        """Return the points of a submission, those of people and penalties included."""
        score = self._score(verdict)
        return verdict.points if score is None else score.points

    def _score(self, verdict: SubmissionVerdict) -> Score | None:
        return self.scores.get(verdict.key)

    @cached_property
    def _declared(self) -> dict[str, Exercise | None]:
        """Return the exercises of the course as it is now, and those that only the verdicts know."""
        known = catalogue.exercises(self.name) if self.name in catalogue.assignments() else ()
        seen = {exercise.name: None for verdict in self.verdicts for exercise in verdict.exercises}
        return {exercise.name: exercise for exercise in known} | {
            name: None for name in seen if name not in {exercise.name for exercise in known}
        }

    def _known(self, exercise: str, mistake: str) -> Misconception | None:
        declared = self._declared[exercise]
        return next((item for item in declared.misconceptions if item.name == mistake), None) if declared else None

    def _summary(self, name: str) -> ExerciseSummary:
        judged = [item for verdict in self.asked for item in verdict.exercises if item.name == name]
        seconds = [self.audited.get(verdict.key, {}).get("exercises", {}).get(name, 0.0) for verdict in self.asked]
        return ExerciseSummary(
            name,
            _mean(item.passed for item in judged),
            _mean(item.points / item.max_points for item in judged if item.max_points),
            _mean(seconds),
        )


def write_report(
    output: Output, verdicts: Sequence[SubmissionVerdict], scores: Mapping[Key, Score], course: Course
) -> None:
    """Write the report of a class, assignment by assignment in the order of the course."""
    by_assignment = defaultdict(list)
    for verdict in sorted(verdicts, key=lambda verdict: course.place(verdict.assignment)):
        by_assignment[verdict.assignment].append(verdict)
    audited = output.audited()
    looks = [look for verdict in verdicts for look in look_at(verdict, audited.get(verdict.key, {}))]
    looked = {look.verdict.key for look in looks}
    summaries = [AssignmentSummary(name, group, scores, audited) for name, group in by_assignment.items()]
    students = rows(list(by_assignment), {verdict.key: verdict for verdict in verdicts}, scores, looked)
    write_page(
        output.report,
        "report.html.j2",
        summaries=summaries,
        looks=looks[:MAX_LOOKS],
        more_looks=len(looks[MAX_LOOKS:]),
        students=len(students),
        rows=foremost(students, min(MAX_ROWS, MAX_CELLS // max(len(summaries), 1))),
        most_names=_most_names([mistake for summary in summaries for mistake in summary.mistakes]),
        isolations=sorted({verdict.isolation for verdict in verdicts if verdict.isolation}),
        others=_by_assignment(without_verdicts(scores, verdicts)),
        quote=quote,
    )


def _most_names(mistakes: Sequence[MistakeSummary]) -> int:
    """Return how many names are shown behind each mistake."""
    lengths = [len(verdict.student) + len(", ") for mistake in mistakes for verdict in mistake.verdicts]
    if sum(lengths) <= MAX_TEXT:
        return len(lengths)
    return int(MAX_TEXT / mean(lengths) / len(mistakes))


def _by_assignment(scores: Iterable[Score]) -> list[tuple[str, list[Score]]]:
    found: defaultdict[str, list[Score]] = defaultdict(list)
    for score in scores:
        found[score.assignment].append(score)
    return sorted(found.items())


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return mean(values) if values else 0.0
