"""Measure again what misconceptions do: `python -m autograder.checks.fingerprints [ASSIGNMENT]...`."""

import json
import sys
from pathlib import Path

from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.misconceptions import fingerprints


def store(assignment: str) -> None:
    """Write the fingerprints of an assignment beside its exercises."""
    measured = {exercise.name: fingerprints(exercise) for exercise in exercises(assignment)}
    path = Path(__file__).parent / assignment / "fingerprints.json"
    path.write_text(json.dumps(measured, indent=0) + "\n")


if __name__ == "__main__":
    for name in sys.argv[1:] or ASSIGNMENTS:
        store(name)
