"""Copies MathJax out of node_modules, so that no page calls another host."""

import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

SOURCE = "node_modules/mathjax/es5"
PARTS = ["tex-chtml.js", "output/chtml/fonts/woff-v2", "input/tex/extensions"]


def setup(app: Sphinx) -> None:
    """Copy before the first page is written, because Sphinx looks for the scripts that pages name."""
    app.connect("builder-inited", copy_mathjax)


def copy_mathjax(app: Sphinx) -> None:
    """Copy the component that pages load, its fonts and the TeX extensions it may ask for into _static/vendor."""
    source = Path(app.srcdir, SOURCE)
    if not source.is_dir():
        raise ExtensionError(f"{SOURCE} is missing: run `npm ci` in the root of the project")
    target = Path(app.outdir, "_static/vendor/mathjax")
    for part in PARTS:
        copy = shutil.copytree if (source / part).is_dir() else shutil.copy2
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        copy(source / part, target / part, **({"dirs_exist_ok": True} if copy is shutil.copytree else {}))
