"""What the cells showed that a person grades: in our own run, or else as it is stored in the file."""

import base64
import binascii
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.checks.clean import clean
from autograder.kernels.pictures import MAX_BYTES, MAX_PICTURES, Picture
from autograder.kernels.pictures import clean as clean_picture
from autograder.kernels.session import CellResult

MAX_FILE = 24 * 2**20
"""Bytes of a file whose stored outputs are read, for which all of it is taken into memory."""
MAX_TEXT = 20_000
"""Characters of what a cell printed."""

OURS = "What follows was shown when we ran the cell."


@dataclass(frozen=True)
class Shown:
    """What a cell showed: text and pictures, and a sentence that says where they come from."""

    origin: str = ""
    text: str = ""
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class StoredOutput:
    """What is stored with a cell in the file that was handed in; `attachments` are pictures that its text shows."""

    text: str = ""
    pictures: tuple[Picture, ...] = ()
    attachments: Mapping[str, Picture] = field(default_factory=dict)


NOTHING = StoredOutput()


def shown(result: CellResult | None, stored: StoredOutput) -> Shown:
    """Return what a person is to see beside a cell.

    Args:
        result: what became of the cell when we ran it; None when we did not.
        stored: what the student's file says that it showed.
    """
    if result is not None and result.status in ("ok", "error") and (result.output.strip() or result.pictures):
        failed = f" Then it raised {result.message}." if result.status == "error" else ""
        return Shown(OURS + failed, result.output[:MAX_TEXT], result.pictures)
    if stored.text or stored.pictures:
        return Shown(_why_stored(result), stored.text, stored.pictures)
    return Shown(_why_nothing(result))


def read_stored(data: bytes, wanted: Collection[str]) -> dict[str, StoredOutput]:
    """Return what a file stores with some of its cells, by grade_id; nothing where it cannot be read.

    Args:
        data: a notebook, nothing in it trusted.
        wanted: the grade_ids of the cells.
    """
    if not wanted or len(data) > MAX_FILE:
        return {}
    try:
        cells = json.loads(data.decode("utf-8-sig"))["cells"]
        named = [(cell["metadata"]["nbgrader"]["grade_id"], cell) for cell in cells if _is_named(cell)]
    except (ValueError, KeyError, TypeError, RecursionError, MemoryError):
        return {}
    return {grade_id: _read(cell) for grade_id, cell in named if grade_id in wanted}


def _is_named(cell: Any) -> bool:
    try:
        return isinstance(cell["metadata"]["nbgrader"]["grade_id"], str)
    except (KeyError, TypeError):
        return False


def _read(cell: Mapping[str, Any]) -> StoredOutput:
    texts, pictures = [], []
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        match output:
            case {"output_type": "stream", "text": text}:
                texts.append(_text(text))
            case {"output_type": "display_data" | "execute_result", "data": dict(data)}:
                found = _picture(data)
                pictures += [found] if found else []
                texts += [] if found else [_text(data.get("text/plain", ""))]
            case {"output_type": "error", "ename": str(name), "evalue": str(value)}:
                texts.append(f"{name}: {value}\n")
    return StoredOutput(clean("".join(texts), MAX_TEXT), _bounded(pictures), _attachments(cell.get("attachments")))


def _attachments(attached: Any) -> dict[str, Picture]:
    found: dict[str, Picture] = {}
    for name, data in attached.items() if isinstance(attached, dict) else ():
        picture = _picture(data) if isinstance(data, dict) else None
        if picture is not None and len(found) < MAX_PICTURES:
            found[str(name)] = picture
    return found if len(_bounded(list(found.values()))) == len(found) else {}


def _bounded(pictures: list[Picture]) -> tuple[Picture, ...]:
    """Keep the first pictures, as many as there is room for."""
    kept: list[Picture] = []
    for picture in pictures[:MAX_PICTURES]:
        if sum(len(other.data) for other in kept) + len(picture.data) <= MAX_BYTES:
            kept.append(picture)
    return tuple(kept)


def _picture(data: Mapping[str, Any]) -> Picture | None:
    for kind in ("image/png", "image/svg+xml"):
        if kind in data:
            text = _text(data[kind])
            try:
                return clean_picture(kind, base64.b64decode(text) if kind == "image/png" else text.encode())
            except (binascii.Error, ValueError):
                return None
    return None


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _why_stored(result: CellResult | None) -> str:
    stored = "What follows is stored in the file that was handed in, and did not come out of our run"
    if result is None:
        return f"{stored}."
    happened = f"it {result.message}" if result.message else "it showed nothing"
    return f"{stored}: there, {happened}."


def _why_nothing(result: CellResult | None) -> str:
    if result is None or result.status == "ok":
        return ""
    verb = "raised " if result.status == "error" else ""
    return f"The cell showed nothing: in our run, it {verb}{result.message}."
