"""A notebook is read in memory for its cells, whatever else the file holds."""

import json
import time
import tracemalloc
from typing import Any

import pytest

from autograder.kernels.notebook import (
    MAX_BYTES,
    MAX_CELLS,
    NotebookCell,
    Unreadable,
    lean,
    read_notebook,
)


def cell(source: Any, grade_id: str = "", kind: str = "code", **nbgrader: Any) -> dict[str, Any]:
    metadata = {"nbgrader": {"grade_id": grade_id, **nbgrader}} if grade_id else {}
    return {"cell_type": kind, "metadata": metadata, "source": source}


def notebook(*cells: Any, **fields: Any) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **fields}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"3",
        b'{"cells": []}',
        b'{"cells": {}, "nbformat": 4}',
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b'{"nbformat": ' + b"9" * 10_000 + b', "cells": []}',
        notebook(nbformat=3),
        notebook(nbformat=5),
        notebook(nbformat="4"),
        notebook(nbformat=4.0),
        notebook(nbformat=True),
        notebook(None),
        notebook([]),
        notebook({}),
        notebook({"cell_type": 1, "source": ""}),
        notebook(cell(None)),
        notebook(cell({"a": 1})),
        notebook(cell(["a", 1])),
        notebook(*[cell("")] * (MAX_CELLS + 1)),
        notebook(cell("#" * 3_000_000)),
        b" " * (MAX_BYTES + 1),
    ],
    ids=lambda data: repr(data[:30]),
)
def test_what_is_no_notebook_has_a_cause(data: bytes) -> None:
    with pytest.raises(Unreadable) as unreadable:
        read_notebook(data)
    assert "\n" not in str(unreadable.value)
    assert 10 < len(str(unreadable.value)) < 150


def test_odd_but_honest_files_are_read() -> None:
    assert read_notebook(b"\xef\xbb\xbf" + notebook(cell("x"))) == [NotebookCell(True, "x")]
    assert read_notebook(notebook(cell("x", outputs=[float("nan")])))[0].source == "x"
    read_notebook(notebook(cell("s = '\ud800'")))[0].source.encode()


OUTPUTS = {
    "an animation": [{"data": {"image/png": "A" * 40_000_000}}],
    "lines": [{"text": ["0\\n"] * 1_000_000}],
    "numbers": [{"data": {"application/json": [[1.5, 2.5]] * 1_000_000}}],
    "records": [{"data": {"application/json": [{"outputs": [{"]": 1}]}] * 100_000}}],
    "quotes": ['"' * 5_000_000],
    "nothing": [],
    "odd numbers": [float("nan"), float("inf")],
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_of_any_size_are_dropped_and_take_no_memory(name: str) -> None:
    data = notebook({**cell("f = 1", "f"), "outputs": OUTPUTS[name]}, {**cell("outputs"), "attachments": {"a": [1]}})
    tracemalloc.start()
    cells = read_notebook(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert cells == [NotebookCell(True, "f = 1", "f"), NotebookCell(True, "outputs")]
    assert peak < 200_000 + 0.1 * len(data)


def test_only_what_is_never_read_is_dropped() -> None:
    whole = {
        **json.loads(notebook(cell(["outputs", "attachments"], "outputs"), cell("outputs"))),
        "outputs": [1],
        "more": {"outputs": [1], "x": [{"metadata": {"a": 1}}]},
    }
    whole["cells"][0] |= {"outputs": [{"a": 1}], "metadata": {"attachments": {"a": 1}, "outputs": [1], '"[': "\\"}}
    for style in ({"indent": 1}, {"separators": (",", ":")}, {"ensure_ascii": False}):
        left = json.loads(lean(json.dumps(whole, **style).encode()))
        expected = json.loads(json.dumps(whole)) | {"metadata": None}
        expected["cells"][0]["outputs"] = None
        assert left == expected


ENDLESS = {
    "brackets": b"[" * MAX_BYTES,
    "brackets side by side": b"[]" * (MAX_BYTES // 2),
    "brackets in outputs": b'{"cells":[{"outputs":' + b"[\n" * (MAX_BYTES // 2),
    "quotes": b'["' + b'\\"' * (MAX_BYTES // 2),
    "backslashes": b'{"cells":[{"outputs":["' + b"\\" * MAX_BYTES,
    "flat lists": b'{"cells":[{"outputs":[' + b"[]," * (MAX_BYTES // 3),
    "open lists": b'{"cells":[{"outputs":[' + b'["",' * (MAX_BYTES // 4),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_nothing_takes_long_to_be_refused(name: str) -> None:
    """Nobody limits how long a file is looked at: the worst takes some seconds, and not their square."""
    started = time.process_time()
    with pytest.raises(Unreadable):
        read_notebook(ENDLESS[name])
    assert time.process_time() - started < 60


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("utf-32-le", "UTF-32"),
        ("utf-32-be", "UTF-32"),
        ("latin-1", "Latin-1"),
        ("cp1252", "Latin-1"),
    ],
)
def test_another_encoding_is_named(encoding: str, named: str) -> None:
    text = json.dumps(json.loads(notebook(cell("s = 'é'"))), ensure_ascii=False)
    with pytest.raises(Unreadable, match=f"saved as {named}"):
        read_notebook(text.encode(encoding))


def test_an_odd_byte_in_an_output_is_nobodys_encoding() -> None:
    data = notebook({**cell("x"), "outputs": ["e"]}).replace(b'"e"', b'"\xe9"')
    assert read_notebook(data) == [NotebookCell(True, "x")]
