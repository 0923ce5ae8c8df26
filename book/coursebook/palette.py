"""One color per meaning, the same on every page and safe for color-blind readers.

The hexadecimal values are what Matplotlib draws with; `figures.show` replaces each by the CSS variable
``--course-<name>``, which `_static/course.css` defines for light and for dark pages.
"""

from types import SimpleNamespace

# A role means the same on every page.
ROLES = {
    "training": "#0072b2",
    "test": "#d55e00",
    "numpy": "#008060",
    "keras": "#b5488a",
    "pytorch": "#a06f00",
    "mistake": "#8c2a4d",
    "muted": "#6b7078",
}
# A series without a role takes one of these, which mean nothing, and says what it is by a label at its line.
SERIES = {"series1": "#343b49", "series2": "#7550c8", "series3": "#6f8f1f", "series4": "#2b93a8"}
COLORS = {
    "ink": "#1b1b1f",  # text, axes and theory: becomes the color of the surrounding text
    **ROLES,
    **SERIES,
    "grid": "#dfe2e6",
    "surface": "#fefefe",
}
# A second cue beside color: every measured series has a marker of its own.
MARKERS = dict(zip([*ROLES, *SERIES], "os^DvXoP>pd", strict=True))

palette = SimpleNamespace(**COLORS, theory=COLORS["ink"])
