"""Thumbnails: a figure of another page as a link to that page, taken from there while the book is written."""

import re

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

PANEL = re.compile(r'<div style="--course-width.*?</svg></div>', re.DOTALL)
NAME = re.compile(r' role="img" aria-labelledby="[^"]*"')
DESCRIPTION = re.compile(r"<desc.*?</desc>", re.DOTALL)
MARK = "thumbnails"  # in what Sphinx keeps about a page, so that no page has to be opened to find those that have some

logger = logging.getLogger(__name__)


class thumbnail(nodes.container):
    """The place of a thumbnail: a page, which of its panels, and a caption as children."""


class Thumbnail(SphinxDirective):
    """``{thumbnail} page panel``, the panels of all figures of a page counted from 1; the content is the caption."""

    required_arguments = 2
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Leave the place; a thumbnail without a caption is an error of the page."""
        self.assert_has_content()
        page, panel = self.arguments
        node = thumbnail(page=page, panel=directives.positive_int(panel), caption=" ".join(self.content))
        self.set_source_info(node)
        self.env.metadata[self.env.docname][MARK] = True
        return [node]


def setup(app: Sphinx) -> None:
    """Register the directive, and write pages with thumbnails anew in every build, since other pages draw them."""
    app.add_node(thumbnail)
    app.add_directive("thumbnail", Thumbnail)
    app.connect("env-updated", with_thumbnails)
    app.connect("doctree-resolved", place)


def with_thumbnails(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the pages that have thumbnails."""
    return [page for page in env.found_docs if MARK in env.metadata[page]]


def place(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put a link with the panel into each place; a panel that is not there is a warning, and leaves the caption."""
    for node in list(doctree.findall(thumbnail)):
        panel = panel_of(app.env, node["page"], node["panel"])
        if panel is None:
            logger.warning("%s has no panel %d", node["page"], node["panel"], location=node)
        address = app.builder.get_relative_uri(docname, node["page"])
        link = f'<a class="course-thumbnail" href="{address}">{panel or ""}<span>{node["caption"]}</span></a>'
        node.replace_self(nodes.raw("", link, format="html"))


def panel_of(env: BuildEnvironment, page: str, number: int) -> str | None:
    """Return a panel of a page's figures without its description, which the link's caption stands for."""
    if page not in env.found_docs:
        return None
    outputs = (node.astext() for node in env.get_doctree(page).findall(nodes.raw))
    panels = [panel for output in outputs if "course-figure" in output for panel in PANEL.findall(output)]
    return DESCRIPTION.sub("", NAME.sub(' aria-hidden="true"', panels[number - 1])) if number <= len(panels) else None
