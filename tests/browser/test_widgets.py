"""Widgets say in words what they show at every setting, ask before they show it, and say as much without JavaScript."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.browser.conftest import PAGES, ROOT
from tests.browser.site import HTML, view

PARTS = {"kit", "chart"}
WIDGETS = sorted({path.stem for path in (ROOT / "book/_static/widgets").glob("*.js")} - PARTS)
LANDING = PAGES[0]
VIEWS = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}

# Take a control from end to end in at most 25 steps; return how many things were said, and what was drawn wrong.
SWEEP = """
(control) => {
  const root = control.closest("[data-widget]");
  const frame = root.getBoundingClientRect();
  const { min, max, step, options } = control;
  const steps = options ? 0 : Math.round((max - min) / step);
  const stride = Math.ceil(steps / 24) || 1;
  const places = [...Array(Math.floor(steps / stride) + 1).keys()].map((i) => i * stride);
  const values = options ? [...options].map((one) => one.value) : [...places, steps].map((i) => +min + i * step);
  const outside = (part) => {
    const box = part.getBoundingClientRect();
    return box.width && (box.left < frame.left - 1 || box.right > frame.right + 1);
  };
  const said = new Set();
  const broken = new Set();
  for (const value of values) {
    control.value = value;
    control.dispatchEvent(new Event("input", { bubbles: true }));
    control.dispatchEvent(new Event("change", { bubbles: true }));
    said.add(root.querySelector(".status").textContent);
    const wrong = root.innerHTML.search(/NaN|undefined|Infinity/);
    if (wrong >= 0) broken.add(`${value}: ${root.innerHTML.slice(wrong - 60, wrong + 10)}`);
    const parts = [...root.querySelectorAll(".picture text, circle, polygon")];
    parts.filter(outside).forEach((part) => broken.add(part.outerHTML));
  }
  return { said: said.size, broken: [...broken].slice(0, 5) };
}
"""
# Whether an element can be pressed where it is now.
UNCOVERED = """
(element) => {
  const { x, y, width, height } = element.getBoundingClientRect();
  return document.elementFromPoint(x + width / 2, y + height / 2) === element;
}
"""


def page_with(widget: str) -> str:
    """Return the first page of the book that places the widget."""
    place = re.compile(rf"^`+{{widget}} {widget}$", re.MULTILINE)
    sources = {page: Path(ROOT, f"{page}.md") for page in PAGES}
    return next(page for page, source in sources.items() if source.is_file() and place.search(source.read_text()))


@pytest.fixture(params=WIDGETS)
def section(request: pytest.FixtureRequest, open_page: Callable[..., Page]) -> Locator:
    """A widget on its page, standing still."""
    tab = open_page(page_with(request.param), reduced_motion="reduce")
    return tab.locator(f"[data-widget={request.param}]").first


def listen(tab: Page, *types: str) -> list[str]:
    """Return a list that fills with the console's messages of these types, all by default, and with exceptions."""
    messages: list[str] = []
    tab.on("console", lambda message: (not types or message.type in types) and messages.append(message.text))
    tab.on("pageerror", lambda error: messages.append(str(error)))
    return messages


def state(section: Locator) -> tuple[list[str], str]:
    """Return the values of all controls and what the widget says."""
    values = section.locator(".controls :is(input, select)").evaluate_all("all => all.map((one) => one.value)")
    return values, section.locator(".status").inner_text()


def test_every_setting_says_something_and_breaks_nothing(section: Locator) -> None:
    messages = listen(section.page)
    for preset in section.locator(".actions button").all():  # because some settings break only together
        preset.press("Enter")
        for control in section.locator(".controls :is(input, select)").all():
            swept = control.evaluate(SWEEP)
            assert swept["broken"] == []
            assert swept["said"] >= 2, control.evaluate("one => one.outerHTML")
    assert messages == []


