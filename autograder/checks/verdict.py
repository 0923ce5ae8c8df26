"""What a judged exercise is worth, and why."""

from dataclasses import asdict, dataclass
from typing import Any

from autograder.checks.ask import Status


@dataclass(frozen=True)
class RequirementVerdict:
    """One requirement: whether it holds, its points, and what to look at when it does not.

    The key says which one it is, whatever its name is by now. One that waits for another one is not judged.
    """

    key: str
    name: str
    points: float
    max_points: float
    passed: bool
    message: str = ""
    judged: bool = True


@dataclass(frozen=True)
class ExerciseVerdict:
    """One exercise: its requirements, and the known mistakes that the answer behaves like, the costliest first."""

    name: str
    status: Status
    requirements: tuple[RequirementVerdict, ...]
    misconceptions: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        return sum((requirement.points for requirement in self.requirements), 0.0)

    @property
    def max_points(self) -> float:
        return sum((requirement.max_points for requirement in self.requirements), 0.0)

    @property
    def passed(self) -> bool:
        return all(requirement.passed for requirement in self.requirements)

    @property
    def shared(self) -> str:
        """Return what is said of every requirement alike, empty when there is no such sentence."""
        messages = {requirement.message for requirement in self.requirements}
        return messages.pop() if len(messages) == 1 else ""

    @property
    def said(self) -> tuple[str, ...]:
        """Return what is said at each requirement, so that nothing is said twice."""
        first: dict[str, str] = {}
        return tuple(
            "" if self.shared else _once(first.setdefault(item.message, item.name), item) for item in self.requirements
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the exercise as it stands in verdicts.jsonl."""
        return {
            "name": self.name,
            "points": self.points,
            "max_points": self.max_points,
            "status": self.status,
            "requirements": [asdict(requirement) for requirement in self.requirements],
            "misconceptions": list(self.misconceptions),
        }


def _once(first: str, item: RequirementVerdict) -> str:
    """Return the message of a requirement, or under which one it has been read."""
    return f'as under "{first}"' if item.message and item.judged and first != item.name else item.message
