"""Take full screenshots of pages in light, dark and at 390 px: python -m tests.browser.look PAGE... [--js off]."""

import argparse
from pathlib import Path

from tests.browser.site import HTML, VIEWS, chromium, serve, view


def main() -> None:
    """Write _build/look/<page>-<view>.png for every page and view, and print the paths."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="+", metavar="PAGE", help="for example dropout/masks-and-scaling")
    parser.add_argument("--js", choices=["on", "off"], default="on", help="off shows what is left without JavaScript")
    options = parser.parse_args()
    folder = HTML.parent / "look"
    with serve() as site, chromium() as browser:
        for name in VIEWS:
            context = view(browser, name, java_script_enabled=options.js == "on")
            tab = context.new_page()
            tab.on("console", lambda message: message.type == "error" and print("console:", message.text))
            tab.on("pageerror", lambda error: print("error:", error))
            for page in options.pages:
                tab.goto(f"{site}/book/{page}.html", wait_until="networkidle")
                path = Path(folder, f"{page}-{name}.png")
                tab.screenshot(path=path, full_page=True)
                print(path)


if __name__ == "__main__":
    main()
