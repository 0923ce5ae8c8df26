"""What was written anew since it was graded: points that a person gave to the text before are to be looked at again."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from autograder.grading.assignment import check_cell
from autograder.kernels.notebook import NotebookCell


def texts(restored: Iterable[NotebookCell]) -> dict[str, str]:
    """Return a short hash of each answer, all its copies together, by grade_id."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for cell in restored:
        name = cell.copy_of or (cell.grade_id if cell.solution else "")
        if name:
            found[name].append(cell.source)
    return {name: hashlib.sha256("\0".join(sources).encode()).hexdigest()[:16] for name, sources in found.items()}


def rewritten(now: Mapping[str, str], entry: Mapping[str, Any] | None) -> frozenset[str]:
    """Return the graded cells whose answers are not those that were graded before.

    Args:
        now: the hashes of the answers.
        entry: what the audit log says of the submission that was graded before; None when there is none.
    """
    before = entry.get("texts", {}) if entry else {}
    changed = {name for name, text in now.items() if before.get(name) != text}
    return frozenset(changed | {check_cell(name) for name in changed})
