"""Every chapter opens with a question, and ends with the exercise, something to think about, and where to go next."""

import re
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[2] / "book"
PARTS = ("dropout", "keras", "pytorch", "normalization", "montecarlo", "wild")
CHAPTERS = [BOOK / "museum.md", *(page for part in PARTS for page in sorted((BOOK / part).glob("*.md")))]
ENDING = ["Try it", "To think about", "Further reading"]


def name(page: Path) -> str:
    return page.relative_to(BOOK).with_suffix("").as_posix()


@pytest.mark.parametrize("page", CHAPTERS, ids=name)
def test_a_chapter_opens_with_a_question_and_ends_with_a_way_on(page: Path) -> None:
    text = re.sub(r"^```\{code-cell\}.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    opening = re.search(r"^# .+\n\n\*([^*]+)\*\n", text, re.MULTILINE)
    assert opening
    assert "?" in opening[1]
    assert re.findall(r"^## (.+)$", text, re.MULTILINE)[-3:] == ENDING


def test_every_chapter_is_led_to_by_another_one() -> None:
    """The table of contents is no reason to read a page; a sentence in another chapter is."""
    links = {page: set(re.findall(r"/book/([\w/-]+)>?`", page.read_text("utf-8"))) for page in CHAPTERS}
    led = {to for page, found in links.items() for to in found - {name(page)}}
    assert not set(map(name, CHAPTERS)) - led
