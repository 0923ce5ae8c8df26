"""The package that pages are written with: figures follow the theme, numbers are honest, data say what they are."""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
from coursebook import data, digits, fashion_mnist, figure, imdb, points, show, theory, uci
from coursebook.figures import themed_svg
from coursebook.numbers import format_mean, format_number
from coursebook.palette import COLORS, MARKERS
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


def test_style_sheet_knows_every_color_in_light_and_dark() -> None:
    light, dark = re.findall(r"(?::root|html\[data-theme=\"dark\"\]) \{(.*?)\}", CSS.read_text(), re.DOTALL)
    defined = dict(re.findall(r"--course-(\w+): (#[0-9a-f]{6});", light))
    for name in MARKERS:
        assert defined[name] == COLORS[name]
        assert f"--course-{name}: #" in dark


def luminance(color: str) -> float:
    channels = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return float(
        np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
    )


@pytest.mark.parametrize(("theme", "page"), [("light", "#ffffff"), ("dark", "#1c2129")])
def test_colors_stand_out_from_the_page(theme: str, page: str) -> None:
    """WCAG 2.2, criterion 1.4.11: parts of a graphic have a contrast of at least 3 to 1."""
    blocks = re.findall(r"(?::root|html\[data-theme=\"dark\"\]) \{(.*?)\}", CSS.read_text(), re.DOTALL)
    defined = dict(re.findall(r"--course-(\w+): (#[0-9a-f]{6});", blocks[theme == "dark"]))
    for name in MARKERS:
        bright, dim = sorted([luminance(defined[name]), luminance(page)], reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= 3, name


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
    assert fashion_mnist().label.startswith("digits")
    assert imdb().label.startswith("synthetic reviews")
    assert uci("yacht").label.startswith("scikit-learn's diabetes")


def test_digits_are_images_of_bytes_that_no_split_shares() -> None:
    images = digits()
    assert images.x_train.shape == (1198, 8, 8)
    assert images.x_train.dtype == np.uint8
    assert images.x_train.max() == 255
    rows = [set(map(bytes, part)) for part in (images.x_train, images.x_test)]
    assert not rows[0] & rows[1]


def test_published_formats_are_read_from_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    images = np.arange(2 * 28 * 28, dtype=np.uint8).reshape(2, 28, 28)
    folder = tmp_path / "fashion-mnist"
    folder.mkdir()
    for name in data.FASHION_MNIST_FILES:
        array = images if "images" in name else np.array([3, 7], np.uint8)
        magic = 2051 if "images" in name else 2049
        header = np.array([magic, *array.shape], ">i4").tobytes()
        (folder / name).write_bytes(gzip.compress(header + array.tobytes()))
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
