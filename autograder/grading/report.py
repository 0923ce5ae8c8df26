"""What an instructor reads: how the class did, what it got wrong, and what took long."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import Any
from urllib.parse import quote

from autograder.checks import catalogue
from autograder.checks.ask import Status
from autograder.checks.exercise import Exercise, Misconception
from autograder.grading.output import Output
from autograder.grading.render import write_page
from autograder.grading.scores import Key, Score
from autograder.grading.verdicts import SubmissionVerdict

BINS = 10
MOST = 10
"""How many lines the lists of frequent things have."""


@dataclass(frozen=True)
class ExerciseSummary:
    """An exercise over the class; shares are of the submissions that could be asked."""

    exercise: Exercise
    full_marks: float
    points: float
    seconds: float


@dataclass(frozen=True)
class AssignmentSummary:
    """An assignment over the class, as the course has it now; verdicts may be of a version with other exercises."""

    name: str
    verdicts: Sequence[SubmissionVerdict]
    scores: Mapping[Key, Score]
    audited: dict[Key, dict[str, Any]]

    @property
    def asked(self) -> list[SubmissionVerdict]:
        return [verdict for verdict in self.verdicts if verdict.status not in {"missing", "invalid"}]

    @property
    def handed_in(self) -> int:
        return sum(verdict.status != "missing" for verdict in self.verdicts)

    @property
    def full_marks(self) -> int:
        return sum(self.points(verdict) >= self.max_points for verdict in self.verdicts)

    @property
    def mean(self) -> float:
        return mean(map(self.points, self.verdicts))

    @property
    def mean_handed_in(self) -> float:
        return _mean(self.points(verdict) for verdict in self.verdicts if verdict.status != "missing")

    @property
    def median(self) -> float:
        return median(map(self.points, self.verdicts))

    @property
    def max_points(self) -> float:
        return max(score.max_points if score else verdict.max_points for verdict, score in self.scored)

    @property
    def scored(self) -> list[tuple[SubmissionVerdict, Score | None]]:
        """Return the verdicts, each with what the gradebook says of it."""
        return [(verdict, self.scores.get(verdict.key)) for verdict in self.verdicts]

    @property
    def waiting(self) -> int:
        """Count the submissions in which something waits for a person."""
        return sum(bool(score and score.waiting) for _, score in self.scored)

    @property
    def late(self) -> int:
        return sum(bool(score and score.late) for _, score in self.scored)

    def points(self, verdict: SubmissionVerdict) -> float:
        """Return the points of a submission, those of people and penalties included."""
        score = self.scores.get(verdict.key)
        return verdict.points if score is None else score.points

    @property
    def statuses(self) -> list[tuple[Status, int]]:
        return Counter(verdict.status for verdict in self.verdicts).most_common()

    @property
    def alone(self) -> list[str]:
        """Return the students whose submission took too long at first and was run a second time, alone."""
        return [verdict.student for verdict in self.verdicts if verdict.alone]

    @property
    def histogram(self) -> list[int]:
        """Count submissions by their share of the points, full marks in the last bin."""
        bins = [0] * BINS
        for verdict in self.verdicts:
            share = self.points(verdict) / self.max_points if self.max_points else 0.0
            bins[min(int(BINS * share), BINS - 1)] += 1
        return bins

    @property
    def exercises(self) -> list[ExerciseSummary]:
        return [self._summary(exercise) for exercise in catalogue.exercises(self.name)]

    @property
    def slowest(self) -> list[ExerciseSummary]:
        return sorted(self.exercises, key=lambda summary: summary.seconds, reverse=True)

    @property
    def misconceptions(self) -> list[tuple[Exercise, Misconception, int]]:
        """Return the most frequent known mistakes with their counts."""
        known = {
            (exercise.name, wrong.name): (exercise, wrong)
            for exercise in catalogue.exercises(self.name)
            for wrong in exercise.misconceptions
        }
        named = Counter((item.name, item.misconception) for verdict in self.verdicts for item in verdict.exercises)
        return [(*known[key], count) for key, count in named.most_common() if key in known][:MOST]

    @property
    def unmet(self) -> list[tuple[str, str, int]]:
        """Return the requirements that most answers failed: exercise, requirement, count."""
        answered = (item for verdict in self.verdicts for item in verdict.exercises if item.status == "graded")
        failed = Counter((item.name, part.name) for item in answered for part in item.requirements if not part.passed)
        return [(exercise, requirement, count) for (exercise, requirement), count in failed.most_common(MOST)]

    def _summary(self, exercise: Exercise) -> ExerciseSummary:
        judged = [item for verdict in self.asked for item in verdict.exercises if item.name == exercise.name]
        seconds = [
            self.audited.get(verdict.key, {}).get("exercises", {}).get(exercise.name, 0.0) for verdict in self.asked
        ]
        return ExerciseSummary(
            exercise,
            _mean(item.passed for item in judged),
            _mean(item.points / item.max_points for item in judged if item.max_points),
            _mean(seconds),
        )


def write_report(output: Output, verdicts: Sequence[SubmissionVerdict], scores: Mapping[Key, Score]) -> None:
    """Write the report of a class, assignment by assignment."""
    by_assignment = defaultdict(list)
    for verdict in sorted(verdicts, key=lambda verdict: catalogue.ASSIGNMENTS.index(verdict.assignment)):
        by_assignment[verdict.assignment].append(verdict)
    audited = output.audited()
    write_page(
        output.report,
        "report.html.j2",
        summaries=[AssignmentSummary(name, group, scores, audited) for name, group in by_assignment.items()],
        students=len({verdict.student for verdict in verdicts}),
        isolations=sorted({verdict.isolation for verdict in verdicts if verdict.isolation}),
        quote=quote,
    )


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return mean(values) if values else 0.0
