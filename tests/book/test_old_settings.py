"""Experiments set back to how they once stood stop their page, with the sentence that is not true any more.

Then pages were read on scikit-learn's digits, which are too easy for what they teach, and compared networks that were
hardly trained.
"""

from pathlib import Path

import pytest
from nbclient.exceptions import CellExecutionError

from tests.book.cells import run

BOOK = Path(__file__).parents[2] / "book"
SETUP = "data = images()"
DIGITS = f"from coursebook import classifier, digits\n\nclassifier.fashion_mnist = digits\n{SETUP}"
OLD = {
    "pytorch/scratch-and-concise": (
        ("def trained(kind, epochs=40)", "def trained(kind, epochs=20)"),
        "with the randn mask it is higher in eval mode.",
    ),
    "pytorch/weight-decay": (
        ("def trained(rate, decay, epochs=40)", "def trained(rate, decay, epochs=12)"),
        "The largest loss is that of the networks without dropout and decay; ",
    ),
    "dropout/ensemble": (
        ("def trained(rates, epochs=40)", "def trained(rates, epochs=15)"),
        "For 0.9 and 0.1 it ends above weight scaling.",
    ),
}


@pytest.mark.experiments
@pytest.mark.parametrize("name", OLD)
def test_the_old_setting_stops_the_page_with_its_sentence(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    epochs, sentence = OLD[name]
    source = (BOOK / f"{name}.md").read_text("utf-8")
    for today, before in ((SETUP, DIGITS), epochs):
        assert source.count(today) == 1
        source = source.replace(today, before)
    path = tmp_path / "page.md"
    path.write_text(source, encoding="utf-8")
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with pytest.raises(CellExecutionError) as failure:
        run(path)
    assert failure.value.ename == "AssertionError"
    assert failure.value.evalue.startswith(f"“{sentence}” does not hold")
