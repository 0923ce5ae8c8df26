"""The package that pages are written with: figures follow the theme, numbers are honest, data say what they are."""

import gzip
import re
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from coursebook import (
    compose,
    data,
    digits,
    fashion_mnist,
    figure,
    generated,
    imdb,
    label_lines,
    points,
    rules,
    show,
    theory,
    uci,
)
from coursebook.figures import themed_svg
from coursebook.numbers import format_mean, format_number
from coursebook.palette import COLORS, MARKERS, SERIES
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

CSS = Path(__file__).parents[2] / "book/_static/course.css"


@pytest.fixture
def plot() -> Figure:
    fig, ax = figure()
    x = np.linspace(0, 1, 5)
    theory(ax, x, x**2)
    points(ax, x, x**2 + np.array([[0.0], [0.1]]), "test")
    ax.set(title="<title>", xlabel="x")
    ax.legend()
    return fig


def test_every_color_of_a_figure_follows_the_theme(plot: Figure) -> None:
    svg = themed_svg(plot, "alt")
    assert "currentColor" in svg
    assert f"var(--course-test, {COLORS['test']})" in svg
    assert not re.findall(r"(?<!, )#[0-9a-f]{6}\b(?!-)", svg)


def test_powers_of_ten_are_plain_text(plot: Figure) -> None:
    plot.axes[0].set(yscale="log", ylim=(1e-3, 10), xscale="log", xlim=(1, 6))
    svg = themed_svg(plot, "alt")
    assert ">10⁻³<" in svg
    assert ">2 × 10⁰<" in svg
    assert "tspan" not in svg


def test_equal_figures_give_equal_bytes(plot: Figure) -> None:
    assert themed_svg(plot, "alt") == themed_svg(plot, "alt")


def test_ids_are_unique_among_figures_and_every_reference_has_its_target(plot: Figure) -> None:
    first, second = themed_svg(plot, "one"), themed_svg(plot, "two")
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (first, second)]
    assert not ids[0] & ids[1]
    assert set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", first)) <= ids[0]


def test_a_figure_is_an_image_with_an_escaped_text_alternative(plot: Figure) -> None:
    svg = themed_svg(plot, 'less < more & "quoted"')
    name = re.search(r'role="img" aria-labelledby="(\w+)"', svg)
    assert name
    assert f'<desc id="{name[1]}">less &lt; more &amp; &quot;quoted&quot;</desc>' in svg
    assert "&lt;title&gt;" in svg


@pytest.mark.parametrize("alt", ["", "  ", ["one", "two"], []])
def test_show_wants_a_text_alternative_for_each_figure(plot: Figure, alt: str | list[str]) -> None:
    with pytest.raises(ValueError, match="text alternative"):
        show(plot, alt=alt)


def test_points_show_the_mean_and_one_standard_error() -> None:
    _, ax = figure()
    bars = points(ax, [1.0], [[1.0], [2.0], [6.0]], "numpy")
    (segment,) = bars.lines[2][0].get_segments()
    error = np.sqrt(7 / 3)  # the variance of 1, 2, 6 is 7
    assert bars.lines[0].get_ydata() == pytest.approx([3])
    assert segment[:, 1] == pytest.approx([3 - error, 3 + error])


def test_labels_stand_at_the_ends_of_their_lines_in_their_colors_and_apart() -> None:
    fig, ax = figure()
    x = np.linspace(0, 1, 5)
    for i, name in enumerate(SERIES):
        points(ax, x, [x * (1 + i / 100), x * (1 + i / 100)], name)
    ax.axhline(0.5, color=COLORS["mistake"], label="bound")
    label_lines(ax)
    fig.draw_without_rendering()
    assert [(text.get_text(), text.get_color()) for text in ax.texts] == [
        ("bound", COLORS["mistake"]),
        *((name, COLORS[name]) for name in SERIES),
    ]
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(first.overlaps(second) for first, second in combinations(boxes, 2))
    assert all(ax.get_window_extent().x1 - 15 <= box.x0 and box.x1 <= fig.bbox.x1 for box in boxes)
    centers = [(box.y0 + box.y1) / 2 for box in boxes]
    assert centers[1:] == sorted(centers[1:])  # in the order of their ends
    assert abs(centers[0] - ax.transData.transform((1, 0.5))[1]) < 1


