"""The verdict of a submission, and `verdicts.jsonl`, the file that holds a class of them."""

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.checks.ask import Status
from autograder.checks.verdict import ExerciseVerdict, RequirementVerdict
from autograder.grading import durable

GRAVEST: tuple[Status, ...] = ("invalid", "missing", "memory", "timeout", "died", "error", "graded")
"""Statuses, what most needs attention first: the one that a submission as a whole is given."""


@dataclass(frozen=True)
class SubmissionVerdict:
    """What a submission is worth, exercise by exercise, and how it was judged.

    `seconds` is wall time; `seed` is that of the run, from which the submission's own follows; `digest` is the SHA-256
    of the notebook; `feedback` is the path of its page, relative to the file that holds the verdict; `alone` says that
    it took too long at first and was run a second time, with nothing beside it.
    """

    student: str
    assignment: str
    isolation: str
    seconds: float
    seed: int
    digest: str
    feedback: str
    exercises: tuple[ExerciseVerdict, ...]
    alone: bool = False

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
            "alone": self.alone,
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
            alone=fields.get("alone", False),
        )


def read_verdicts(path: Path) -> dict[tuple[str, str], SubmissionVerdict]:
    """Return the verdicts of a file by student and assignment; empty when there is no file.

    Of two lines for one submission the last counts. A line that is damaged, as a power cut or a disk may leave it,
    counts for nothing: it costs its submission, which runs again, and not the class.
    """
    if not path.exists():
        return {}
    verdicts = {}
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            verdict = SubmissionVerdict.from_dict(json.loads(line))
        except (ValueError, KeyError, TypeError, RecursionError):
            logging.getLogger(__name__).warning(
                "%s, line %d, is damaged and counts for nothing: grade again with --resume", path, number
            )
            continue
        verdicts[verdict.key] = verdict
    return verdicts


def write_verdicts(path: Path, verdicts: Iterable[SubmissionVerdict]) -> None:
    """Write a class, by student and assignment, in one step: a reader sees the old file or the new one."""
    lines = [verdict.to_line() for verdict in sorted(verdicts, key=lambda verdict: verdict.key)]
    durable.write(path, "".join(lines).encode())


def write_text(path: Path, text: str) -> None:
    """Write a file in one step, its folder first; whether the disk has it is for who writes many of them to see to."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file in one step, as `write_text` does."""
    durable.write(path, data, synced=False)


def _exercise(fields: dict[str, Any]) -> ExerciseVerdict:
    requirements = tuple(RequirementVerdict(**item) for item in fields["requirements"])
    named = fields.get("misconceptions", [name for name in (fields.get("misconception"),) if name])  # one, formerly
    return ExerciseVerdict(fields["name"], fields["status"], requirements, tuple(named))
