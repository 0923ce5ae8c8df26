"""Says in the head of every page what the page is about, for search engines and for those who pass on its address.

sphinxext-opengraph would cut the first 200 characters of a page, whatever they are; here a page says it in a sentence,
and one that does not is an error.
"""

import re
from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

LONGEST = 300  # characters
VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1" />'
# Title and description of the pages that Sphinx makes.
GENERATED = {"search": ("Search", "Search the pages of the course."), "genindex": ("Index", "The index of the course.")}
LOG = logging.getLogger(__name__)


def setup(app: Sphinx) -> None:
    """Add the tags when a page is written."""
    app.connect("html-page-context", add_tags)


def add_tags(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Add the description, and take out the viewport, which the theme sets as well; a page without the first warns."""
    name, text = GENERATED.get(pagename) or (context["title"], description(app, pagename, doctree))
    title = re.sub("<[^>]*>", "", context.setdefault("title", name))
    if not text:
        LOG.warning("no description: begin with a sentence on what the page is about", location=pagename)
        return
    first = pagename == app.config.root_doc
    tags = {
        'name="description"': text,
        'property="og:description"': text,
        'property="og:title"': context["docstitle"] if first else title,
        'property="og:site_name"': context["docstitle"],
        'property="og:type"': "website" if first else "article",
    }
    context["metatags"] = context.get("metatags", "").replace(VIEWPORT, "") + "".join(
        f'\n    <meta {name} content="{escape(content)}" />' for name, content in tags.items()
    )


def description(app: Sphinx, pagename: str, doctree: nodes.document | None) -> str:
    """Return ``description`` of the page's front matter, or the first sentences of its first paragraph."""
    if written := app.env.metadata[pagename].get("description"):
        return written
    title = next(doctree.findall(nodes.title), None) if doctree else None
    opening = title and title.next_node(descend=False, siblings=True)
    if not isinstance(opening, nodes.paragraph):
        return ""
    first, *others = re.split(r"(?<=[.?!])\s+", " ".join(opening.astext().split()))
    for sentence in others:
        if len(first) + len(sentence) >= LONGEST:
            break
        first += " " + sentence
    return first
