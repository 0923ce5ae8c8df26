"""The verdict of a submission, and `verdicts.jsonl`, the file that holds a class of them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.checks.ask import Status
from autograder.checks.verdict import ExerciseVerdict, RequirementVerdict
from autograder.grading.errors import CourseError

GRAVEST: tuple[Status, ...] = ("invalid", "missing", "memory", "timeout", "died", "error", "graded")
"""Statuses, what most needs attention first: the one that a submission as a whole is given."""


@dataclass(frozen=True)
class SubmissionVerdict:
    """What a submission is worth, exercise by exercise, and how it was judged.

    `seconds` is wall time; `seed` is that of the run, from which the submission's own follows; `digest` is the SHA-256
    of the notebook; `feedback` is the path of its page, relative to the file that holds the verdict.
    """

    student: str
    assignment: str
    isolation: str
    seconds: float
    seed: int
    digest: str
    feedback: str
    exercises: tuple[ExerciseVerdict, ...]

    @property
    def key(self) -> tuple[str, str]:
        return self.student, self.assignment

    @property
    def points(self) -> float:
        return sum(exercise.points for exercise in self.exercises)

    @property
    def max_points(self) -> float:
        return sum(exercise.max_points for exercise in self.exercises)

    @property
    def status(self) -> Status:
        """Return the status that most needs attention."""
        return min((exercise.status for exercise in self.exercises), key=GRAVEST.index)

    def to_line(self) -> str:
        """Return the verdict as one line of strict JSON."""
        fields = {
            "student": self.student,
            "assignment": self.assignment,
            "points": self.points,
            "max_points": self.max_points,
            "isolation": self.isolation,
            "seconds": self.seconds,
            "seed": self.seed,
            "digest": self.digest,
            "feedback": self.feedback,
            "exercises": [exercise.to_dict() for exercise in self.exercises],
        }
        return json.dumps(fields, allow_nan=False) + "\n"

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "SubmissionVerdict":
        """Read a verdict; raise KeyError or TypeError when the fields are not those of one."""
        return cls(
            student=fields["student"],
            assignment=fields["assignment"],
            isolation=fields["isolation"],
            seconds=fields["seconds"],
            seed=fields["seed"],
            digest=fields["digest"],
            feedback=fields["feedback"],
            exercises=tuple(_exercise(item) for item in fields["exercises"]),
        )


def read_verdicts(path: Path) -> dict[tuple[str, str], SubmissionVerdict]:
    """Return the verdicts of a file by student and assignment; empty when there is no file.

    Of two lines for one submission the last counts, and a last line that was cut short counts for nothing: this is
    what a run that was killed leaves behind. Raises CourseError when any other line is damaged.
    """
    if not path.exists():
        return {}
    verdicts = {}
    lines = path.read_bytes().splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        try:
            verdict = SubmissionVerdict.from_dict(json.loads(line))
        except (ValueError, KeyError, TypeError):
            if number == len(lines) and not line.endswith(b"\n"):
                break
            raise CourseError(f"{path}, line {number}, is damaged: move the file away and grade again") from None
        verdicts[verdict.key] = verdict
    return verdicts


def write_verdicts(path: Path, verdicts: Iterable[SubmissionVerdict]) -> None:
    """Write a class, by student and assignment, in one step: a reader sees the old file or the new one."""
    lines = [verdict.to_line() for verdict in sorted(verdicts, key=lambda verdict: verdict.key)]
    write_text(path, "".join(lines))


def write_text(path: Path, text: str) -> None:
    """Write a file in one step, its folder first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8", newline="")
    fresh.replace(path)


def _exercise(fields: dict[str, Any]) -> ExerciseVerdict:
    requirements = tuple(RequirementVerdict(**item) for item in fields["requirements"])
    return ExerciseVerdict(fields["name"], fields["status"], requirements, fields["misconception"])