def test_text_in_a_color_has_the_contrast_of_text(plot: Figure) -> None:
    plot.axes[0].text(0, 0, "measured", color=COLORS["test"])
    svg = themed_svg(plot, "alt")
    assert re.search(r"<text [^>]*fill: var\(--course-test-text, ", svg)
    assert "stroke: var(--course-test, " in svg
    assert "stroke: var(--course-test-text" not in svg


def test_a_legend_shows_markers_and_not_the_bars_of_errors(plot: Figure) -> None:
    bars = plot.axes[0].get_legend().findobj(LineCollection)
    assert [np.ptp(segment, axis=0).max() for bar in bars for segment in bar.get_segments()] == [0]


BREAKS: dict[str, Callable[[], Figure]] = {
    "": lambda: drawn(legend=["one", "two"]),
    "width": lambda: drawn(width=450),
    "text": lambda: drawn(title=8),
    "markers": lambda: drawn(markersize=7),
    "legend-long": lambda: drawn(legend=["one", "two", "three"]),
    "legend-on-data": lambda: drawn(legend=["one", "two"], loc="lower right"),
}


def drawn(
    width: float = 440, title: float = 12, markersize: float = 8, legend: Sequence[str] = (), loc: str = "upper left"
) -> Figure:
    """Draw lines that rise to the right; those of the legend have names."""
    fig, ax = figure(width)
    ax.set(xlim=(0, 1), ylim=(0, 4))
    ax.set_title("title", fontsize=title)
    for name in legend or ["_"]:
        ax.plot([0.2, 0.9], [0, 0.3], "o-", markersize=markersize, label=name)
    if legend:
        ax.legend(loc=loc)
    return fig


@pytest.mark.parametrize("rule", BREAKS)
def test_a_figure_names_the_rule_that_it_breaks(rule: str) -> None:
    fig = BREAKS[rule]()
    assert rules.broken(fig) == rule.split()
    assert ("data-breaks" in compose(fig, alt="alt").data) == bool(rule)


def test_every_rule_is_broken_once() -> None:
    assert {rule for rule in BREAKS if rule} == rules.RULES.keys()


@pytest.mark.parametrize("draw", ["bar", "barh"])
def test_bars_on_a_logarithmic_axis_are_refused(draw: str) -> None:
    fig, ax = figure()
    getattr(ax, draw)([1, 2], [10, 100])
    show(fig, alt="alt")
    ax.set(**{"yscale" if draw == "bar" else "xscale": "log"})
    with pytest.raises(ValueError, match="draw points"):
        show(fig, alt="alt")


def defined(theme: str) -> dict[str, str]:
    """Return the colors of the style sheet in light or in dark."""
    light, dark = re.findall(r"(?::root|html\[data-theme=\"dark\"\]) \{(.*?)\}", CSS.read_text(), re.DOTALL)
    return dict(re.findall(r"--course-(\w+): (#[0-9a-f]{6});", {"light": light, "dark": dark}[theme]))


def test_style_sheet_knows_every_color_in_light_and_dark() -> None:
    assert {name: defined("light")[name] for name in MARKERS} == {name: COLORS[name] for name in MARKERS}
    assert defined("dark").keys() >= MARKERS.keys()
    mix = r"--course-(\w+)-text: color-mix\(in srgb, var\(--course-\1\) 75%, var\(--course-ink\)\);"
    assert set(re.findall(mix, CSS.read_text())) == MARKERS.keys()


def test_every_role_and_series_has_a_color_and_a_marker_of_its_own() -> None:
    assert len({COLORS[name] for name in MARKERS}) == len(MARKERS)
    assert len({MARKERS[name] for name in MARKERS if name != "muted"}) == len(MARKERS) - 1


def contrast(color: str, page: str) -> float:
    """Return the contrast by WCAG 2.2."""
    bright, dim = sorted([luminance(color), luminance(page)], reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def channels(color: str) -> np.ndarray:
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)])


def luminance(color: str) -> float:
    shares = channels(color) / 255
    return float(
        np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
    )


@pytest.mark.parametrize(("theme", "page", "ink"), [("light", "#f6f7f9", "#222832"), ("dark", "#1c2129", "#ced6dd")])
def test_colors_stand_out_from_the_page(theme: str, page: str, ink: str) -> None:
    """WCAG 2.2: parts of a graphic have a contrast of at least 3 to 1 (criterion 1.4.11), text of 4.5 to 1 (1.4.3)."""
    for name in MARKERS:
        color = defined(theme)[name]
        text = np.rint(0.75 * channels(color) + 0.25 * channels(ink)).astype(int)
        assert contrast(color, page) >= 3, name
        assert contrast("#" + bytes(text.tolist()).hex(), page) >= 4.5, name


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [(0.5, ".3f", "0.500"), (-0.25, ".2f", "−0.25"), (4e-53, ".0e", "4 × 10⁻⁵³"), (12345, ",d", "12,345")],
)
def test_numbers_are_formatted_as_in_print(value: float, spec: str, text: str) -> None:
    assert format_number(value, spec) == text


