"""The published data sets in the folder COURSE_DATA are read where pages ask for them, and the claims hold on them."""

import ast
from pathlib import Path

import pytest
from coursebook import fashion_mnist, imdb, uci
from coursebook.sentences import read

from tests.book.cells import run

BOOK = Path(__file__).parents[2] / "book"
LOADERS = {"fashion_mnist", "imdb", "uci", "images"}  # `classifier.images` loads `fashion_mnist`


def asks_for_data(page: Path) -> bool:
    """Return whether a cell of the page calls a loader."""
    calls = (node.func for cell in read(page).cells for node in ast.walk(cell) if isinstance(node, ast.Call))
    return any(isinstance(call, ast.Name) and call.id in LOADERS for call in calls)


PAGES = sorted(page.relative_to(BOOK).with_suffix("").as_posix() for page in BOOK.rglob("*.md") if asks_for_data(page))


def test_pages_on_real_data_are_found() -> None:
    assert {"dropout/ensemble", "keras/writing-the-layer", "montecarlo/famous-table"} <= set(PAGES)


@pytest.mark.real_data
def test_every_loader_reads_the_published_files() -> None:
    labels = [fashion_mnist().label, imdb().label, uci("yacht").label]
    for label, name in zip(labels, ["Fashion-MNIST (", "IMDB reviews (", "UCI yacht ("], strict=True):
        assert label.startswith(name)


@pytest.mark.real_data
@pytest.mark.parametrize("name", PAGES)
def test_the_claims_of_a_page_hold_on_the_published_data(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    run(BOOK / f"{name}.md")
