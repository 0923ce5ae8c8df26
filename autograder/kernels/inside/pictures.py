"""The pictures that a cell shows, kept as Jupyter would keep them, up to a limit."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

KINDS = ("image/png", "image/svg+xml")
MAX_PICTURES = 12
MAX_BYTES = 3 * 2**20
"""Bytes of all pictures of a cell together; what does not fit is left out, as if it had not been shown."""

Tree = Any


class Pictures:
    """What a cell has shown so far, ready for the wire."""

    def __init__(self) -> None:
        self.shown: list[Tree] = []
        self._left = MAX_BYTES

    def keep(self, data: Any) -> bool:
        """Keep the picture of something that is displayed; tell whether it has one."""
        kind = next((kind for kind in KINDS if kind in data), None) if isinstance(data, dict) else None
        if kind is None:
            return False
        picture = _bytes(data[kind], kind)
        if len(picture) <= self._left and len(self.shown) < MAX_PICTURES:
            self._left -= len(picture)
            self.shown.append({"kind": kind, "data": np.frombuffer(picture, np.uint8)})
        return True


@contextmanager
def collected(shell: Any, wanted: bool) -> Iterator[Pictures]:
    """Collect the pictures that are shown in the block, figures included; else they are shown by name, not drawn."""
    pictures = Pictures()
    if not wanted:
        yield pictures
        return
    write, publish = shell.displayhook.write_format_data, shell.display_pub.publish
    shell.display_formatter.active_types = ["text/plain", *KINDS]
    shell.displayhook.write_format_data = lambda data, *rest: pictures.keep(data) or write(data, *rest)
    shell.display_pub.publish = lambda data, *rest, **more: pictures.keep(data) or publish(data, *rest, **more)
    try:
        yield pictures
    finally:
        shell.displayhook.write_format_data, shell.display_pub.publish = write, publish
        shell.display_formatter.active_types = ["text/plain"]


def _bytes(data: Any, kind: str) -> bytes:
    if isinstance(data, bytes):
        return data
    text = str(data)
    return base64.b64decode(text) if kind == "image/png" else text.encode("utf-8", "replace")