def test_the_keyboard_takes_every_control_to_both_ends(section: Locator) -> None:
    for control in section.locator(".controls :is(input, select)").all():
        back, on = ("ArrowLeft", "ArrowRight") if control.get_attribute("type") == "range" else ("ArrowUp", "ArrowDown")
        seen = set()
        for key in ("Home", on, "End", back):
            control.press(key)
            seen.add((control.input_value(), state(section)[1]))
        assert len(seen) >= 2


def test_presets_change_something_and_reset_goes_back(section: Locator) -> None:
    start = state(section)[0]
    *_, reset = section.locator(".actions button").all()
    assert reset.inner_text() == "Reset"
    changed = 0
    for button in section.locator(".actions button").all():
        before = section.inner_html()
        button.press("Enter")
        changed += state(section)[0] != start
        assert button.inner_text() == "Reset" or section.inner_html() != before
    assert changed, "a widget has a preset"
    reset.press("Enter")
    assert state(section)[0] == start


def test_the_answer_is_hidden_until_a_guess_and_explained_after_it(section: Locator) -> None:
    answers, verdict = section.locator(".answers button"), section.locator(".verdict")
    status = section.locator(".status")
    assert section.locator(".question legend").inner_text().endswith("?")
    assert answers.count() == 4
    assert not status.is_visible()
    verdicts = []
    for i in range(answers.count()):
        answers.nth(i).press("Enter")
        verdicts.append(verdict.inner_text())
        assert answers.nth(i).get_attribute("aria-pressed") == "true"
        assert section.locator("[aria-pressed=true]").count() == 1
    assert status.is_visible()
    assert [text.startswith("Right. ") for text in verdicts].count(True) == 1
    assert (
        section.locator(".answers .right").inner_text()
        == answers.nth([text.startswith("Right. ") for text in verdicts].index(True)).inner_text()
    )


def test_moving_a_control_shows_the_answer_as_well(section: Locator) -> None:
    section.locator("input[type=range]").first.press("ArrowRight")
    assert section.locator(".status").is_visible()


@pytest.mark.parametrize("view", VIEWS)
def test_controls_stay_in_sight_while_the_last_chart_moves(section: Locator, view: str) -> None:
    section.page.set_viewport_size(VIEWS[view])
    charts = section.locator(".picture > svg")
    charts.last.evaluate("chart => scrollTo({ top: scrollY + chart.getBoundingClientRect().bottom - innerHeight })")
    assert section.locator(".controls input").first.evaluate(UNCOVERED)
    tops = charts.evaluate_all("all => all.map((one) => one.getBoundingClientRect())")
    if view == "wide" and len(tops) == 2:
        assert tops[0]["right"] <= tops[1]["left"], "charts stand beside each other"


@pytest.mark.parametrize("widget", WIDGETS)
def test_content_without_javascript(open_page: Callable[..., Page], widget: str) -> None:
    section = open_page(page_with(widget), java_script_enabled=False).locator(f"[data-widget={widget}]").first
    assert section.get_attribute("aria-label")
    assert len(section.inner_text()) > 40
    assert not section.locator("input, button").count()


@pytest.mark.parametrize("widget", WIDGETS)
def test_a_book_that_is_read_from_disk_has_its_widgets(open_page: Callable[..., Page], widget: str) -> None:
    """`make course` ends with the path of a file; browsers load no module from one."""
    tab = open_page(LANDING)
    errors = listen(tab, "error")
    tab.goto((HTML / f"{page_with(widget)}.html").as_uri())
    assert tab.locator(f"[data-widget={widget}] input").count()
    assert errors == []


@pytest.mark.parametrize(("motion", "networks"), [("reduce", 1), ("no-preference", 4)])
def test_first_page_stands_still_where_motion_is_not_wanted(
    browser: Browser, site: str, motion: str, networks: int
) -> None:
    with view(browser, "light", reduced_motion=motion) as context:  # one of its own, whose clock is set
        context.clock.install()
        tab = context.new_page()
        tab.goto(f"{site}/{LANDING}.html")
        seen = set()
        for _ in range(4):
            seen.add(tab.locator(".thinned").inner_html())
            context.clock.run_for(2000)
        assert len(seen) == networks
