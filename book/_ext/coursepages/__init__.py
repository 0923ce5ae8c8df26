"""The book's own layer on Jupyter Book: MathJax from this host, lean and accessible pages, widgets."""

from sphinx.application import Sphinx

from coursepages import lean, mathjax, widgets


def setup(app: Sphinx) -> dict[str, object]:
    """Register the three parts and the book's style sheet."""
    app.add_css_file("course.css", priority=900)
    for part in (mathjax, lean, widgets):
        part.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
