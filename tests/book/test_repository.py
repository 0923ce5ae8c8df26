"""A book that a GitHub workflow builds links to its repository; one that is built elsewhere links to none."""

import json
import os
from pathlib import Path

from tests.book import small_book

CONF = """
extensions = ["myst_nb", "sphinx_book_theme", "coursepages.repository"]
html_theme = "sphinx_book_theme"
nb_execution_mode = "off"
"""
CHAPTER = """---
file_format: mystnb
kernelspec:
  name: python3
---

# A chapter

```{toctree}
exercise
```
"""
EXERCISE = {
    "cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# An exercise"}],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}
WORKFLOW = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "owner/name", "GITHUB_REF_NAME": "main"}
EDIT = 'href="https://github.com/owner/name/edit/main/index.md"'
BINDER = "https://mybinder.org/v2/gh/owner/name/main?urlpath=lab/tree/"
COLAB = "https://colab.research.google.com/github/owner/name/blob/main/"


def build(folder: Path, workflow: dict[str, str]) -> tuple[str, str]:
    """Build a book of a chapter and an exercise; return the HTML of both."""
    (folder / "conf.py").write_text(CONF, encoding="utf-8")
    (folder / "index.md").write_text(CHAPTER, encoding="utf-8")
    (folder / "exercise.ipynb").write_text(json.dumps(EXERCISE), encoding="utf-8")
    elsewhere = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    small_book.build(folder, folder / "html", "-q", environment=elsewhere | workflow).check_returncode()
    return (folder / "html/index.html").read_text(), (folder / "html/exercise.html").read_text()


def test_links_of_a_published_book(tmp_path: Path) -> None:
    chapter, exercise = build(tmp_path, WORKFLOW)
    assert EDIT in chapter
    assert f"{BINDER}index.md" in chapter
    assert COLAB not in chapter
    assert "/edit/" not in exercise
    assert f"{BINDER}exercise.ipynb" in exercise
    assert f"{COLAB}exercise.ipynb" in exercise


def test_no_links_elsewhere(tmp_path: Path) -> None:
    html = "".join(build(tmp_path, {}))
    assert not any(host in html for host in ("github.com", "mybinder.org", "colab.research"))
