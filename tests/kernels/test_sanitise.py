"""Of a submission only answers and additions run; whatever else the file holds, the release decides."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.kernels.notebook import Unreadable, read_notebook
from autograder.kernels.sanitise import answered, is_blank, notes, restore, steps
from autograder.kernels.session import Cell
from tests.kernels.test_notebook import cell, notebook

SETUP = cell("import numpy as np", "setup", locked=True)
ANSWER = cell("raise NotImplementedError()", "f", solution=True)
CHECK = cell("check(f)", "f_check", grade=True, locked=True, points=2)
LATER = cell("rng = 1", "later", locked=True)
ESSAY = cell("Write here.", "essay", kind="markdown", grade=True, solution=True, points=3)
RELEASED = read_notebook(notebook(SETUP, ANSWER, CHECK, LATER, ESSAY))


def run(*cells: Any) -> list[tuple[str, str]]:
    """Return the cells that run, without the checks."""
    return [(step.id, step.source) for step in taken(*cells) if not step.is_check]


def order(*cells: Any) -> list[str]:
    """Return what runs and what is checked, by grade_id."""
    return [step.id for step in taken(*cells)]


def taken(*cells: Any) -> list[Cell]:
    return steps(RELEASED, read_notebook(notebook(*cells)))


def test_answers_are_kept_and_checks_are_left_out() -> None:
    answer = cell("f = 1", "f", solution=True)
    assert run(SETUP, answer, CHECK, LATER) == [("setup", "import numpy as np"), ("f", "f = 1"), ("later", "rng = 1")]


def test_added_cells_run_in_the_students_order() -> None:
    added = run(SETUP, cell("a = 1"), ANSWER, cell("print", kind="markdown"), cell(["b", " = 2"]), CHECK, LATER)
    assert [name for name, _ in added] == ["setup", "cell 2", "f", "cell 5", "later"]
    assert added[3][1] == "b = 2"


ONE, TWO = cell("f = 1", "f"), cell("f = 2", "f")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([SETUP, ONE, TWO, LATER], [("setup", ""), ("cell 2", "f"), ("f", "f"), ("later", "")]),
        ([ONE, SETUP, TWO, LATER], [("cell 1", "f"), ("setup", ""), ("f", "f"), ("later", "")]),
        ([SETUP, ONE, ANSWER, LATER], [("setup", ""), ("f", "f"), ("cell 3", "f"), ("later", "")]),
        ([SETUP, ANSWER, ANSWER, LATER], [("setup", ""), ("f", "f"), ("cell 3", "f"), ("later", "")]),
    ],
)
def test_all_cells_with_one_grade_id_run_and_the_last_that_was_written_is_the_answer(cells: Any, expected: Any) -> None:
    assert [(step.id, step.part) for step in taken(*cells) if not step.is_check] == expected


def test_copies_of_what_a_person_reads_all_stay() -> None:
    parts = [{**ESSAY, "source": text} for text in ("One.", "Two.", "Three.")]
    cells = restore(RELEASED, read_notebook(notebook(*parts)))
    assert [(it.source, it.grade_id) for it in cells if not it.code] == [
        ("One.", "cell 1"),
        ("Two.", "cell 2"),
        ("Three.", "essay"),
    ]


def test_a_copy_of_a_fixed_cell_is_the_students_own() -> None:
    """That is how imports come back after `%reset`."""
    again = cell("import numpy as np\nimport os", "setup")
    assert run(SETUP, ANSWER, again)[:3] == [
        ("setup", "import numpy as np"),
        ("f", "raise NotImplementedError()"),
        ("later", "rng = 1"),
    ]
    assert run(SETUP, ANSWER, again)[3:] == [("cell 3", "import numpy as np\nimport os")]


ADDED = [
    ("import os\nimport numpy as np", ["cell 1: import os", "setup"]),
    ("import numpy as np\nimport os  # mine", ["setup", "cell 1: import os"]),
    ("import numpy as np; import os", ["setup", "cell 1: import os"]),
    (
        "import os\nimport numpy as np\n%time\nx = 1",
        ["cell 1: import os", "setup", "cell 1: %time\nx = 1"],
    ),
    ("import numpy as np\n@cached\ndef f(x):\n    return x", ["setup", "cell 1: @cached\ndef f(x):\n    return x"]),
    ("import numpy", ["cell 1: import numpy", "setup"]),
    ("# Nothing but\nimport numpy   as np", ["setup"]),
    ("", ["setup"]),
    ("import numpy as np\nimport os as", ["cell 1: import numpy as np\nimport os as", "setup"]),
    ("%%time\nimport numpy as np", ["cell 1: %%time\nimport numpy as np", "setup"]),
    ("%%bash\nls -l", ["cell 1: %%bash\nls -l", "setup"]),
    ("(" * 3000, [f"cell 1: {'(' * 3000}", "setup"]),
    ("import numpy as np\n" + "#" * 50_000, ["cell 1: import numpy as np\n" + "#" * 50_000, "setup"]),
]


@pytest.mark.parametrize(("source", "expected"), ADDED, ids=lambda value: value[:20] if isinstance(value, str) else "")
def test_what_was_added_to_a_fixed_cell_runs_beside_it(source: str, expected: list[str]) -> None:
    found = [name if name == "setup" else f"{name}: {text}" for name, text in run(cell(source, "setup"), ANSWER, LATER)]
    assert found[:-2] == expected


def test_what_was_added_to_a_check_runs_before_and_after_it() -> None:
    check = cell("rate = 1\ncheck(f)\nf = 2", "f_check")
    assert order(SETUP, ANSWER, check, LATER) == ["setup", "f", "cell 3", "f_check", "cell 3", "later"]
    assert [step.source for step in taken(SETUP, ANSWER, check, LATER)][2:5] == ["rate = 1", "check(f)", "f = 2"]


MORE = cell("f(3)")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([SETUP, ANSWER, CHECK, LATER], ["setup", "f", "f_check", "later"]),
        ([SETUP, CHECK, ANSWER, LATER], ["setup", "f_check", "f", "later"]),
        ([SETUP, ANSWER, LATER, CHECK], ["setup", "f", "later", "f_check"]),
        # A check that was deleted comes back as late as its place allows, where own cells may belong to the answer.
        ([SETUP, ANSWER, MORE, LATER], ["setup", "f", "cell 3", "f_check", "later"]),
        ([SETUP, ANSWER, MORE, ESSAY], ["setup", "f", "later", "cell 3", "f_check"]),
        ([SETUP, ANSWER, MORE], ["setup", "f", "later", "cell 3", "f_check"]),
        ([], ["setup", "later", "f_check"]),
        # Every copy of a check asks.
        ([SETUP, CHECK, ANSWER, CHECK, LATER], ["setup", "f_check", "f", "f_check", "later"]),
        # A check that lost its metadata is found by its text, as long as there is no other.
        ([SETUP, ANSWER, cell("check(f)"), LATER], ["setup", "f", "f_check", "later"]),
        ([SETUP, ANSWER, CHECK, LATER, cell("check(f)")], ["setup", "f", "f_check", "later", "cell 5"]),
    ],
)
def test_checks_stand_where_the_student_left_them(cells: Any, expected: list[str]) -> None:
    assert order(*cells) == expected


def test_a_notebook_that_lost_its_metadata_keeps_its_order() -> None:
    bare = [cell(it["source"]) for it in (SETUP, cell("f = 1"), CHECK, LATER)]
    assert order(*bare) == ["setup", "cell 2", "f_check", "later"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([SETUP, ONE, CHECK, LATER], []),
        ([SETUP, ONE, CHECK, TWO, LATER], [("f", "Cells 2 and 4 are all cells of `f`: each of them counts.")]),
        ([ONE, ONE, TWO], [("f", "Cells 1, 2 and 3 are all cells of `f`: each of them counts.")]),
        ([ESSAY, ESSAY], [("essay", "Cells 1 and 2 are all cells of `essay`: each of them counts.")]),
        (
            [cell("import numpy as np\nimport os", "setup"), ONE],
            [("setup", "Cell 1 was put back to what was handed out. What you had added ran as a cell of your own.")],
        ),
        ([SETUP, ONE, cell("# Not now.", "later")], [("later", "Cell 3 was put back to what was handed out.")]),
        ([SETUP, ONE, cell("", "f_check")], [("f_check", "Cell 3 was put back to what was handed out.")]),
        ([SETUP, cell("import os", "setup")], []),
        ([cell("import  numpy  as np\n", "setup")], []),
    ],
)
def test_notes_say_how_cells_were_taken(cells: Any, expected: list[tuple[str, str]]) -> None:
    told = notes(RELEASED, read_notebook(notebook(*cells)))
    assert [(note.about, note.text) for note in told][: len(expected) or 1] == expected


def test_blank_is_what_holds_nothing_of_the_students() -> None:
    assert is_blank(RELEASED, RELEASED)
    assert is_blank(RELEASED, read_notebook(notebook(SETUP, ANSWER, cell(" \n"))))
    assert is_blank(RELEASED, [])
    for more in (cell("x = 1"), cell("A thought.", kind="markdown"), ONE):
        assert not is_blank(RELEASED, read_notebook(notebook(SETUP, more)))


def test_fixed_cells_are_restored_where_they_stood() -> None:
    edited = cell("import evil", "setup", locked=False)
    assert run(edited, ANSWER, LATER)[:2] == [("cell 1", "import evil"), ("setup", "import numpy as np")]
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
    cells = cell("f = full_marks", "f_check"), SETUP, ANSWER, LATER
    assert order(*cells) == ["cell 1", "f_check", "setup", "f", "later"]
    assert [step for step in taken(*cells) if step.is_check] == [step for step in taken(CHECK) if step.is_check]


def test_answered_tells_what_was_written() -> None:
    written = read_notebook(notebook({**ESSAY, "source": "My derivation."}))
    assert answered(RELEASED, written) == {"essay"}
    assert answered(RELEASED, RELEASED) == set()
    assert answered(RELEASED, []) == set()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["code", "f", "setup", "4"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["cells", "cell_type", "source", "metadata", "nbgrader", "grade_id", "points"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
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
    assert {step.id for step in steps(RELEASED, cells)} >= {"setup", "f_check", "later"}
    notes(RELEASED, cells)
