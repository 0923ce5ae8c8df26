"""The thread through the course: each notebook says what to read before, and the pages that it names lead to it."""

import re
from pathlib import Path

import jupytext
import pytest

from autograder.checks.catalogue import ASSIGNMENTS

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\]\(([^)\s]+\.(?:md|ipynb))\)")


def opening(assignment: str) -> str:
    """Return the first cell of a notebook in one line."""
    return " ".join(jupytext.read(ROOT / f"solutions/{assignment}.py").cells[0].source.split())


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_a_notebook_names_what_to_read_before_and_these_pages_lead_to_it(assignment: str) -> None:
    assert "**Before this.** Read [" in opening(assignment)
    linked = [(ROOT / "exercises" / assignment / link).resolve() for link in LINK.findall(opening(assignment))]
    assert all(path.is_file() for path in linked)
    pages = [path for path in linked if path.suffix == ".md"]
    assert pages
    for page in pages:
        assert f"exercises/{assignment}/{assignment}" in page.read_text(encoding="utf-8"), page.name
