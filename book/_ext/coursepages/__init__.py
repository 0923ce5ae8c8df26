"""The book's own layer on Jupyter Book: formulas set beforehand, lean and accessible pages, widgets, search."""

from hashlib import sha256
from pathlib import Path

from sphinx.application import Sphinx

from coursepages import ahead, execution, formulas, heads, icons, kernels, lean, repository, search, thumbnails, widgets


def setup(app: Sphinx) -> dict[str, object]:
    """Register its parts and the book's style on the screen and on paper."""
    app.add_css_file("course.css", priority=900)
    app.add_css_file("print.css", priority=900, media="print")
    for script in ("print.js", "scroll.js"):
        app.add_js_file(script, loading_method="defer")
    # Sphinx writes all pages anew when a setting of the kind "html" has changed, so this code is one.
    app.add_config_value("coursepages_code", digest(), "html")
    for part in (ahead, execution, formulas, heads, icons, kernels, lean, repository, search, thumbnails, widgets):
        part.setup(app)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": False}


def digest() -> str:
    """Return a digest of this package's files."""
    files = sorted(path for path in Path(__file__).parent.rglob("*") if path.suffix in {".py", ".js", ".html"})
    return sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
