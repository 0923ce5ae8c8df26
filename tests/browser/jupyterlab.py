"""JupyterLab as the students' guide starts it, in a clone of its own, with the built book beside the notebooks."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.site import HTML
from tests.installs.kinds import OURS, ROOT, copy

GUIDE = ROOT / "book/guides/students.md"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark", "narrow": "JupyterLab Light"}
"""The theme of JupyterLab in each of the ways of looking at a page."""


def documented() -> list[str]:
    """Return the command that the guide gives to open the first notebook."""
    (line,) = re.findall(r"^\.venv/bin/(jupyter lab .+)$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    return str(line).split()


SELECTED = "cell => cell.classList.contains('jp-mod-selected')"
MOST_STEPS = 100
"""How often Tab may be pressed on the way to anything."""


@contextmanager
def jupyterlab(folder: Path) -> Iterator[str]:
    """Start JupyterLab in a clone in a folder; yield the address that it prints for the notebook."""
    clone = copy(folder / "clone")
    (clone / "_build").mkdir()
    (clone / "_build/html").symlink_to(HTML)
    program, *arguments = documented()
    command = [Path(sys.executable).with_name(program), *arguments, "--no-browser", "--allow-root"]
    variables = {name: value for name, value in os.environ.items() if not name.startswith((*OURS, "JUPYTER"))}
    variables |= {"HOME": str(folder), "JUPYTER_PREFER_ENV_PATH": "1"}
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [*command, "--ServerApp.port=0"], cwd=clone, env=variables, stdout=log, stderr=log, text=True
        )
    try:
        yield _address(server, folder / "log")
    finally:
        server.terminate()
        server.wait(60)


def _address(server: "subprocess.Popen[str]", log: Path) -> str:
    while server.poll() is None:
        if found := re.search(r"http://127\.0\.0\.1:\d+/lab\S+", log.read_text(encoding="utf-8")):
            return found[0]
        time.sleep(0.2)
    raise RuntimeError(log.read_text(encoding="utf-8"))


@dataclass
class Notebook:
    """An open notebook, worked on by the keyboard."""

    page: Page

    def run(self) -> None:
        """Run the selected cell and go to the next, when the one before has run."""
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_function("document.querySelectorAll('.jp-InputPrompt').length > 0")
        self.page.wait_for_function(
            "![...document.querySelectorAll('.jp-InputPrompt')].some(prompt => prompt.textContent.includes('*'))"
        )

    def run_to(self, text: str) -> None:
        """Run cells until the selected one holds a text."""
        while text not in self.page.locator(".jp-Cell.jp-mod-selected").inner_text():
            self.run()

    def write(self, source: str) -> None:
        """Write into the selected cell in place of what it holds."""
        self.page.keyboard.press("Enter")
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)

    def reach(self, what: str, key: str) -> None:
        """Press a key, Tab or Shift+Tab, until the keyboard is on or in the first element of a kind."""
        for _ in range(MOST_STEPS):
            if self.page.evaluate("what => Boolean(document.activeElement?.closest(what))", what):
                return
            self.page.keyboard.press(key)
        raise AssertionError(f"{what} cannot be reached by {key}")

    def to_the_top(self) -> None:
        """Select the first cell, wherever the keyboard came into the notebook."""
        self.reach(".jp-Notebook .jp-Cell", "Tab")
        for _ in range(MOST_STEPS):
            self.above(1)
            if self.page.locator(".jp-Notebook .jp-Cell").first.evaluate(SELECTED):
                return
        raise AssertionError("the first cell cannot be reached by the arrow")

    def above(self, cells: int) -> None:
        """Select a cell above."""
        self.page.keyboard.press("Escape")
        for _ in range(cells):
            self.page.keyboard.press("ArrowUp")
