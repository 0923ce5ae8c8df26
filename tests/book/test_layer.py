"""The layer on Jupyter Book in small books: what it adds to a page, what it refuses, and what a failed page leaves."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from coursepages import lean, search
from docutils import nodes
from sphinx.errors import ExtensionError

from tests.book import small_book

ROOT = Path(__file__).parents[2]
CONF = """
project = "The book"
extensions = ["myst_nb", "sphinx_book_theme", {parts}]
html_theme = "sphinx_book_theme"
html_title = "The book"
nb_execution_mode = "cache"
nb_execution_timeout = 60
exclude_patterns = ["node_modules"]
myst_enable_extensions = ["dollarmath"]
"""


def build(folder: Path, parts: str, pages: dict[str, str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Build a book with some parts of the layer, where warnings are errors that do not stop it."""
    (folder / "conf.py").write_text(CONF.format(parts=parts), encoding="utf-8")
    for name, text in pages.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return small_book.build(folder, folder / "html", "-q", "--keep-going", environment=os.environ | environment)


def test_a_page_says_what_it_is_about_or_is_an_error(tmp_path: Path) -> None:
    pages = {
        "index": "# First\n\n*How much? And of what?*\n\nMore.\n",
        "other": '---\norphan: true\ndescription: "Said & done."\n---\n\n# Other\n\n- a list\n',
        "silent": "---\norphan: true\n---\n\n# Silent\n\n- a list\n",
    }
    run = build(tmp_path, "'coursepages.heads'", pages)
    assert run.returncode
    assert re.findall(r"(\w+)\.md: WARNING: no description", run.stderr) == ["silent"]
    heads = {name: (tmp_path / f"html/{name}.html").read_text(encoding="utf-8") for name in ("index", "other")}
    assert '<meta name="description" content="How much? And of what?" />' in heads["index"]
    assert '<meta property="og:description" content="Said &amp; done." />' in heads["other"]
    assert '<meta property="og:title" content="Other" />' in heads["other"]


def test_a_long_opening_is_cut_between_sentences(tmp_path: Path) -> None:
    sentence = "A sentence of several words that says something."
    build(tmp_path, "'coursepages.heads'", {"index": f"# First\n\n{' '.join([sentence] * 20)}\n"})
    html = (tmp_path / "html/index.html").read_text(encoding="utf-8")
    described = re.search('name="description" content="([^"]*)"', html)[1]
    assert 200 < len(described) <= 300
    assert set(re.split(r"(?<=\.) ", described)) == {sentence}


def test_a_repair_that_finds_nothing_fails_the_build() -> None:
    assert lean.replace("<th", "<td", "<th>") == "<td>"
    with pytest.raises(ExtensionError, match="the repair can go"):
        lean.replace("<th", "<td", "<td>")


def test_headers_that_say_nothing_are_cells_and_thebe_is_gone(tmp_path: Path) -> None:
    table = "|  | a |\n|---|---|\n| b | 1 |\n"
    run = build(tmp_path, "'sphinx_thebe', 'coursepages.lean'", {"index": f"# First\n\n{table}"})
    assert not run.stderr
    html = (tmp_path / "html/index.html").read_text(encoding="utf-8")
    assert html.count("<th ") == 1
    assert "thebe" not in html.lower()
    assert "fontawesome.js" not in html


def test_the_index_has_prose_and_headings_and_stays_complete(tmp_path: Path) -> None:
    pages = {
        "index": "---\nkeywords: synonym, other word\n---\n\n# First\n\nA formula $x$ and $\\frac{a}{b}$.\n\n"
        "```python\nimport nothing\n```\n\n## Second\n\n`a_name` in it.\n",
        "glossary": "---\norphan: true\n---\n\n# Glossary\n\n```{glossary}\nterm\n  What it means.\n```\n",
    }
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    assert not build(tmp_path, "'coursepages.search'", pages).returncode
    index = tmp_path / "html" / search.INDEX
    first = json.loads(index.read_text(encoding="utf-8").removeprefix(search.OPENING))
    assert first["index"] == {
        "title": "First",
        "keywords": "synonym, other word",
        "sections": [["first", "First", "A formula x and …."], ["second", "Second", "a_name in it."]],
    }
    assert first["glossary"]["sections"][1:] == [["term-term", "term", "What it means."]]
    changed = pages | {"index": pages["index"].replace("a_name", "another")}
    assert not build(tmp_path, "'coursepages.search'", changed).returncode
    second = json.loads(index.read_text(encoding="utf-8").removeprefix(search.OPENING))
    assert second["glossary"] == first["glossary"]
    assert second["index"]["sections"][1][2] == "another in it."


def test_inline_code_is_prose_and_its_output_is_not() -> None:
    output = nodes.container("", nodes.paragraph("", "0.123"), classes=["cell_output"])
    number = nodes.raw("", '<span class="course-number">0.5</span>', format="html")
    words = nodes.paragraph("", "", nodes.literal("", "drop_rate"), nodes.Text(" is "), number, nodes.Text("."))
    figure = nodes.container("", nodes.raw("", "<figure>axes</figure>", format="html"))
    assert search.prose(nodes.section("", words, output, figure)) == "drop_rate is 0.5."
