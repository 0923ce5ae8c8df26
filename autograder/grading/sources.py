"""What nbgrader makes a release from, for each assignment: formgrader lists what lies in `source/`, and nothing else.

Answers are public elsewhere and are no part of it: a source is the released notebook with the gaps marked, so that
nbgrader's own `generate_assignment`, or formgrader's button for it, gives the same release again.
"""

import json
import re
from pathlib import Path
from typing import Any

from autograder.grading.assignment import RELEASED, released_in
from autograder.grading.course import Course
from autograder.release import release

STUB = "raise NotImplementedError()"
GAP = re.compile(rf"^(?P<indent> *){re.escape(STUB)}$", re.MULTILINE)
MARKED = rf"\g<indent>### BEGIN SOLUTION\n\g<indent>{STUB}\n\g<indent>### END SOLUTION"


def write_sources(course: Course, names: tuple[str, ...] = ()) -> list[Path]:
    """Write the sources that are missing in the folder of a course, and return them.

    Args:
        course: its folder, and where its releases are.
        names: of which assignments; none means all of the course that have judges.
    """
    written = []
    for name in names or course.judged:
        source = course.root / "source" / name / f"{name}.ipynb"
        released = released_in(course, name) / name / f"{name}.ipynb"
        if not source.exists() and released.is_file():
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_text(as_source(released.read_text(encoding="utf-8")), encoding="utf-8")
            written.append(source)
    return written


def renew_source(course: Course, name: str, before: bytes | None) -> None:
    """Write the source of an assignment that has been released anew, unless somebody has edited the one before.

    Args:
        course: its folder.
        name: of the assignment.
        before: the release before, None where there was none.
    """
    source = course.root / "source" / name / f"{name}.ipynb"
    if before is not None and source.exists() and source.read_text(encoding="utf-8") == as_source(before.decode()):
        source.unlink()
    write_sources(course, (name,))


def write_releases(course: Course) -> list[Path]:
    """Write the releases that are missing in the folder of a course, and return them.

    They come out of the package; those of its own assignments are made.
    """
    written = []
    for name in course.judged:
        own = course.root / course.release / name / f"{name}.ipynb"
        if own.exists():
            continue
        if name in course.own:
            release(name, course.solutions, course.root / course.release)
        else:
            own.parent.mkdir(parents=True, exist_ok=True)
            own.write_bytes((RELEASED / name / f"{name}.ipynb").read_bytes())
        written.append(own)
    return written


def as_source(released: str) -> str:
    """Return a released notebook with its gaps marked, as nbgrader wants to clear them."""
    notebook = json.loads(released)
    for cell in notebook["cells"]:
        if _is_answer(cell):
            cell["source"] = GAP.sub(MARKED, "".join(cell["source"])).splitlines(keepends=True)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _is_answer(cell: dict[str, Any]) -> bool:
    return cell["cell_type"] == "code" and bool(cell["metadata"].get("nbgrader", {}).get("solution"))
