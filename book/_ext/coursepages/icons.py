"""Cuts the theme's icon font down to the icons that the book draws: 3 kB in place of 156 kB."""

from pathlib import Path

import pydata_sphinx_theme
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

FONT = Path(pydata_sphinx_theme.__file__).parent.joinpath(
    "theme/pydata_sphinx_theme/static/vendor/fontawesome/webfonts/fa-solid-900.ttf"
)
BUTTONS = ["bars", "list", "magnifying-glass", "sun", "moon", "circle-half-stroke", "download", "file", "file-pdf"]
BUTTONS += ["code", "rocket", "pencil", "arrow-up", "xmark"]
POINTERS = ["angle-left", "angle-right", "angle-down", "chevron-down", "chevron-right", "up-right-from-square"]
ADMONITIONS = ["bell", "circle-check", "circle-exclamation", "circle-info", "circle-xmark", "lightbulb", "share"]
ADMONITIONS += ["triangle-exclamation"]
ICONS = {*BUTTONS, *POINTERS, *ADMONITIONS}

# It comes after the theme's own rule, so that browsers ask for the whole font only if a page shows another icon.
RULE = """@font-face {{
  font-family: "Font Awesome 6 Free";
  font-weight: 900;
  font-display: block;
  src: url("icons.woff") format("woff");
  unicode-range: {};
}}
"""


def setup(app: Sphinx) -> None:
    """Write the font before the first page is written that names its style sheet."""
    app.add_css_file("icons.css")
    app.connect("builder-inited", cut)


def cut(app: Sphinx) -> None:
    """Write the font with ICONS alone, and the rule that puts it before the theme's, into _static."""
    if app.builder.format != "html":
        return
    font = TTFont(FONT)
    codes = {code for code, glyph in font.getBestCmap().items() if glyph in ICONS}
    subsetter = Subsetter(Options(layout_features=[]))
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    font.flavor = "woff"
    target = Path(app.outdir, "_static")
    target.mkdir(parents=True, exist_ok=True)
    font.save(target / "icons.woff")
    (target / "icons.css").write_text(RULE.format(", ".join(f"U+{code:X}" for code in sorted(codes))), encoding="utf-8")
