"""What a judged exercise is worth, and why."""

from dataclasses import asdict, dataclass
from typing import Any

from autograder.checks.ask import Status


@dataclass(frozen=True)
class RequirementVerdict:
    """One requirement: whether it holds, its points, and what to look at when it does not.

    The key says which one it is, whatever its name is by now.
    """

    key: str
    name: str
    points: float
    max_points: float
    passed: bool
    message: str = ""


@dataclass(frozen=True)
class ExerciseVerdict:
    """One exercise: its requirements, and the known mistake that the answer behaves like, if any."""

    name: str
    status: Status
    requirements: tuple[RequirementVerdict, ...]
    misconception: str | None = None

    @property
    def points(self) -> float:
        return sum((requirement.points for requirement in self.requirements), 0.0)

    @property
    def max_points(self) -> float:
        return sum((requirement.max_points for requirement in self.requirements), 0.0)

    @property
    def passed(self) -> bool:
        return all(requirement.passed for requirement in self.requirements)

    def to_dict(self) -> dict[str, Any]:
        """Return the exercise as it stands in verdicts.jsonl."""
        return {
            "name": self.name,
            "points": self.points,
            "max_points": self.max_points,
            "status": self.status,
            "requirements": [asdict(requirement) for requirement in self.requirements],
            "misconception": self.misconception,
        }
