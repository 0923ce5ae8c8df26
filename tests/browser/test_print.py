"""A page on paper: its text and nothing else of the screen, in light colors, with all of its code."""

from collections.abc import Callable
from io import BytesIO
from unicodedata import normalize

import pytest
from playwright.sync_api import Page
from pypdf import PageObject, PdfReader

PRINTED = ["book/dropout/moments", "book/montecarlo/noise-or-bias", "exercises/dropout_numpy/dropout_numpy"]
CUT_OFF = """
() => [...document.querySelectorAll("article pre, article figure, article .math")]
  .filter((element) => element.checkVisibility() && element.scrollWidth > element.clientWidth + 1)
  .map((element) => element.textContent.slice(0, 80))
"""


@pytest.mark.parametrize("page", PRINTED)
def test_pdf_has_the_whole_text_and_no_navigation(open_page: Callable[..., Page], page: str) -> None:
    tab = open_page(page)
    headings = tab.locator("article :is(h1, h2):not(:has(.math))").all_text_contents()
    pages = PdfReader(BytesIO(tab.pdf(format="A4"))).pages
    text = " ".join(normalize("NFKC", "".join(page.extract_text() for page in pages)).split())  # ligatures as letters
    assert len(pages) > 1
    assert [heading for heading in headings if heading.rstrip("#") not in text] == []
    assert "Ctrl" not in text
    assert "Show the code" not in text


@pytest.mark.parametrize("page", PRINTED)
def test_nothing_is_cut_off(open_page: Callable[..., Page], page: str) -> None:
    tab = open_page(page)
    tab.emulate_media(media="print")
    tab.set_viewport_size({"width": 660, "height": 960})  # what is left of A4 between the margins
    assert tab.evaluate(CUT_OFF) == []


def heights(page: PageObject) -> list[float]:
    """Return the heights at which a page has text, as shares of its own."""
    found: set[float] = set()

    def note(text: str, outer: list[float], inner: list[float], *_: object) -> None:
        if text.strip():
            found.add((inner[4] * outer[1] + inner[5] * outer[3] + outer[5]) / float(page.mediabox.height))

    page.extract_text(visitor_text=note)
    return sorted(found)


@pytest.mark.parametrize("page", PRINTED)
def test_pages_are_filled_and_the_last_has_more_than_a_line(open_page: Callable[..., Page], page: str) -> None:
    *pages, last = PdfReader(BytesIO(open_page(page).pdf(format="A4"))).pages
    assert [number for number, sheet in enumerate(pages, 1) if heights(sheet)[0] > 0.45] == []
    assert len(heights(last)) > 3


@pytest.mark.parametrize("page", PRINTED)
def test_code_has_no_frame_of_which_a_page_could_begin_with_the_end(open_page: Callable[..., Page], page: str) -> None:
    tab = open_page(page)
    tab.emulate_media(media="print")
    frames = "pre, div.highlight, div.cell_input"
    borders = f"""[...document.querySelectorAll("article :is({frames})")].map((box) => getComputedStyle(box))
      .map(({{ borderTopWidth, borderBottomWidth, paddingTop }}) => [borderTopWidth, borderBottomWidth, paddingTop])"""
    assert {width for box in tab.evaluate(borders) for width in box} == {"0px"}


def test_colors_are_light_on_paper_and_stay_dark_on_the_screen(open_page: Callable[..., Page]) -> None:
    tab = open_page(PRINTED[0], "dark")
    tab.evaluate("addEventListener('beforeprint', () => (window.printed = document.documentElement.dataset.theme))")
    tab.pdf()
    assert tab.evaluate("window.printed") == "light"
    assert tab.locator("html").get_attribute("data-theme") == "dark"
