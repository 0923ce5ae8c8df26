"""Pictures that a submission shows, as far as they are what they claim: nothing in them is run, and none is large."""

import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Kind = Literal["image/png", "image/svg+xml"]

MAX_PICTURES = 12
MAX_BYTES = 3 * 2**20
"""Bytes of all pictures of a cell together."""
MAX_SIDE = 8_000
"""Pixels of a side: what a browser draws without trouble."""

PNG = b"\x89PNG\r\n\x1a\n"
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
SVG = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?>(?:<!--.{0,2000}?-->\s*)*)(?:<!DOCTYPE svg[^>\[]{0,300}>\s*)?<svg[\s>]",
    re.DOTALL,
)


@dataclass(frozen=True)
class Picture:
    """A picture. An SVG may hold scripts: it is to be shown as an image, in which a browser runs none."""

    kind: Kind
    data: bytes


def clean(kind: object, data: bytes) -> Picture | None:
    """Return a picture when the bytes are one of a kind that is shown, and not too large; else None."""
    if len(data) > MAX_BYTES:
        return None
    if kind == "image/png" and _is_png(data):
        return Picture("image/png", data)
    if kind == "image/svg+xml" and SVG.match(data):
        return Picture("image/svg+xml", data)
    return None


def read(tree: Any) -> tuple[Picture, ...]:
    """Return the pictures of a reply; what is none is left out, whatever it is."""
    found: list[Picture] = []
    for item in tree[:MAX_PICTURES] if isinstance(tree, list) else ():
        match item:
            case {"kind": str(kind), "data": np.ndarray() as data} if data.dtype == np.uint8:
                picture = clean(kind, data.tobytes())
                if picture and sum(len(other.data) for other in found) + len(picture.data) <= MAX_BYTES:
                    found.append(picture)
    return tuple(found)


def _is_png(data: bytes) -> bool:
    """Tell whether bytes begin as a PNG of a size that can be drawn, and end as one."""
    width, height = (int.from_bytes(data[start : start + 4], "big") for start in (16, 20))
    begins = data.startswith(PNG) and data[12:16] == b"IHDR"
    return begins and 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and data.endswith(PNG_END)
