"""Takes out of every page what it does not need, and repairs what assistive technology stumbles over.

Each repair changes what another package writes; where that is no longer written, the build fails and the repair can go.
"""

import re
from collections.abc import Callable
from pathlib import Path

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode, depart_HideCellInput, visit_HideCellInput
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxTranslator
from sphinx.writers.html5 import HTML5Translator

TEMPLATES = Path(__file__).with_name("templates")
Visitor = Callable[[SphinxTranslator, nodes.Element], None]


class EmptyHeader(nodes.entry):
    """A cell above or beside the headers of a table that says nothing, and so is no header."""


def setup(app: Sphinx) -> None:
    """Put our templates before the theme's, leave out Thebe, and write a few nodes otherwise."""
    app.connect("config-inited", add_templates)
    app.connect("doctree-resolved", drop_thebe, priority=900)
    app.connect("doctree-resolved", find_empty_headers)
    app.connect("html-page-context", lend_replace)
    app.connect("html-page-context", drop_unused_assets, priority=900)
    # Its accessible name must contain its visible text.
    summary = replacing(visit_HideCellInput, ' aria-label="[^"]*"', "")
    app.add_node(HideCodeCellNode, override=True, html=(summary, depart_HideCellInput))
    # The list of references has items; the role that docutils gives them is deprecated.
    citation = replacing(HTML5Translator.visit_citation, 'role="doc-biblioentry"', 'role="listitem"')
    app.add_node(nodes.citation, override=True, html=(citation, HTML5Translator.depart_citation))
    app.add_node(EmptyHeader, html=(replacing(HTML5Translator.visit_entry, "<th", "<td"), depart_empty_header))


def replacing(visit: Visitor, pattern: str, new: str) -> Visitor:
    """Return a visitor that writes new where another writes what matches the pattern."""

    def visitor(self: SphinxTranslator, node: nodes.Element) -> None:
        start = len(self.body)
        visit(self, node)
        self.body[start:] = [replace(pattern, new, "".join(self.body[start:]))]

    return visitor


def replace(pattern: str, new: str, html: str) -> str:
    """Replace what matches, and raise ExtensionError where nothing does."""
    replaced, count = re.subn(pattern, new, html)
    if not count:
        raise ExtensionError(f"nothing matches {pattern!r}, which {__name__} repairs: the repair can go")
    return replaced


def depart_empty_header(self: SphinxTranslator, _node: EmptyHeader) -> None:
    """Close the cell as what it was opened."""
    self.context.pop()
    self.body.append("</td>\n")


def add_templates(app: Sphinx, config: Config) -> None:
    """Look for a template in TEMPLATES first."""
    config.templates_path.insert(0, str(TEMPLATES))


def drop_thebe(_app: Sphinx, doctree: nodes.document, _name: str) -> None:
    """Take out what Thebe adds to a page; it names a repository that is not this one."""
    for node in [node for node in doctree.children if isinstance(node, nodes.raw)]:
        if "thebe" in node.astext() or "kernelName" in node.astext():
            doctree.remove(node)


def find_empty_headers(_app: Sphinx, doctree: nodes.document, _name: str) -> None:
    """Mark the header cells that say nothing."""
    for head in doctree.findall(nodes.thead):
        for cell in head.findall(nodes.entry):
            if not cell.astext().strip():
                cell.replace_self(EmptyHeader("", *cell.children, **cell.attributes))


def lend_replace(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    """Let our templates change what the theme's write."""
    context["replace"] = replace


def drop_unused_assets(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    """Keep the assets of Thebe, which would call another host, out of the page."""
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context[kind] if "thebe" not in str(vars(file)).lower()]
