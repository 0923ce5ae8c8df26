"""Text that comes from student code, made fit to be shown: no control characters, and no more of it than a line."""

import re

import numpy as np

MAX_MESSAGE = 400
"""Characters that are kept of a message, or of a text in an answer; no right answer holds a longer one."""

MAX_NAME = 80
"""Characters that are kept of the name of a type."""

MAX_LINE = 120
"""Characters that are kept of a line of code."""

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)", re.DOTALL)
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""What moves a cursor, turns text around, takes no room, or cannot be encoded."""


def clean(text: str, limit: int = MAX_MESSAGE) -> str:
    """Return text without terminal escapes and characters that cannot be seen, cut to a length."""
    if text.isascii() and text.isprintable():
        return text[:limit]
    return _UNSEEN.sub("\ufffd", _ESCAPE.sub("", text[:limit].replace("\r\n", "\n").replace("\r", "\n")))


def clean_array(array: np.ndarray) -> np.ndarray:
    """Return an array as it is, one of text with every entry cleaned."""
    if array.dtype.kind != "U":
        return array
    entries = [clean(entry) for entry in array.ravel().tolist()]
    return np.array(entries, dtype=np.str_).reshape(array.shape)
