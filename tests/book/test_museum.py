"""Each test of the museum fails on its mistake and passes on the repair, or the guard stops the page."""

import ast
from pathlib import Path
from typing import Any

import pytest
from coursebook.sentences import read

MUSEUM = Path(__file__).parents[2] / "book/museum.md"
TRAINED = "results"  # what the cells of the second exhibit train and compare


@pytest.fixture(scope="module")
def museum() -> dict[str, Any]:
    """Run the page without what trains networks, and return its names."""
    names: dict[str, Any] = {}
    for cell in read(MUSEUM).cells[:-1]:
        if TRAINED not in {node.id for node in ast.walk(cell) if isinstance(node, ast.Name)}:
            exec(compile(cell, MUSEUM, "exec"), names)
    return names


def test_every_exhibit_goes_through_the_guard(museum: dict[str, Any]) -> None:
    tests = [name for name in museum if name.startswith("test_")]
    assert museum["SEEN"] == tests
    assert len(tests) == 21


@pytest.mark.parametrize(
    ("mistake", "repair", "says"),
    [([], [], "does not catch the mistake"), ([1], [1], "the list has something in it")],
)
def test_the_guard_stops_the_page(museum: dict[str, Any], mistake: list[int], repair: list[int], says: str) -> None:
    def test_of_an_empty_list(given: list[int]) -> None:
        assert not given, "the list has something in it"

    with pytest.raises(AssertionError, match=says):
        museum["guard"](test_of_an_empty_list, mistake, repair)
