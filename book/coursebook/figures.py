"""The house style of figures: Matplotlib in, inline SVG that follows the page's light or dark theme out."""

import hashlib
import re
from html import escape
from io import StringIO
from typing import Any

import matplotlib
import numpy as np
from cycler import cycler
from IPython.display import HTML, display
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.legend_handler import HandlerErrorbar
from matplotlib.lines import Line2D
from matplotlib.ticker import LogFormatterSciNotation
from numpy.typing import ArrayLike
from sklearn.isotonic import isotonic_regression

from coursebook import rules
from coursebook.numbers import power_of_ten
from coursebook.palette import COLORS, MARKERS, SERIES, palette
from coursebook.rules import POINTS_PER_INCH

WIDTH, HEIGHT = 440, 280
LABEL = 12  # pixels: what is above 9 on a phone that shows a figure of that width

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "coursebook",
    "font.family": "DejaVu Sans",
    "font.size": 12,
    "axes.titlesize": 12,
    "axes.titleweight": "normal",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.labelsize": 12,
    "xtick.labelsize": LABEL,
    "ytick.labelsize": LABEL,
    "legend.fontsize": LABEL,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": palette.muted,
    "axes.labelcolor": palette.ink,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": palette.grid,
    "grid.linewidth": 0.8,
    "text.color": palette.ink,
    "xtick.color": palette.muted,
    "ytick.color": palette.muted,
    "xtick.labelcolor": palette.ink,
    "ytick.labelcolor": palette.ink,
    "lines.linewidth": 1.8,
    "lines.markersize": 8,
    "lines.markeredgewidth": 0,
    "image.cmap": "cividis",
    "axes.prop_cycle": cycler(color=list(SERIES.values())),
}

THEMED = {color: f"var(--course-{name}, {color})" for name, color in COLORS.items()}
THEMED |= {COLORS["ink"]: "currentColor", "#000000": "currentColor"}

# The bar of an entry would hide its marker.
Legend.update_default_handler_map({ErrorbarContainer: HandlerErrorbar(xerr_size=0, yerr_size=0)})


def figure(width: float = WIDTH, height: float = HEIGHT, **subplots: Any) -> tuple[Figure, Axes]:
    """Start a figure in the house style and return it with its axes.

    Args:
        width: width in CSS pixels; 440 for a figure of its own, 320 for one of two panels side by side. A wider one
            scrolls on a phone.
        height: height in CSS pixels.
        subplots: passed on to `Figure.subplots`, for example ``ncols=2, sharey=True``.
    """
    matplotlib.rcParams.update(STYLE)
    fig = Figure(figsize=(width / POINTS_PER_INCH, height / POINTS_PER_INCH), layout="constrained")
    return fig, fig.subplots(**subplots)


class Powers(LogFormatterSciNotation):
    """Writes powers of ten in plain characters, because exponents set as formulas are too small for a phone."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Return the label of a tick."""
        text = re.sub(r"\\times", " × ", super().__call__(x, pos))
        return re.sub(r"\$\\mathdefault\{(.*?)10\^\{(-?\d+)\}\}\$", lambda p: p[1] + power_of_ten(int(p[2])), text)


def theory(ax: Axes, x: ArrayLike, y: ArrayLike, label: str | None = "theory", **style: Any) -> Line2D:
    """Draw a closed form as a line in ink, behind the measured points."""
    return ax.plot(x, y, **{"color": palette.theory, "label": label, "linewidth": 1.4, "zorder": 1.5} | style)[0]


def points(
    ax: Axes, x: ArrayLike, runs: ArrayLike, role: str, label: str | None = None, **style: Any
) -> ErrorbarContainer:
    """Draw measured means as points with a bar of one standard error to each side.

    Args:
        ax: where to draw.
        x: positions, shape (n,).
        runs: one row for each seed, shape (seeds, n) with at least two seeds.
        role: the meaning, or a series without one, a key of `palette.MARKERS`; it decides color and marker.
        label: what it is, for `label_lines` or a legend; the role by default.
        style: passed on to `Axes.errorbar`.
    """
    runs = np.asarray(runs)
    error = runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
    look: dict[str, Any] = {
        "color": COLORS[role],
        "marker": MARKERS[role],
        "linestyle": "none",
        "elinewidth": 1.4,
    }
    return ax.errorbar(x, runs.mean(axis=0), yerr=error, label=label or role, **look | style)


