"""Widgets answer to the keyboard in words, say as much without JavaScript, and stand still if motion is not wanted."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.conftest import PAGES, ROOT

WIDGETS = sorted(path.stem for path in (ROOT / "book/_static/widgets").glob("*.js") if path.stem != "kit")
LANDING = PAGES[0]


def page_with(widget: str) -> str:
    """Return the first page of the book that places the widget."""
    place = re.compile(rf"^`+{{widget}} {widget}$", re.MULTILINE)
    sources = {page: Path(ROOT, f"{page}.md") for page in PAGES}
    return next(page for page, source in sources.items() if source.is_file() and place.search(source.read_text()))


def answers(control: Locator, section: Locator, keys: list[str]) -> set[str]:
    """Press the keys one after another and return what the widget shows and says after each."""
    control.focus()
    seen = set()
    for key in keys:
        control.press(key)
        seen.add(section.locator("[role=status]").inner_text())
    return seen


@pytest.mark.parametrize("widget", WIDGETS)
def test_controls_answer_to_the_keyboard_in_words(open_page: Callable[..., Page], widget: str) -> None:
    section = open_page(page_with(widget), reduced_motion="reduce").locator(f"[data-widget={widget}]").first
    assert section.locator("input, select").count()
    for slider in section.locator("input[type=range]").all():
        assert len(answers(slider, section, ["Home", "End", "ArrowLeft"])) >= 2
    for choice in section.locator("select").all():
        assert len(answers(choice, section, ["Home", "ArrowDown"])) == 2
    for button in section.locator("button").all():
        before = section.inner_html()
        button.press("Enter")
        assert section.inner_html() != before


@pytest.mark.parametrize("widget", WIDGETS)
def test_content_without_javascript(open_page: Callable[..., Page], widget: str) -> None:
    section = open_page(page_with(widget), java_script_enabled=False).locator(f"[data-widget={widget}]").first
    assert section.get_attribute("aria-label")
    assert len(section.inner_text()) > 40
    assert not section.locator("input, button").count()


@pytest.mark.parametrize(("motion", "networks"), [("reduce", 1), ("no-preference", 4)])
def test_first_page_stands_still_where_motion_is_not_wanted(
    open_page: Callable[..., Page], motion: str, networks: int
) -> None:
    tab = open_page("search", reduced_motion=motion)
    tab.clock.install()
    tab.goto(tab.url.replace("search", LANDING))
    seen = set()
    for _ in range(4):
        seen.add(tab.locator(".thinned").inner_html())
        tab.clock.run_for(2000)
    assert len(seen) == networks
