"""Every exercise and every misconception sends its reader to a section of the book that there is."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from docutils.nodes import make_id
from markdown_it import MarkdownIt

from autograder.checks.book import page_url, title
from autograder.checks.catalogue import ASSIGNMENTS, exercises, find

BOOK = Path(__file__).parents[2] / "book"


@cache
def headings(page: str) -> set[str]:
    """Return the titles of the sections of a page."""
    tokens = MarkdownIt().parse((BOOK / f"{page}.md").read_text(encoding="utf-8"))
    return {text.content for tag, text in pairwise(tokens) if tag.type == "heading_open"}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_what_is_to_be_read_is_a_section_of_the_book(assignment: str) -> None:
    for exercise in exercises(assignment):
        for section in (exercise.page, *(item.page for item in exercise.misconceptions)):
            page, _, heading = section.partition("#")
            assert heading in headings(page), f"{exercise.name} sends its reader to {section}"


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_link_has_the_anchor_that_sphinx_gives_the_section(
    assignment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_BOOK", "https://book.example")
    for exercise in exercises(assignment):
        for section in (exercise.page, *(item.page for item in exercise.misconceptions)):
            heading, link = section.partition("#")[2], page_url(section)
            assert link
            assert link.partition("#")[2] == make_id(heading)


def test_a_section_is_called_by_its_title_and_not_by_its_anchor() -> None:
    """What an anchor leaves out, as a minus sign, is part of what the title says."""
    exercise = find("without_dropout")
    assert title(exercise.page) == "keras/black-box, “In training, what is kept is divided by 1 − p”"


def test_multi_hot_sends_its_reader_to_where_such_rows_are_explained() -> None:
    page, _, heading = find("multi_hot").page.partition("#")
    text = (BOOK / f"{page}.md").read_text(encoding="utf-8")
    assert "*multi-hot*" in text.partition(f" {heading}\n")[2].partition("\n#")[0]


def test_mistakes_with_hooks_send_their_reader_to_where_hooks_are_explained() -> None:
    pages = {item.page for item in find("activation_variances").misconceptions if "hook" in item.name}
    (page, _, heading) = pages.pop().partition("#")
    assert not pages
    assert "forward hook" in (BOOK / f"{page}.md").read_text("utf-8").partition(heading)[2].partition("\n## ")[0]
