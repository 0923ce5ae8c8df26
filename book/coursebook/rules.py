"""What a figure keeps, so that it can be read on a phone, without color and without looking to and fro."""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.text import Text

WIDEST = 440  # pixels: a wider figure scrolls on a phone
PHONE = 342  # pixels of a phone 390 wide that are left for a figure
LEAST = 0.82  # of its size, to which a figure shrinks before it scrolls: the style sheet has it as well
SMALLEST_TEXT, SMALLEST_MARKER = 9, 8  # pixels
CLOUD = 40  # from so many points on, a reader sees the cloud and not its points
ENTRIES = 2  # of a legend that can be kept in mind
POINTS_PER_INCH = 72


def broken(fig: Figure) -> list[str]:
    """Return the names of the RULES that a figure breaks; one with bars on a logarithmic axis raises ValueError."""
    if any(_bars_on_logarithm(ax) for ax in fig.axes):
        raise ValueError("a logarithmic axis has no zero at which a bar could begin: draw points instead of bars")
    fig.draw_without_rendering()
    return [name for name, breaks in RULES.items() if breaks(fig)]


def width(fig: Figure) -> float:
    """Return the width of a figure in CSS pixels."""
    return fig.get_figwidth() * POINTS_PER_INCH


def _bars_on_logarithm(ax: Axes) -> bool:
    directions = {bars.orientation for bars in ax.containers if isinstance(bars, BarContainer)}
    scales = {"horizontal": ax.get_xscale(), "vertical": ax.get_yscale()}
    return any(scales[direction] == "log" for direction in directions)


def _wide(fig: Figure) -> bool:
    return width(fig) > WIDEST


def _small_text(fig: Figure) -> bool:
    scale = LEAST if width(fig) > WIDEST else min(1, PHONE / width(fig))
    return any(
        text.get_fontsize() * scale < SMALLEST_TEXT
        for text in fig.findobj(Text)
        if text.get_visible() and text.get_text().strip()
    )


def _small_markers(fig: Figure) -> bool:
    return any(
        line.get_marker() not in ("None", "none", "", " ", None, "|", "_")
        and line.get_markersize() < SMALLEST_MARKER
        and len(line.get_xdata()) < CLOUD
        for ax in fig.axes
        for line in ax.lines
    )


def _long_legend(fig: Figure) -> bool:
    legends = [ax.get_legend() for ax in fig.axes]
    return any(legend and len(legend.get_texts()) > ENTRIES for legend in legends)


def _legend_on_data(fig: Figure) -> bool:
    return any(_covers(ax) for ax in fig.axes if ax.get_legend())


def _covers(ax: Axes) -> bool:
    box = ax.get_legend().get_window_extent()
    for line in ax.lines:
        points = line.get_transform().transform(line.get_xydata())
        if line.get_linestyle() not in ("None", "none", "", " "):
            points = points[np.isfinite(points).all(axis=1)]
            steps = np.linspace(0, 1, 20)[:, None, None]
            points = (points[:-1] + steps * np.diff(points, axis=0)).reshape(-1, 2) if len(points) > 1 else points
        if box.count_contains(points):
            return True
    return False


RULES: dict[str, Callable[[Figure], bool]] = {
    "width": _wide,
    "text": _small_text,
    "markers": _small_markers,
    "legend-long": _long_legend,
    "legend-on-data": _legend_on_data,
}
