"""What nbgrader's pages, its feedback and formgrader, show of a student's text: no script, no link that is one.

nbgrader puts the HTML in text cells into its pages as it is, and a page of formgrader runs with all that an instructor
may do. The two filters take the place of nbconvert's of the same names. bleach does the work, as in nbconvert, whose
own `clean_html` knows neither paragraphs nor headings.
"""

import bleach
from bleach.css_sanitizer import ALLOWED_CSS_PROPERTIES, CSSSanitizer
from nbconvert import filters

TAGS = {
    *bleach.ALLOWED_TAGS,
    *("br", "dd", "del", "details", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "p", "pre", "span"),
    *("sub", "summary", "sup", "table", "tbody", "td", "th", "thead", "tr"),
}
ATTRIBUTES = {**bleach.ALLOWED_ATTRIBUTES, "*": ["class", "id", "style", "align", "aria-label"]}
STYLES = {
    *ALLOWED_CSS_PROPERTIES,
    *(
        "border-collapse",
        "border-left",
        "border-top",
        "clip-path",
        "margin",
        "max-width",
        "opacity",
        "padding",
        "position",
    ),
    *("table-layout",),
}
"""What the tables of our own checks use beside it."""

LINK_IN_FORMULA = r"\href"
"""MathJax makes a link of it, to a script too."""


def clean_html(html: str | bytes) -> str:
    """Return HTML with everything as text that could do more than be read."""
    text = html.decode() if isinstance(html, bytes) else str(html)
    css = CSSSanitizer(allowed_css_properties=STYLES)
    return str(bleach.clean(text, tags=TAGS, attributes=ATTRIBUTES, css_sanitizer=css))


def markdown2html(source: str) -> str:
    """Return the HTML of a text cell, cleaned."""
    return clean_html(filters.markdown2html(source.replace(LINK_IN_FORMULA, LINK_IN_FORMULA[1:])))
