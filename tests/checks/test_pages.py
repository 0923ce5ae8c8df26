"""Every exercise and every misconception sends its reader to a section of the book that there is."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from docutils.nodes import make_id
from markdown_it import MarkdownIt

from autograder.checks.catalogue import ASSIGNMENTS, exercises

BOOK = Path(__file__).parents[2] / "book"


@cache
def anchors(page: str) -> set[str]:
    """Return the anchors that Sphinx gives the sections of a page."""
    tokens = MarkdownIt().parse((BOOK / f"{page}.md").read_text(encoding="utf-8"))
    titles = [text.content for tag, text in pairwise(tokens) if tag.type == "heading_open"]
    return {make_id(title) for title in titles}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_what_is_to_be_read_is_a_section_of_the_book(assignment: str) -> None:
    for exercise in exercises(assignment):
        for section in (exercise.page, *(item.page for item in exercise.misconceptions)):
            page, _, anchor = section.partition("#")
            assert anchor in anchors(page), f"{exercise.name} sends its reader to {section}"
