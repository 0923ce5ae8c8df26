"""Every page in light, in dark and on a phone: self-contained, without errors, small, accessible, never too wide."""

import json
from pathlib import Path

from tests.browser.conftest import Visit

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LIMIT = 600_000  # bytes

# The pictures of the article that have no text alternative and are neither decoration nor part of a button.
TEXTLESS = """
() => [...document.querySelectorAll("article svg, article img, article canvas")]
  .filter((picture) => !picture.closest("[aria-hidden=true], button") && !picture.parentElement.closest("svg"))
  .filter((picture) => {
    const named = document.getElementById(picture.getAttribute("aria-labelledby"));
    return !(picture.alt || picture.ariaLabel || (picture.role === "img" && named?.textContent) || "").trim();
  })
  .map((picture) => picture.outerHTML.slice(0, 200))
"""


def test_no_other_host_is_asked(visit: Visit) -> None:
    assert [request.url for request in visit.requests if not request.url.startswith(visit.site)] == []


def test_no_error_and_no_failed_request(visit: Visit) -> None:
    assert visit.complaints == []


def test_weight(visit: Visit) -> None:
    assert visit.weight() < LIMIT


def test_axe_finds_no_violation(visit: Visit) -> None:
    visit.tab.add_script_tag(path=AXE)
    options = json.dumps({"runOnly": STANDARD, "resultTypes": ["violations"]})
    violations = visit.tab.evaluate(f"async () => (await axe.run({options})).violations")
    assert [(rule["id"], rule["help"], [node["html"] for node in rule["nodes"]]) for rule in violations] == []


def test_nothing_is_wider_than_the_screen(visit: Visit) -> None:
    assert visit.tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_every_picture_has_a_text_alternative(visit: Visit) -> None:
    assert visit.tab.evaluate(TEXTLESS) == []
