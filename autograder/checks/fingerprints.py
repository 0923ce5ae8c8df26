"""Measure again what misconceptions do: `python -m autograder.checks.fingerprints [ASSIGNMENT]...`."""

import json
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.exercise import Exercise
from autograder.checks.misconceptions import fingerprints


def measured(exercise: Exercise) -> dict[str, Any]:
    """Return the fingerprints of an exercise, ready for JSON; global generators, which some mistakes use, are new."""
    np.random.seed(0)  # noqa: NPY002 - the generator of those mistakes
    if find_spec("torch"):
        import_module("torch").manual_seed(0)
    return fingerprints(exercise)


def store(assignment: str) -> None:
    """Write the fingerprints of an assignment beside its exercises."""
    path = Path(__file__).parent / assignment / "fingerprints.json"
    path.write_text(json.dumps({item.name: measured(item) for item in exercises(assignment)}, indent=0) + "\n")


if __name__ == "__main__":
    for name in sys.argv[1:] or ASSIGNMENTS:
        store(name)
