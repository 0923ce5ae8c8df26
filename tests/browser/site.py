"""The built book on a loopback port, and a Chromium that can reach nothing else."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

HTML = Path(__file__).parents[2] / "_build/html"
CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",  # Chromium refuses to run as root with it, and reads only pages that we built
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
PATIENCE = 120_000  # milliseconds that a busy machine may take for what takes a moment
# The three ways of looking at a page: name -> color scheme, width and height in CSS pixels.
VIEWS = {"light": ("light", 1280, 900), "dark": ("dark", 1280, 900), "narrow": ("light", 390, 844)}


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files and writes no log."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it so)
        """Say nothing."""


@contextmanager
def serve(folder: Path = HTML) -> Iterator[str]:
    """Serve a folder on a free port of 127.0.0.1 and yield its address, without a slash at the end."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a headless Chromium with a fresh profile and every host but 127.0.0.1 unresolvable."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def view(browser: Browser, name: str, **options: object) -> BrowserContext:
    """Open a context for one of VIEWS."""
    scheme, width, height = VIEWS[name]
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height}, **options)
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    return context
