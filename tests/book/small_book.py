"""Small books for tests of the extension: pages with a cell, and a build in which warnings are errors."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

EXTENSIONS = Path(__file__).parents[2] / "book/_ext"
INDEX = """# A book

```{{toctree}}
{}
```
"""
PAGE = """---
file_format: mystnb
kernelspec:
  name: python3
---

# {title}

```{{code-cell}}
{code}
```
"""


def index(pages: Iterable[str]) -> str:
    """Return the text of the first page of a book with these pages."""
    return INDEX.format("\n".join(pages))


def page(title: str, code: str) -> str:
    """Return the text of a page with one cell."""
    return PAGE.format(title=title, code=code)


def build(
    folder: Path, html: Path, *options: str, cwd: Path | None = None, environment: Mapping[str, str] = os.environ
) -> subprocess.CompletedProcess[str]:
    """Build the book in a folder with Sphinx, by the course's extension; the pages go to `html`."""
    command = [sys.executable, "-m", "sphinx", "-W", *options, "-b", "html", folder, html]
    variables = {**environment, "PYTHONPATH": str(EXTENSIONS)}
    return subprocess.run(command, env=variables, cwd=cwd, capture_output=True, text=True, check=False)
