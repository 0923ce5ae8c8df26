"""Pages run side by side, and one that stops does not lose the book: it is named, and it alone is run again."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.book import small_book

CONF = """
extensions = ["myst_nb", "sphinx_book_theme", "coursepages.ahead", "coursepages.execution"]
html_theme = "sphinx_book_theme"
nb_execution_mode = "cache"
nb_execution_cache_path = "cache"
"""
LOG = "open('{log}', 'a').write('{title} ')"
WANTS_A_FILE = "open('there')"
SLEEPS = "import time, os\nos.path.exists('there') or time.sleep(1000)"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    folder = tmp_path / "book"
    folder.mkdir()
    (folder / "conf.py").write_text(CONF)
    (folder / "index.md").write_text(small_book.index(["good", "bad"]))
    return folder


def write(book: Path, title: str, code: str) -> None:
    cell = f"{LOG.format(log=book.parent / 'log', title=title)}\n{code}"
    (book / f"{title}.md").write_text(small_book.page(title, cell))


def build(book: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = os.environ | environment
    return small_book.build(book, book.parent / "html", "--keep-going", cwd=book.parent, environment=variables)


@pytest.mark.parametrize(
    ("code", "says", "limit"),
    [
        (
            WANTS_A_FILE,
            "bad stopped with CellExecutionError; the others are built, and `make book` runs it again",
            "60",
        ),
        (
            SLEEPS,
            "bad stopped with CellTimeoutError; the others are built, and `COURSE_CELL_SECONDS=1800 make book`",
            "2",
        ),
    ],
)
def test_the_others_stand_and_it_alone_is_run_again(book: Path, code: str, says: str, limit: str) -> None:
    write(book, "good", "1")
    write(book, "bad", code)
    first = build(book, COURSE_CELL_SECONDS=limit)
    assert first.returncode == 1
    assert says in " ".join(first.stderr.split())
    for name in ("good.html", "bad.html", "search.html", "searchindex.js"):
        assert (book.parent / "html" / name).is_file()
    (book / "there").touch()
    second = build(book)
    assert second.returncode == 0, second.stderr
    assert "stopped" not in second.stderr
    assert (book.parent / "log").read_text().split().count("good") == 1


def test_pages_run_side_by_side(book: Path) -> None:
    """Each waits for the other to be there, so that one after the other none would come to its end."""
    for title, other in (("good", "bad"), ("bad", "good")):
        waits = f"import pathlib, time\npathlib.Path('{title}-is-here').touch()\n"
        write(book, title, f"{waits}while not pathlib.Path('{other}-is-here').exists(): time.sleep(0.1)")
    run = build(book, COURSE_CELL_SECONDS="300")
    assert run.returncode == 0, run.stderr
    assert sorted((book.parent / "log").read_text().split()) == ["bad", "good"]
