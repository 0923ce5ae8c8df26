"""Takes out of every page what it does not need, and repairs what assistive technology stumbles over."""

import re
from pathlib import Path

from sphinx.application import Sphinx

UNUSED_SCRIPTS = re.compile(r"thebe", re.IGNORECASE)

# Pattern, replacement and reason. Each leaves a page alone that it has been applied to.
EDITS = [
    (
        r'<script defer src="[^"]*fontawesome\.js[^"]*"></script>',
        "",
        "540 kB, and the web font draws the icons already",
    ),
    (r'<script type="text/x-thebe-config">.*?</script>', "", "names a repository that is not this one"),
    (r'<summary aria-label="Toggle hidden content">', "<summary>", "its accessible name must contain its visible text"),
    (
        r'<div class="sidebar-primary-item">(\s*<a class="navbar-brand)',
        r'<div class="sidebar-primary-item" role="navigation" aria-label="Home">\1',
        "all content belongs to a landmark",
    ),
]


def setup(app: Sphinx) -> None:
    """Filter scripts while a page is rendered and edit its HTML when all are written."""
    app.connect("html-page-context", drop_unused_assets, priority=900)
    app.connect("build-finished", edit_pages)


def drop_unused_assets(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    """Keep the assets of Thebe, which would call another host, out of the page."""
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context[kind] if not UNUSED_SCRIPTS.search(str(vars(file)))]


def edit_pages(app: Sphinx, exception: Exception | None) -> None:
    """Apply EDITS to every page of a finished HTML build."""
    if exception or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        before = page.read_text(encoding="utf-8")
        after = before
        for pattern, replacement, _ in EDITS:
            after = re.sub(pattern, replacement, after, flags=re.DOTALL)
        if after != before:
            page.write_text(after, encoding="utf-8")
