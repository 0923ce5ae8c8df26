"""Every page in light, in dark and on a phone: self-contained, faultless, small, accessible, legible, not too wide."""

import json
import re
from pathlib import Path

import pytest

from tests.browser.conftest import PAGES, ROOT, Visit
from tests.browser.measure import HEAD, SCROLLING, SMALL, TEXTLESS
from tests.browser.site import HTML

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LIMIT = 600_000  # bytes
BOOK = re.search(r"^title: (.*)$", (ROOT / "_config.yml").read_text(encoding="utf-8"), re.MULTILINE)[1]
# What axe looks for in a view: all of it, but only what depends on colors in dark, where nothing else is different.
RULES = {"dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


def test_no_other_host_is_asked(visit: Visit) -> None:
    assert [request.url for request in visit.requests if not request.url.startswith(visit.site)] == []


def test_no_error_and_no_failed_request(visit: Visit) -> None:
    assert visit.complaints == []


def test_weight(visit: Visit) -> None:
    assert visit.weight() < LIMIT


def test_axe_finds_no_violation(visit: Visit) -> None:
    visit.tab.add_script_tag(path=AXE)
    options = json.dumps({"runOnly": RULES.get(visit.view, STANDARD), "resultTypes": ["violations"]})
    violations = visit.tab.evaluate(f"async () => (await axe.run({options})).violations")
    assert [(rule["id"], rule["help"], [node["html"] for node in rule["nodes"]]) for rule in violations] == []


def test_nothing_is_wider_than_the_screen(visit: Visit) -> None:
    assert visit.tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_nothing_is_wider_than_its_column_and_what_scrolls_on_a_phone_says_so(visit: Visit) -> None:
    boxes = visit.tab.evaluate(SCROLLING)
    if visit.view == "narrow":
        assert [box for box in boxes if not (box["cue"] and box["focusable"] and "scrolls" in box["name"])] == []
    else:
        assert boxes == []


def test_no_text_is_too_small(visit: Visit) -> None:
    assert visit.tab.evaluate(SMALL) == []


def test_every_picture_has_a_text_alternative(visit: Visit) -> None:
    assert visit.tab.evaluate(TEXTLESS) == []


def test_the_head_says_what_the_page_is(visit: Visit) -> None:
    head = visit.tab.evaluate(HEAD)
    assert head["viewports"] == 1
    assert 20 <= len(head["description"]) <= 400
    assert not re.search(r"\\|\$|\{", head["description"]), "no TeX"
    assert head["og:description"] == head["description"]
    assert head["og:site_name"] == BOOK
    if visit.page == PAGES[0]:
        assert head["title"] == head["og:title"] == BOOK
    else:
        assert head["title"] == f"{head['og:title']} — {BOOK}"
        assert BOOK not in head["og:title"]


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("page", PAGES)
def test_figures_keep_the_rules(page: str) -> None:
    broken = re.findall(r' data-breaks="([^"]*)"', (HTML / f"{page}.html").read_text(encoding="utf-8"))
    assert not broken
