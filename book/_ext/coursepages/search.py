"""Indexes headings and prose, section by section, for `_static/search.js`; neither code nor formulas.

Sphinx's own index knows which page has a word and no more, and its search wants every word of a question to be on one
page. MiniSearch ranks by how rare a word is, how often it occurs and where.
"""

import json
import re
import shutil
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import glossary
from sphinx.application import Sphinx

LIBRARY = "node_modules/minisearch/dist/umd/index.js"
INDEX = "search-index.js"
OPENING = "const BOOK = "  # a script and no JSON, because browsers fetch nothing for a page that is read from a disk
SKIPPED = (nodes.literal_block, nodes.math_block, nodes.comment, nodes.image, nodes.title, nodes.section, glossary)
SIMPLE = re.compile(r"[\w\s.,=+<>()−-]+")  # formulas that read as text


def setup(app: Sphinx) -> None:
    """Copy the library, note the sections of every page that is written, and write the index in the end."""
    app.connect("builder-inited", copy_library)
    app.connect("html-page-context", note_sections)
    app.connect("build-finished", write_index)


def copy_library(app: Sphinx) -> None:
    """Copy MiniSearch into _static/vendor, and start without a section."""
    app.coursepages_sections = {}
    if app.builder.format == "html":
        target = Path(app.outdir, "_static/vendor/minisearch.js")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(Path(app.srcdir, LIBRARY), target)


def note_sections(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Note title, keywords of the front matter and sections of a page."""
    if doctree is None or pagename not in app.env.found_docs:
        return
    app.coursepages_sections[pagename] = {
        "title": re.sub("<[^>]*>", "", context["title"]),
        "keywords": app.env.metadata[pagename].get("keywords", ""),
        "sections": [part for section in doctree.findall(nodes.section) for part in parts(section)],
    }


def parts(section: nodes.section) -> list[tuple[str, str, str]]:
    """Return id, heading and prose of a section without its subsections, and of every term that it explains."""
    title = section.next_node(nodes.title)
    found = [(section["ids"][0], prose(title), prose(section))]
    for terms in (child for child in section.children if isinstance(child, glossary)):
        for item in terms.findall(nodes.definition_list_item):
            names = [name for name in item.children if isinstance(name, nodes.term)]
            found.append((names[0]["ids"][0], ", ".join(map(prose, names)), prose(item.children[-1])))
    return found


def prose(node: nodes.Node) -> str:
    """Return the text of a node without code, what code has put out, and formulas that do not read as text."""
    return " ".join("".join(_pieces(node)).split())


def _pieces(node: nodes.Node) -> list[str]:
    found = []
    for child in node.children:
        if isinstance(child, nodes.Text):
            found.append(child.astext())
        elif isinstance(child, nodes.math):
            found.append(child.astext() if SIMPLE.fullmatch(child.astext()) else "…")
        elif isinstance(child, nodes.raw):
            found.append(re.sub("<[^>]*>", "", child.astext()) if isinstance(node, nodes.TextElement) else "")
        elif not isinstance(child, SKIPPED) and not {"cell_input", "cell_output"} & set(child.get("classes", ())):
            found += [*_pieces(child), "" if isinstance(child, nodes.Inline) else " "]
    return found


def write_index(app: Sphinx, exception: Exception | None) -> None:
    """Write the sections of all pages: those noted now, and for the others those of the build before."""
    if exception or app.builder.format != "html":
        return
    index = Path(app.outdir, INDEX)
    before = json.loads(index.read_text("utf-8").removeprefix(OPENING)) if index.exists() else {}
    pages = {name: page for name, page in (before | app.coursepages_sections).items() if name in app.env.found_docs}
    text = json.dumps(dict(sorted(pages.items())), ensure_ascii=False, separators=(",", ":"))
    index.write_text(OPENING + text, encoding="utf-8")
