"""Every link inside the book leads to a page or a file that is there, and to a place on it that is there."""

from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.browser.conftest import PAGES
from tests.browser.site import HTML


class Anchors(HTMLParser):
    """The links of a page, and the places on it that a link can lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.places = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"href", "src"} and tag != "use":
                self.links.add(value or "")
            elif name in {"id", "name"}:
                self.places.add(value or "")


@cache
def anchors(file: Path) -> Anchors:
    return Anchors(file.read_text(encoding="utf-8"))


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("page", PAGES)
def test_links_inside_the_book(page: str) -> None:
    file = HTML / f"{page}.html"
    assert file.is_file(), f"{page} is not in the built book: run `make book`"
    dead = set()
    for link in anchors(file).links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
        found = target.is_file() and (target.suffix != ".html" or unquote(parts.fragment) in anchors(target).places)
        dead |= set() if found else {link}
    assert dead == set()