def test_a_mean_comes_with_its_standard_error() -> None:
    assert format_mean([1, 2, 6], ".2f") == "3.00 ± 1.53"


def test_without_a_data_folder_every_loader_says_what_it_used_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_DATA", raising=False)
    assert fashion_mnist().label.startswith("warped digits")
    assert imdb().label.startswith("synthetic reviews")
    assert uci("yacht").label.startswith("Friedman's first problem")


def test_digits_are_images_of_bytes_that_no_split_shares() -> None:
    images = digits()
    assert images.x_train.shape == (1198, 8, 8)
    assert images.x_train.dtype == np.uint8
    assert images.x_train.max() == 255
    rows = [set(map(bytes, part)) for part in (images.x_train, images.x_test)]
    assert not rows[0] & rows[1]


def test_warped_digits_are_bytes_and_come_again() -> None:
    first, again = generated.warped_digits(200, 50), generated.warped_digits(200, 50)
    assert [(part.shape, part.dtype) for part in first[::2]] == [((n, 12, 12), np.uint8) for n in (200, 50)]
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_tenth_of_the_labels_of_warped_digits_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine tenths of these are wrong: 0.09, whose deviation in 20,000 labels is 0.002; 7 of them fail once in 4e11."""
    n = 20_000
    noisy = generated.warped_digits(n, 1)[1]
    monkeypatch.setattr(generated, "RELABELED", 0.0)
    wrong = (noisy != generated.warped_digits(n, 1)[1]).mean()
    assert abs(wrong - (1 - generated.ACCURACY_CEILING)) < 7 * np.sqrt(0.09 * 0.91 / n)


def test_the_floor_of_the_loss_is_the_entropy_of_a_label() -> None:
    chances = np.full(10, 0.01)
    chances[3] += 0.9
    assert pytest.approx(-(chances * np.log(chances)).sum()) == generated.LOSS_FLOOR
    assert pytest.approx(chances.max()) == generated.ACCURACY_CEILING


def test_friedmans_problem_has_noise_of_deviation_one() -> None:
    """The variance of 300 normal residuals has a deviation of 0.082; 7 of them fail once in 4e11."""
    x, y = generated.friedman()
    signal = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    assert abs((y - signal).var() - 1) < 7 * np.sqrt(2 / len(y))


def test_published_formats_are_read_from_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    images = np.arange(2 * 28 * 28, dtype=np.uint8).reshape(2, 28, 28)
    folder = tmp_path / "fashion-mnist"
    folder.mkdir()
    for name in data.FASHION_MNIST:
        array = images if "images" in name else np.array([3, 7], np.uint8)
        magic = 2051 if "images" in name else 2049
        header = np.array([magic, *array.shape], ">i4").tobytes()
        (folder / f"{name}-ubyte.gz").write_bytes(gzip.compress(header + array.tobytes()))
    loaded = fashion_mnist()
    np.testing.assert_array_equal(loaded.x_test, images)
    np.testing.assert_array_equal(loaded.y_train, [3, 7])
    assert loaded.label == "Fashion-MNIST (2 for training, 2 for test)"

    folder = tmp_path / "uci/tiny"
    folder.mkdir(parents=True)
    for name, text in {
        "data": "1 2 3\n4 5 6\n",
        "index_features": "0\n2\n",
        "index_target": "1\n",
        "n_splits": "1\n",
        "index_train_0": "1\n",
        "index_test_0": "0\n",
    }.items():
        (folder / f"{name}.txt").write_text(text)
    table = uci("tiny")
    np.testing.assert_array_equal(table.x, [[1, 3], [4, 6]])
    np.testing.assert_array_equal(table.y, [2, 5])
    assert [rows.tolist() for rows in table.splits[0]] == [[1], [0]]


def test_a_file_that_is_not_idx_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(b"not an image"))
    with pytest.raises(ValueError, match=r"images\.gz is not an IDX file"):
        data.read_idx(path)
