"""Sets formulas with KaTeX while the book is built, so that pages need neither a script nor another host for them."""

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

KATEX = "node_modules/katex/dist"
SCROLLS = "pst-scrollable-table-container"  # the theme lets the keyboard reach elements of this class when they scroll
OPENING, CLOSING = re.compile(r"[(\[“]+$"), re.compile(r"^[,.;:!?)\]”]+")
LOG = logging.getLogger(__name__)


class Typesetter:
    """A Node process that turns TeX into HTML, with MathML beside it for screen readers."""

    def __init__(self, katex: Path) -> None:
        """Start the process; it ends when the build does, because its input ends."""
        command = ["node", Path(__file__).with_name("katex.js"), katex / "katex.js"]
        self.process = subprocess.Popen(  # noqa: S603 (our own script)
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def html(self, tex: str, display: bool) -> str:
        """Return the HTML of a formula; one that KaTeX does not accept raises ValueError with its words."""
        self.process.stdin.write(json.dumps({"tex": tex, "displayMode": display}) + "\n")
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer["html"]


@cache
def typesetter(katex: Path) -> Typesetter:
    """Start KaTeX with the first formula, and once only."""
    return Typesetter(katex)


def setup(app: Sphinx) -> None:
    """Take formulas over from MathJax, and copy the style sheet before the first page is written that names it."""
    app.add_html_math_renderer("katex", inline_renderers=(_inline, None), block_renderers=(_block, None))
    app.add_css_file("vendor/katex/katex.min.css")
    app.connect("builder-inited", copy_style)
    app.connect("doctree-resolved", glue_punctuation)


def copy_style(app: Sphinx) -> None:
    """Copy KaTeX's style sheet and the fonts that browsers of today ask for into _static/vendor."""
    if app.builder.format != "html":
        return
    source = Path(app.srcdir, KATEX)
    if not source.is_dir() or not shutil.which("node"):
        raise ExtensionError(f"node or {KATEX} is missing: install npm, and run `npm ci` in the root of the project")
    target = Path(app.outdir, "_static/vendor/katex")
    older = shutil.ignore_patterns("*.ttf", "*.woff")
    shutil.copytree(source / "fonts", target / "fonts", ignore=older, dirs_exist_ok=True)
    shutil.copy2(source / "katex.min.css", target)


def glue_punctuation(_app: Sphinx, page: nodes.document, _name: str) -> None:
    """Set what opens before a formula and closes behind it as a part of it: a browser breaks lines on either side."""
    for formula in page.findall(nodes.math):
        siblings = formula.parent
        place = siblings.index(formula)
        for at, mark in ((place - 1, OPENING), (place + 1, CLOSING)):
            beside = siblings[at] if 0 <= at < len(siblings) else None
            if isinstance(beside, nodes.Text) and (found := mark.search(beside)):
                formula["before" if mark is OPENING else "behind"] = found.group()
                siblings[at] = nodes.Text(mark.sub("", beside))


def _inline(self: nodes.NodeVisitor, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math"))
    before, behind = (rf"\text{{{node[side]}}}" if side in node else "" for side in ("before", "behind"))
    self.body.append(_set(self, node, before + node.astext() + behind, display=False) + "</span>")
    raise nodes.SkipNode


def _block(self: nodes.NodeVisitor, node: nodes.math_block) -> None:
    tex = node.astext()
    if r"\\" in tex and not node["nowrap"]:
        tex = rf"\begin{{split}}{tex}\end{{split}}"
    if node["number"]:
        tex += rf"\tag{{{get_node_equation_number(self, node)}}}"
    self.body.append(self.starttag(node, "div", CLASS=f"math {SCROLLS}"))
    self.body.append(_set(self, node, tex, display=True) + "</div>\n")
    raise nodes.SkipNode


def _set(self: nodes.NodeVisitor, node: nodes.Element, tex: str, display: bool) -> str:
    try:
        return typesetter(Path(self.builder.srcdir, KATEX)).html(tex, display)
    except ValueError as error:
        LOG.warning("%s in the formula %s", error, tex, location=node)
        return self.encode(tex)
