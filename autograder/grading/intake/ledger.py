"""Where every notebook came from: `collected.jsonl`, by which feedback finds its way back to the platform."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from autograder.grading.intake.attempts import Attempt

LEDGER = "collected.jsonl"


@dataclass(frozen=True)
class Origin:
    """Where a notebook came from: the platform, its path in what that let somebody download, and its author's ID."""

    platform: str
    path: PurePosixPath
    platform_id: str = ""


def note(submitted: Path, download: Path, outcomes: Mapping[str, Sequence[Attempt]]) -> None:
    """Add a line for every notebook that was kept, by what became of it."""
    submitted.mkdir(parents=True, exist_ok=True)
    with (submitted / LEDGER).open("a", encoding="utf-8") as stream:
        for outcome, attempts in outcomes.items():
            stream.writelines(_line(attempt, download, outcome) for attempt in attempts)


def origins(submitted: Path) -> dict[tuple[str, str], Origin]:
    """Return where the notebooks that count came from, by student and assignment; a damaged line counts for nothing."""
    found = {}
    ledger = submitted / LEDGER
    for line in ledger.read_bytes().splitlines() if ledger.is_file() else ():
        try:
            entry = json.loads(line)
            if entry["outcome"] == "taken":
                path, number = PurePosixPath(entry["path"]), entry.get("platform_id", "")
                found[entry["student"], entry["assignment"]] = Origin(entry["platform"], path, number)
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _line(attempt: Attempt, download: Path, outcome: str) -> str:
    fields = {
        "collected": datetime.now(UTC).isoformat(timespec="seconds"),
        "download": download.name,
        "path": str(attempt.path),
        "platform": attempt.owner.platform,
        "platform_id": attempt.owner.platform_id,
        "student": attempt.student,
        "assignment": attempt.assignment,
        "notebook": attempt.notebook,
        "submitted": attempt.time.isoformat() if attempt.time else None,
        "late": attempt.owner.late,
        "digest": attempt.digest,
        "outcome": outcome,
    }
    return json.dumps(fields) + "\n"
