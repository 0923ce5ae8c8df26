"""The table of claims points to sections that are there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[2] / "book"
ROW = re.compile(r"^\|.*\|(?P<shown>[^|]+)\|$", re.MULTILINE)
PAGE = re.compile(r"\{doc\}`/book/([\w/-]+)`")
SECTION = re.compile(r"\*(.+)\*")


def pointers() -> Iterator[tuple[str, str]]:
    """Yield page and section of each row; a row without a page or a section has those of the row before."""
    page = section = ""
    for row in ROW.finditer((BOOK / "claims.md").read_text("utf-8")):
        pages, sections = PAGE.search(row["shown"]), SECTION.search(row["shown"])
        page = pages[1] if pages else page
        section = sections[1] if sections else section
        if pages or sections:
            yield page, section


def test_there_are_pointers() -> None:
    assert len(set(pointers())) > 30


@pytest.mark.parametrize(("page", "section"), sorted(set(pointers())))
def test_the_section_that_a_verdict_names_is_on_its_page(page: str, section: str) -> None:
    headings = re.findall(r"^#{2,3} (.+)$", (BOOK / f"{page}.md").read_text("utf-8"), re.MULTILINE)
    assert section in headings
