"""What a person should look at in a class: nothing that the judges have settled, and everything that they could not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.grading.verdicts import SubmissionVerdict

STOPPED = ("timeout", "memory", "died")
MAX_NAMED = 3
"""How many exercises are named when more were stopped."""


@dataclass(frozen=True)
class Look:
    """A submission that a person should look at, and why."""

    verdict: SubmissionVerdict
    why: str


def look_at(verdict: SubmissionVerdict, entry: Mapping[str, Any]) -> list[Look]:
    """Return why a person should look at a submission.

    An answer that raised an error is an ordinary wrong answer and no reason.

    Args:
        verdict: what the judges say.
        entry: what the audit log says of the same submission.
    """
    reasons = [*_stopped(verdict), *entry.get("remarks", ())]
    if verdict.status == "invalid":
        reasons.append(verdict.exercises[0].requirements[0].message)
    if entry.get("blank"):
        reasons.append("nothing is written in it")
    if entry.get("faults"):
        reasons.append(f"the judges could not settle all of it: {entry['faults'][0]}")
    return [Look(verdict, reason) for reason in reasons]


def _stopped(verdict: SubmissionVerdict) -> list[str]:
    """Say which exercises have no answer because something ran too long, took too much or ended the process."""
    reasons = []
    for status in STOPPED:
        names = [exercise.name for exercise in verdict.exercises if exercise.status == status]
        if names:
            more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
            reasons.append(f"{status} in {', '.join(names[:MAX_NAMED])}{more}")
    return reasons
