"""One color per meaning, the same on every page and safe for color-blind readers.

The hexadecimal values are what Matplotlib draws with; `figures.show` replaces each by the CSS variable
``--course-<name>``, which `_static/course.css` defines for light and for dark pages.
"""

from types import SimpleNamespace

COLORS = {
    "ink": "#1b1b1f",  # text, axes and theory: becomes the color of the surrounding text
    "training": "#0072b2",
    "test": "#d55e00",
    "numpy": "#008060",
    "keras": "#b5488a",
    "pytorch": "#a06f00",
    "mistake": "#8c2a4d",
    "muted": "#6b7078",
    "grid": "#dfe2e6",
    "surface": "#fefefe",
}
# A second cue beside color: every measured series has a marker of its own.
MARKERS = {"training": "o", "test": "s", "numpy": "^", "keras": "D", "pytorch": "v", "mistake": "X", "muted": "o"}

palette = SimpleNamespace(**COLORS, theory=COLORS["ink"])
