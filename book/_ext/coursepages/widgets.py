"""The directive that places a plain JavaScript widget on a page."""

from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

KIT = ("kit", "chart")


class widget(nodes.container):
    """A place for `_static/widgets/<name>.js`; its children are what a reader without JavaScript sees."""


class Widget(SphinxDirective):
    """``{widget} name`` with a label for screen readers; the content is shown when JavaScript is off."""

    required_arguments = 1
    option_spec = {"label": directives.unchanged_required}  # noqa: RUF012 (docutils' interface)
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Parse the content into the node; a widget without script, label or content is an error of the page."""
        name = self.arguments[0]
        script = f"widgets/{name}.js"
        if not Path(self.env.srcdir, "book/_static", script).is_file():
            raise self.error(f"there is no widget book/_static/{script}")
        if "label" not in self.options:
            raise self.error("a widget needs :label:, its name for screen readers")
        self.assert_has_content()
        node = widget(name=name, label=self.options["label"])
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


def setup(app: Sphinx) -> None:
    """Register node and directive, and load each page's widgets on that page only."""
    app.add_node(widget, html=(_visit, _depart), latex=(_pass, _pass), text=(_pass, _pass))
    app.add_directive("widget", Widget)
    app.connect("html-page-context", add_scripts)


def add_scripts(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Add what widgets are made of, and a script for every kind of widget on the page."""
    names = sorted({node["name"] for node in doctree.findall(widget)} if doctree else ())
    for name in [*KIT, *names] if names else ():
        app.add_js_file(f"widgets/{name}.js", loading_method="defer")


def _visit(self: nodes.NodeVisitor, node: widget) -> None:
    opening = self.starttag(node, "section", CLASS="course-widget", **{"aria-label": node["label"]})
    self.body.append(opening.replace("<section", f'<section data-widget="{node["name"]}"', 1))


def _depart(self: nodes.NodeVisitor, node: widget) -> None:
    self.body.append("</section>\n")


def _pass(self: nodes.NodeVisitor, node: widget) -> None:
    """Show the children only."""
