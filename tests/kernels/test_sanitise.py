"""Of a submission only answers and additions run; whatever else the file holds, the release decides."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.kernels.sanitise import (
    MAX_BYTES,
    MAX_CELLS,
    NotebookCell,
    Unreadable,
    answered,
    cells_to_run,
    read_notebook,
)


def cell(source: Any, grade_id: str = "", kind: str = "code", **nbgrader: Any) -> dict[str, Any]:
    metadata = {"nbgrader": {"grade_id": grade_id, **nbgrader}} if grade_id else {}
    return {"cell_type": kind, "metadata": metadata, "source": source}


def notebook(*cells: Any, **fields: Any) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **fields}).encode()


SETUP = cell("import numpy as np", "setup", locked=True)
ANSWER = cell("raise NotImplementedError()", "f", solution=True)
CHECK = cell("check(f)", "f_check", grade=True, locked=True, points=2)
LATER = cell("rng = 1", "later", locked=True)
ESSAY = cell("Write here.", "essay", kind="markdown", grade=True, solution=True, points=3)
RELEASED = read_notebook(notebook(SETUP, ANSWER, CHECK, LATER, ESSAY))


def run(*cells: Any) -> list[tuple[str, str]]:
    return [(kept.id, kept.source) for kept in cells_to_run(RELEASED, read_notebook(notebook(*cells)))]


def test_answers_are_kept_and_checks_are_left_out() -> None:
    answer = cell("f = 1", "f", solution=True)
    assert run(SETUP, answer, CHECK, LATER) == [("setup", "import numpy as np"), ("f", "f = 1"), ("later", "rng = 1")]


def test_added_cells_run_in_the_students_order() -> None:
    added = run(SETUP, cell("a = 1"), ANSWER, cell("print", kind="markdown"), cell(["b", " = 2"]), CHECK, LATER)
    assert [name for name, _ in added] == ["setup", "cell 2", "f", "cell 5", "later"]
    assert added[3][1] == "b = 2"


def test_of_two_cells_with_one_grade_id_the_first_counts() -> None:
    assert run(SETUP, cell("f = 1", "f"), cell("f = 2", "f"), LATER)[1:2] == [("f", "f = 1")]


def test_first_of_two_keeps_its_place() -> None:
    assert [name for name, _ in run(cell("f = 1", "f"), SETUP, cell("f = 2", "f"), LATER)] == ["f", "setup", "later"]


def test_fixed_cells_are_restored_where_they_stood() -> None:
    edited = cell("import evil", "setup", locked=False)
    assert run(edited, ANSWER, LATER)[0] == ("setup", "import numpy as np")
    assert [name for name, _ in run(ANSWER)] == ["setup", "f", "later"]
    assert [name for name, _ in run(cell("x"), ANSWER, cell("y"))] == ["setup", "cell 1", "f", "later", "cell 3"]


def test_retyped_cells_get_their_type_back() -> None:
    assert ("f", "f = 1") in run(cell("f = 1", "f", kind="markdown"))
    assert ("essay", "import os") not in run(cell("import os", "essay"))


@pytest.mark.parametrize(
    "metadata",
    [
        {"nbgrader": {"grade_id": "f", "grade": True, "solution": False, "locked": True, "points": 99}},
        {"nbgrader": {"grade_id": "f", "schema_version": 10**30, "task": True}, "tags": ["skip-execution"]},
        {"nbgrader": {"grade_id": "f", "points": "nan", "checksum": [1]}, "editable": False, "deletable": 0},
    ],
)
def test_metadata_changes_nothing(metadata: dict[str, Any]) -> None:
    changed = {"cell_type": "code", "metadata": metadata, "source": "f = 1"}
    assert run(SETUP, changed, CHECK, LATER) == run(SETUP, cell("f = 1", "f", solution=True), CHECK, LATER)


@pytest.mark.parametrize(
    "metadata", [None, [], "x", {"nbgrader": None}, {"nbgrader": {"grade_id": 7}}, {"nbgrader": []}]
)
def test_damaged_metadata_makes_a_cell_the_students_own(metadata: Any) -> None:
    assert ("cell 1", "f = 1") in run({"cell_type": "code", "metadata": metadata, "source": "f = 1"})


def test_a_check_of_the_students_never_replaces_a_release() -> None:
    assert run(cell("f = full_marks", "f_check"), SETUP, ANSWER, LATER) == run(SETUP, ANSWER, LATER)


def test_answered_tells_what_was_written() -> None:
    written = read_notebook(notebook({**ESSAY, "source": "My derivation."}))
    assert answered(RELEASED, written) == {"essay"}
    assert answered(RELEASED, RELEASED) == set()
    assert answered(RELEASED, []) == set()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["code", "f", "setup", "4"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["cells", "cell_type", "source", "metadata", "nbgrader", "grade_id", "points"]), inner
        )
    ),
    max_leaves=30,
)


@given(JSON)
def test_nothing_else_is_ever_raised(tree: Any) -> None:
    data = json.dumps({"nbformat": 4, "cells": tree if isinstance(tree, list) else [tree]}).encode(
        "utf-8", "surrogatepass"
    )
    try:
        cells = read_notebook(data)
    except Unreadable:
        return
    assert {kept.id for kept in cells_to_run(RELEASED, cells)} >= {"setup", "later"}
