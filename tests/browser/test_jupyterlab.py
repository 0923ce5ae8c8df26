"""What a student does who has nothing but the guide: open, answer, read what is wrong, follow a link, put it right."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import part
from tests.browser.jupyterlab import THEMES, Notebook, jupyterlab
from tests.browser.site import PATIENCE, VIEWS, view

WRONG = """def dropout_forward(x, rate, rng, training=True):
    if not 0 <= rate <= 1:
        raise ValueError("rate")
    mask = rng.random(x.shape) >= rate if training else np.ones(x.shape, bool)
    return x * mask, mask"""
RIGHT = WRONG.replace(
    "return x * mask, mask",
    "scale = 1 / (1 - rate) if training and rate < 1 else 1\n    return (x * mask * scale).astype(x.dtype), mask",
)
IDLE = "async () => (await (await fetch('/api/kernels')).json()).some(kernel => kernel.execution_state === 'idle')"
CONTRAST = """cell => {
    const channels = color => color.match(/[\\d.]+/g).map(Number);
    const light = color => {
        const [r, g, b] = channels(color).map(value => value / 255)
            .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    let ground = cell;
    while (ground && (channels(getComputedStyle(ground).backgroundColor)[3] ?? 1) === 0) ground = ground.parentElement;
    const [a, b] = [getComputedStyle(cell).color, getComputedStyle(ground).backgroundColor].map(light);
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""

expect.set_options(timeout=PATIENCE)
pytestmark = [pytest.mark.timeout(1200), pytest.mark.xdist_group("jupyterlab")]


@pytest.fixture
def address(site: str, tmp_path: Path) -> Iterator[str]:
    """A clone of its own for each test, since JupyterLab saves what is written."""
    with jupyterlab(tmp_path) as started:
        yield started


def opened(browser: Browser, address: str, name: str) -> Page:
    """Open the notebook in one of the views, with the theme that belongs to it."""
    page = view(browser, name).new_page()
    page.goto(address)
    page.evaluate(
        """async theme => {
            const headers = {"X-XSRFToken": (document.cookie.match(/_xsrf=([^;]*)/) ?? [])[1]};
            const settings = "/lab/api/settings/@jupyterlab/apputils-extension:themes";
            await fetch(settings, {method: "PUT", headers, body: JSON.stringify({raw: JSON.stringify({theme})})});
        }""",
        THEMES[name],
    )
    page.goto(address)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.wait_for_function(IDLE)
    if page.locator("#jp-left-stack").is_visible():
        page.keyboard.press("Control+b")  # the list of files, which leaves no room on a narrow screen
    Notebook(page).to_the_top()
    return page


@pytest.mark.parametrize("name", [pytest.param(name, marks=part(name)) for name in VIEWS])
def test_from_the_guide_to_a_right_answer_by_the_keyboard(browser: Browser, address: str, name: str) -> None:
    page = opened(browser, address, name)
    notebook = Notebook(page)
    notebook.run_to("raise NotImplementedError()")
    notebook.write(WRONG)
    notebook.run()
    notebook.run_to("check(dropout_forward)")
    notebook.run()
    table = page.locator(".jp-OutputArea table", has_text="requirement").first
    expect(table).to_be_visible()
    assert table.bounding_box()["width"] <= VIEWS[name][1]
    assert min(cell.evaluate(CONTRAST) for cell in table.locator("td:nth-child(2)").all()) >= 4.5
    notebook.reach(".jp-OutputArea a[href*='masks-and-scaling']", "Shift+Tab")
    with page.context.expect_page() as following:
        page.keyboard.press("Enter")
    section = following.value
    section.wait_for_load_state()
    assert re.search(r"/static/book/dropout/masks-and-scaling\.html#[\w-]+$", section.url)
    assert section.evaluate("[...document.styleSheets].every(sheet => sheet.cssRules.length > 0)")
    anchor = section.url.partition("#")[2]
    assert section.locator(f"[id='{anchor}']").count() == 1
    section.close()
    while "def dropout_forward" not in page.locator(".jp-Cell.jp-mod-selected").inner_text():
        notebook.above(1)
    notebook.write(RIGHT)
    notebook.run()
    notebook.run_to("check(dropout_forward)")
    notebook.run()
    expect(page.locator(".jp-OutputArea", has_text="dropout_forward: 10 of 10 points").first).to_be_visible()
    expect(page.locator(".jp-OutputArea", has_text="1 of 7 exercises").first).to_be_visible()
    page.context.close()


def test_validate_lists_the_checks_that_fail(browser: Browser, address: str) -> None:
    page = opened(browser, address, "light")
    page.get_by_role("button", name="Validate").first.click()
    dialog = page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("check(dropout_backward)", timeout=300_000)
    page.context.close()