def label_lines(ax: Axes, **style: Any) -> None:
    """Write the label of every line and series of points behind its right end, in its color, instead of a legend.

    Labels that would overlap move apart. Call it last, when the limits of the axes are known.

    Args:
        ax: the axes.
        style: passed on to `Axes.annotate`.
    """
    handles, labels = ax.get_legend_handles_labels()
    lines = [handle.lines[0] if isinstance(handle, ErrorbarContainer) else handle for handle in handles]
    ax.figure.draw_without_rendering()
    ends = [_right_end(line) for line in lines]
    pixels = [line.get_transform().transform(end)[1] for line, end in zip(lines, ends, strict=True)]
    heights = np.array(pixels) * POINTS_PER_INCH / ax.figure.dpi
    order = np.argsort(heights, kind="stable")
    steps = 1.2 * LABEL * np.arange(len(order))
    apart = np.empty_like(heights)
    apart[order] = isotonic_regression(heights[order] - steps) + steps  # the nearest heights that are a gap apart
    for line, label, end, move in zip(lines, labels, ends, apart - heights, strict=True):
        look = {"color": line.get_color(), "fontsize": LABEL, "va": "center", "annotation_clip": False}
        ax.annotate(label, end, (8, move), xycoords=line.get_transform(), textcoords="offset points", **look | style)


def _right_end(line: Line2D) -> np.ndarray:
    """Return the last point, in the line's own coordinates, among the finite ones that are farthest to the right."""
    points = np.asarray(line.get_xydata(), float)
    points = points[np.isfinite(points).all(axis=1)]
    return points[len(points) - 1 - np.argmax(points[::-1, 0])]


def themed_svg(fig: Figure, alt: str) -> str:
    """Return the figure as one inline SVG element; equal figures give equal bytes.

    Args:
        fig: a figure made by `figure`.
        alt: the text alternative, what a reader who cannot see the figure needs to know.
    """
    _write_plain_powers(fig)
    buffer = StringIO()
    with matplotlib.rc_context(STYLE):
        fig.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;\"]*;? ?", "", svg)  # the page's own
    svg = re.sub(r"#[0-9a-f]{6}\b", lambda color: THEMED.get(color[0], color[0]), svg)
    svg = re.sub(rf"(<text [^>]*var\(--course-(?:{'|'.join(MARKERS)}))", r"\1-text", svg)
    svg = re.sub(r' d="[^"]*"', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), svg)  # a hundredth of a pixel
    svg = re.sub(r"\s*\n\s*", "\n", svg)
    key = "f" + hashlib.sha256((svg + alt).encode()).hexdigest()[:8]
    svg = _scope_ids(svg, key)
    width, height = fig.get_size_inches() * POINTS_PER_INCH
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img" '
        f'aria-labelledby="{key}" viewBox="0 0 {width:g} {height:g}">'
        f'<desc id="{key}">{escape(alt)}</desc>'
    )
    return re.sub(r"<svg[^>]*>", lambda _: head, svg, count=1).strip()


def compose(*figures: Figure, alt: str | list[str], caption: str = "") -> HTML:
    """Return figures as panels that stand side by side where there is room and stack where not.

    A figure that breaks one of `rules.RULES` says so in its attribute ``data-breaks``, which the book's tests read.

    Args:
        figures: figures made by `figure`.
        alt: a text alternative for each figure; one string when there is one figure. An empty one raises ValueError.
        caption: a sentence under the figure, as HTML.
    """
    alts = [alt] if isinstance(alt, str) else alt
    if len(alts) != len(figures) or not all(text.strip() for text in alts):
        raise ValueError(f"a text alternative is needed for each of the {len(figures)} figures")
    panels = "".join(_panel(fig, text) for fig, text in zip(figures, alts, strict=True))
    note = f"<figcaption>{caption}</figcaption>" if caption else ""
    return HTML(f'<figure class="course-output course-figure"><div class="panels">{panels}</div>{note}</figure>')


def show(*figures: Figure, alt: str | list[str], caption: str = "") -> None:
    """Show what `compose` returns."""
    display(compose(*figures, alt=alt, caption=caption))


def _panel(fig: Figure, alt: str) -> str:
    broken = " ".join(rules.broken(fig))
    breaks = f' data-breaks="{broken}"' if broken else ""
    return f'<div style="--course-width: {rules.width(fig):g}px"{breaks}>{themed_svg(fig, alt)}</div>'


def _write_plain_powers(fig: Figure) -> None:
    for axis in (axis for ax in fig.axes for axis in (ax.xaxis, ax.yaxis)):
        if type(axis.get_major_formatter()) is LogFormatterSciNotation:
            axis.set_major_formatter(Powers())
        if type(minor := axis.get_minor_formatter()) is LogFormatterSciNotation:
            axis.set_minor_formatter(Powers(labelOnlyBase=minor.labelOnlyBase))


def _scope_ids(svg: str, key: str) -> str:
    """Drop the ids that nothing refers to and make the others unique on a page that holds several figures."""
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", svg))
    svg = re.sub(r' id="([^"]+)"', lambda name: f' id="{key}-{name[1]}"' if name[1] in used else "", svg)
    return re.sub(r"(url\(#|href=\"#)", rf"\g<1>{key}-", svg)
