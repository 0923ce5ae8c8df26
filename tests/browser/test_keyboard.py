"""Everything that a mouse can do on a page, the keyboard can do, and one sees where it is."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import PAGES

KINDS = ["book/intro", "book/dropout/noise", "book/guides/catalogue", "exercises/dropout_numpy/dropout_numpy", "search"]

WANTED = """
() => [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
  .filter((element) => element.tabIndex >= 0 && element.checkVisibility({ visibilityProperty: true }))
  .map((element) => (element.dataset.wanted = element.outerHTML.slice(0, 120)))
"""
# What has the focus, and whether it, or the card that it fills, soon is on the screen with a ring around it.
ARRIVE = """
async () => {
  const element = document.activeElement;
  const place = element.closest(".sd-card") ?? element;
  const shown = () => {
    const style = getComputedStyle(place);
    const ring = style.outlineStyle !== "none" || style.boxShadow.includes("0px 0px 0px 3px");
    const box = place.getBoundingClientRect();
    return ring && box.bottom > 0 && box.width > 0;
  };
  for (let frame = 0; frame < 30 && !shown(); frame += 1) await new Promise(requestAnimationFrame);
  return { element: element.dataset.wanted, shown: shown() };
}
"""


@pytest.mark.parametrize("page", KINDS)
@pytest.mark.parametrize("name", ["light", "narrow"])
def test_tab_reaches_everything_and_shows_it(open_page: Callable[..., Page], page: str, name: str) -> None:
    tab = open_page(page, name, reduced_motion="reduce")
    wanted = tab.evaluate(WANTED)
    reached = []
    for _ in range(len(wanted) + 5):
        tab.keyboard.press("Tab")
        reached.append(tab.evaluate(ARRIVE))
    assert set(wanted) - {stop["element"] for stop in reached} == set()
    assert [stop["element"] for stop in reached if stop["element"] and not stop["shown"]] == []


def test_theme_button(open_page: Callable[..., Page]) -> None:
    tab = open_page("book/intro")
    seen = set()
    for _ in range(3):
        tab.locator(".theme-switch-button").focus()
        tab.keyboard.press("Enter")
        seen.add(tab.locator("html").get_attribute("data-mode"))
    assert seen == {"auto", "light", "dark"}


def test_menu_on_a_phone(open_page: Callable[..., Page]) -> None:
    tab = open_page("book/intro", "narrow")
    chapter = tab.locator("nav[aria-label=Main] a[href*=masks-and-scaling]")
    assert not chapter.is_visible()
    tab.locator(".primary-toggle:visible").press("Enter")
    chapter.press("Enter")
    tab.wait_for_url("**/book/dropout/masks-and-scaling.html")


def test_search_finds_a_word_of_a_chapter(open_page: Callable[..., Page]) -> None:
    tab = open_page("book/intro")
    tab.keyboard.press("Control+k")
    tab.keyboard.type("variances")
    tab.keyboard.press("Enter")
    hit = tab.locator("#search-results a[href*='book/dropout/moments']").first
    hit.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/book/dropout/moments.html*")


def test_every_page_that_is_looked_at_is_in_the_book() -> None:
    assert set(KINDS) <= set(PAGES)
