"""Feedback on its way back: a zip that Canvas or Moodle takes for each assignment, or nbgrader's own folders."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.grading.collect import SECRET, TIMESTAMP
from autograder.grading.intake.ledger import Origin, origins
from autograder.grading.output import Output
from autograder.grading.verdicts import SubmissionVerdict, write_bytes

MOODLE = "_assignsubmission_"


@dataclass
class Packed:
    """The files that were written, and the submissions that cannot go back: they did not come from the platform."""

    files: list[Path]
    left_out: list[str]


def pack_zips(output: Output, submitted: Path, platform: str, to: Path, assignments: Sequence[str] = ()) -> Packed:
    """Write a zip for each assignment, with a page for each submission under the name that the platform gave it.

    Args:
        output: a graded class.
        submitted: the folder into which `autograder collect` has put it.
        platform: "canvas" or "moodle".
        to: the folder for the zips.
        assignments: which; none means all.
    """
    packed = Packed([], [])
    came_from = origins(submitted)
    pages: dict[str, dict[str, bytes]] = {}
    for verdict in _chosen(output, assignments):
        origin = came_from.get(verdict.key)
        if origin is None or origin.platform != platform:
            packed.left_out.append("/".join(verdict.key))
            continue
        name = NAMES[platform](origin, verdict.assignment)
        pages.setdefault(verdict.assignment, {})[name] = output.feedback(verdict).read_bytes()
    for assignment, files in pages.items():
        packed.files.append(to / f"{assignment}-feedback.zip")
        write_bytes(packed.files[-1], _zip(files))
    return packed


def pack_folders(output: Output, submitted: Path, to: Path, assignments: Sequence[str] = ()) -> Packed:
    """Write the pages where `nbgrader release_feedback` looks for them, with what it needs to return them.

    What did not come through nbgrader's exchange has no secret, by which a page finds its way back, and is left out.
    """
    packed = Packed([], [])
    for verdict in _chosen(output, assignments):
        student, assignment = verdict.key
        needed = [submitted / student / assignment / name for name in (TIMESTAMP, SECRET)]
        if not all(path.is_file() and not path.is_symlink() for path in needed):
            packed.left_out.append("/".join(verdict.key))
            continue
        folder = to / student / assignment
        packed.files.append(folder / f"{assignment}.html")
        write_bytes(packed.files[-1], output.feedback(verdict).read_bytes())
        for path in needed:
            write_bytes(folder / path.name, path.read_bytes())
    return packed


def _chosen(output: Output, assignments: Sequence[str]) -> Iterator[SubmissionVerdict]:
    """Yield the verdicts of what was handed in, in order, of which there is a page."""
    for _, verdict in sorted(output.read().items()):
        if verdict.status != "missing" and (not assignments or verdict.assignment in assignments):
            yield verdict


def _canvas(origin: Origin, _assignment: str) -> str:
    """Canvas tells whose a file is by the numbers in its name."""
    name = next(part for part in origin.path.parts if part.count("_") >= 3)
    return str(PurePosixPath(name).with_suffix(".html"))


def _moodle(origin: Origin, assignment: str) -> str:
    """Moodle tells it by the folder, or by what stands before the name of the file."""
    part = next(part for part in origin.path.parts if MOODLE in part)
    if part == origin.path.name:
        return str(PurePosixPath(part).with_suffix(".html"))
    return f"{part}/{assignment}.html"


NAMES = {"canvas": _canvas, "moodle": _moodle}


def _zip(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, page in sorted(files.items()):
            archive.writestr(name, page)
    return data.getvalue()
