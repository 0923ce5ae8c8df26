"""One server, one Chromium for each worker, and each page loaded once for each way of looking at it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from gzip import compress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from playwright.sync_api import Browser, BrowserContext, Page, Request

from tests.browser.site import CHROMIUM, HTML, VIEWS, chromium, serve, view

ROOT = Path(__file__).parents[2]
CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
CHAPTERS = [chapter["file"] for part in CONTENTS["parts"] for chapter in part["chapters"]]
PAGES = [CONTENTS["root"], *CHAPTERS, "search"]
COMPRESSED = {".css", ".html", ".js", ".svg"}


@dataclass
class Visit:
    """A page loaded into an empty cache, and all that it asked for and complained about on the way."""

    page: str
    view: str
    tab: Page
    site: str
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def load(self) -> None:
        """Load the page, listening from before the first request until everything has come."""
        self.tab.on("request", lambda request: self.requests.append(request))  # noqa: PLW0108 (no attribute can be set on append)
        self.tab.on("requestfailed", lambda request: self.complaints.append(f"{request.url}: {request.failure}"))
        self.tab.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        answer = self.tab.goto(f"{self.site}/{self.page}.html")
        assert answer.ok, f"{self.page} is not in the built book (HTTP {answer.status}): run `make book`"
        self.tab.evaluate("document.fonts.ready")

    def weight(self) -> int:
        """Sum the bytes sent for the page by a server that compresses text, as GitHub Pages does."""
        return sum(transferred(urlsplit(request.url).path) for request in self.requests)


@cache
def transferred(path: str) -> int:
    file = HTML / path.lstrip("/")
    return len(compress(file.read_bytes(), 6)) if file.suffix in COMPRESSED else file.stat().st_size


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of the built book."""
    if not (HTML / "index.html").is_file():
        pytest.skip("the book is not built: run `make book`")
    with serve() as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """This worker's Chromium."""
    if not CHROMIUM:
        pytest.skip("chromium is missing. On Debian and Ubuntu: apt-get install chromium")
    with chromium() as running:
        yield running


SELDOM_NARROW = {"test_axe_finds_no_violation"}
"""What is asked of a page on a phone in the part of the release test for dark pages: it takes long, and hardly ever
finds there what it does not find on a wide screen."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Visit every page in every view; the tests of a visit stay on one worker, so that the page is loaded once."""
    if "visit" in metafunc.fixturenames:
        seldom = metafunc.function.__name__ in SELDOM_NARROW
        visits = [
            pytest.param(
                (page, name),
                id=f"{page}-{name}",
                marks=[
                    pytest.mark.xdist_group(f"{page}-{name}"),
                    *part("dark" if seldom and name == "narrow" else name),
                ],
            )
            for page in PAGES
            for name in VIEWS
        ]
        metafunc.parametrize("visit", visits, indirect=True, scope="module")


def part(name: str) -> list[pytest.MarkDecorator]:
    """Return the mark of a view that is looked at in a part of the release test."""
    return [pytest.mark.dark] if name == "dark" else []


@pytest.fixture(scope="module")
def visit(request: pytest.FixtureRequest, site: str, browser: Browser) -> Iterator[Visit]:
    """A loaded page in light, in dark or 390 pixels wide."""
    page, name = request.param
    with view(browser, name) as context:
        loaded = Visit(page, name, context.new_page(), site)
        loaded.load()
        yield loaded


@pytest.fixture(scope="session")
def contexts(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """A function that returns the context with some options, with all in its cache that tests before have loaded."""
    with ExitStack() as opened:

        @cache
        def context(name: str, *options: tuple[str, object]) -> BrowserContext:
            return opened.enter_context(view(browser, name, **dict(options)))

        yield context


@pytest.fixture
def open_page(site: str, contexts: Callable[..., BrowserContext]) -> Iterator[Callable[..., Page]]:
    """A function that opens a page with the options of a browser context, in light unless told otherwise."""
    tabs: list[Page] = []

    def open_page(page: str, name: str = "light", **options: object) -> Page:
        tabs.append(contexts(name, *options.items()).new_page())
        tabs[-1].goto(f"{site}/{page}.html")
        return tabs[-1]

    yield open_page
    for tab in tabs:  # what a page keeps is nothing to the next test
        tab.context.new_cdp_session(tab).send(
            "Storage.clearDataForOrigin", {"origin": site, "storageTypes": "local_storage"}
        )
        tab.close()
