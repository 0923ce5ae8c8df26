"""What nbgrader's pages, its feedback and formgrader, show of a student's text: no script, no link that is one.

nbgrader puts the HTML in text cells into its pages as it is, and a page of formgrader runs with all that an instructor
may do. The two filters take the place of nbconvert's of the same names. bleach does the work, as in nbconvert, whose
own `clean_html` knows neither paragraphs nor headings. Pictures are shown that stand in the page itself.
"""

import re
from collections.abc import Callable
from functools import cache
from importlib import resources

import bleach
from bleach.css_sanitizer import ALLOWED_CSS_PROPERTIES, CSSSanitizer
from nbconvert import filters

TAGS = {
    *bleach.ALLOWED_TAGS,
    *("br", "dd", "del", "details", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "img", "p", "pre"),
    *("span", "sub", "summary", "sup", "table", "tbody", "td", "th", "thead", "tr"),
}
PICTURES = ("data:image/png;base64,", "data:image/svg+xml;base64,")
"""In an image, a browser runs nothing and asks nobody."""


LINK = re.compile(r"(?:https?|mailto):[^\x00-\x20]*|[^:&\x00-\x20]*", re.IGNORECASE)
EVERYWHERE = ["class", "id", "style", "align", "aria-label"]


def _of_link(_: str, name: str, value: str) -> bool:
    return name in ("title", *EVERYWHERE) or (name == "href" and LINK.fullmatch(value) is not None)


def _of_picture(_: str, name: str, value: str) -> bool:
    return name in ("alt", *EVERYWHERE) or (name == "src" and value.startswith(PICTURES))


ATTRIBUTES: dict[str, list[str] | Callable[[str, str, str], bool]] = {
    **bleach.ALLOWED_ATTRIBUTES,
    "*": EVERYWHERE,
    "a": _of_link,
    "img": _of_picture,
    "div": ["data-cell"],
    "span": ["title", "data-name", "data-points"],
}
PROTOCOLS = {*bleach.ALLOWED_PROTOCOLS, "data"}  # of pictures alone, see above
RUBRIC = '<div class="rubric"'
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
    """Return HTML with everything as text that could do more than be read, and the script of a rubric behind it."""
    text = html.decode() if isinstance(html, bytes) else str(html)
    css = CSSSanitizer(allowed_css_properties=STYLES)
    clean = str(bleach.clean(text, tags=TAGS, attributes=ATTRIBUTES, protocols=PROTOCOLS, css_sanitizer=css))
    return f"{clean}<script>{_script()}</script>" if RUBRIC in clean else clean


@cache
def _script() -> str:
    return resources.files("autograder.grading.templates").joinpath("rubric.js").read_text(encoding="utf-8")


def markdown2html(source: str) -> str:
    """Return the HTML of a text cell, cleaned."""
    return clean_html(filters.markdown2html(source.replace(LINK_IN_FORMULA, LINK_IN_FORMULA[1:])))
