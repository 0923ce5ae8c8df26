"""Takes out of every page what it does not need, and repairs what assistive technology stumbles over."""

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

TEMPLATES = Path(__file__).with_name("templates")
UNUSED_SCRIPTS = re.compile(r"thebe", re.IGNORECASE)

# Pattern, replacement and reason, for what no template can change. Each leaves an edited page alone.
EDITS = [
    (
        r'<script defer src="[^"]*fontawesome\.js[^"]*"></script>',
        "",
        "540 kB, and the web font draws the icons already",
    ),
    (r'<script type="text/x-thebe-config">.*?</script>', "", "names a repository that is not this one"),
    (r'<summary aria-label="Toggle hidden content">', "<summary>", "its accessible name must contain its visible text"),
    (r'<th class="head"><p></p></th>', "<td></td>", "a header says something"),
    (r'role="doc-biblioentry"', 'role="listitem"', "the list of references has items; the old role is deprecated"),
]


def setup(app: Sphinx) -> None:
    """Put our templates before the theme's, filter scripts, and edit the HTML of all pages when they are written."""
    app.connect("config-inited", add_templates)
    app.connect("html-page-context", drop_unused_assets, priority=900)
    app.connect("build-finished", edit_pages)


def add_templates(app: Sphinx, config: Config) -> None:
    """Look for a template in TEMPLATES first."""
    config.templates_path.insert(0, str(TEMPLATES))


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
