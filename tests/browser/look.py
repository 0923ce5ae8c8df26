"""Build a page on its own and take full screenshots of it in light, dark and at 390 px."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.browser.site import HTML, VIEWS, chromium, serve, view

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "_build"
IGNORED = (
    "unknown document",
    "Unknown source document",
    "undefined label",
    "is not included in any toctree",
)  # other pages are not there


def main() -> None:
    """Write _build/look/<page>-<view>.png for every page and view, and print what to look at."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.look", description=__doc__)
    parser.add_argument("pages", nargs="+", metavar="PAGE", help="for example book/dropout/masks-and-scaling")
    parser.add_argument("--book", action="store_true", help="look at the pages of the built book, build nothing")
    parser.add_argument("--no-js", action="store_true", help="show what is left when JavaScript is off")
    options = parser.parse_args()
    for page in options.pages:
        html = HTML if options.book else build_alone(page)
        photograph(html, page, not options.no_js)


def build_alone(page: str) -> Path:
    """Build one page into a folder of its own, with its own execution cache, and return the folder of its HTML."""
    target = BUILD / "pages" / page.replace("/", "-")
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as toc:
        toc.write(f"format: jb-book\nroot: {page}\nchapters:\n  - file: book/bibliography\n")
        toc.flush()
        command = [Path(sys.executable).with_name("jupyter-book"), "build", ROOT, "-n", "--path-output", target]
        run = subprocess.run([*command, "--toc", toc.name], capture_output=True, text=True, check=False)
    complaints = [line for line in run.stderr.splitlines() if "WARNING:" in line or "ERROR:" in line]
    for line in complaints:
        if not any(reason in line for reason in IGNORED):
            print(line)
    if run.returncode:
        sys.exit(f"{page} was not built:\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    return target / "_build/html"


def photograph(html: Path, page: str, javascript: bool) -> None:
    """Take the page's screenshots and print their paths, along with every error in its console."""
    with serve(html) as site, chromium() as browser:
        for name in VIEWS:
            tab = view(browser, name, java_script_enabled=javascript).new_page()
            tab.on("console", lambda message: message.type == "error" and print("console:", message.text))
            tab.on("pageerror", lambda error: print("error:", error))
            tab.goto(f"{site}/{page}.html", wait_until="networkidle")
            path = BUILD / "look" / f"{page}-{name}.png"
            tab.screenshot(path=path, full_page=True)
            print(path)


if __name__ == "__main__":
    main()
