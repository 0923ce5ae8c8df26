"""A claim passes where its numbers bear it, and stops the page with its words and the numbers where they do not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from coursebook import claims, ledger
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbclient import NotebookClient

RUNS = np.array([1.0, 2.0, 3.0, 2.0, 2.0])  # mean 2, standard error 0.3162
ERROR = RUNS.std(ddof=1) / np.sqrt(5)


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> list[claims.Claim]:
    """Start each test as a new page."""
    made: list[claims.Claim] = []
    monkeypatch.setattr(claims, "made", made)
    return made


TRUE: dict[str, tuple[Callable[[], str], float | None]] = {
    "larger": (lambda: claims.larger("it grows", RUNS), 2 / ERROR),
    "larger than others": (lambda: claims.larger("it grows", RUNS, RUNS - RUNS), 2 / ERROR),
    "larger, other seeds": (lambda: claims.larger("it grows", RUNS, -RUNS, paired=False), 4 / np.hypot(ERROR, ERROR)),
    "larger, in every column": (lambda: claims.larger("it grows", np.stack([9 * RUNS, RUNS], 1)), 2 / ERROR),
    "ranked": (lambda: claims.ranked("in this order", 3 * RUNS, 2 * RUNS, RUNS), 2 / ERROR),
    "alike": (lambda: claims.alike("hardly differs", RUNS, RUNS[::-1] * 0 + 2, within=1), 1 / ERROR),
    "alike, in every column": (lambda: claims.alike("like", np.stack([-RUNS, 2 + 0 * RUNS], 1), within=3), 1 / ERROR),
    "alike, negative": (lambda: claims.alike("hardly differs", -RUNS, within=3), 1 / ERROR),
    "converged": (lambda: claims.converged("long enough", RUNS - 2, 5 * RUNS), 10 / ERROR),
    "above": (lambda: claims.above("it is larger", [3.0, 4.0], [2.0, 2.0]), 1.5),
    "above, by a factor": (lambda: claims.above("many times larger", 30, 2, factor=10), 1.5),
    "above, negative": (lambda: claims.above("it is larger", -1, -2), 1.5),
    "above zero": (lambda: claims.above("it is positive", 1e-9, 0), None),
    "close": (lambda: claims.close("it is equal", [1.0, 1.001], 1.0, within=0.002), 2.0),
    "close, exactly": (lambda: claims.close("it is equal", 1.0, 1.0, within=1e-9), None),
    "holds": (lambda: claims.holds("two calls differ", condition=True), None),
}
FALSE: dict[str, Callable[[], str]] = {
    "larger": lambda: claims.larger("WORDS", RUNS, 2 - 1.9 * ERROR),
    "larger, the wrong way": lambda: claims.larger("WORDS", -RUNS),
    "larger, other seeds": lambda: claims.larger("WORDS", RUNS, RUNS - 0.8, paired=False),
    "larger, not a number": lambda: claims.larger("WORDS", RUNS * np.nan),
    "larger, but not in every column": lambda: claims.larger("WORDS", np.stack([RUNS, -RUNS], 1)),
    "larger, a column without numbers": lambda: claims.larger("WORDS", np.stack([RUNS, RUNS * np.nan], 1)),
    "alike, but not in every column": lambda: claims.alike("WORDS", np.stack([RUNS, 9 * RUNS], 1), within=5),
    "larger, no spread and no difference": lambda: claims.larger("WORDS", RUNS, RUNS),
    "ranked": lambda: claims.ranked("WORDS", 3 * RUNS, RUNS, RUNS),
    "alike": lambda: claims.alike("WORDS", RUNS, within=2 + 1.9 * ERROR),
    "alike, negative": lambda: claims.alike("WORDS", -RUNS, within=2 + 1.9 * ERROR),
    "converged": lambda: claims.converged("WORDS", RUNS, RUNS),
    "above": lambda: claims.above("WORDS", [3.0, 2.0], [2.0, 2.0]),
    "above, by a factor": lambda: claims.above("WORDS", 30, 2, factor=20),
    "above, negative": lambda: claims.above("WORDS", -2, -1),
    "above zero": lambda: claims.above("WORDS", 0, 0),
    "close": lambda: claims.close("WORDS", [1.0, 1.003], 1.0, within=0.002),
    "holds": lambda: claims.holds("WORDS", condition=False),
}


@pytest.mark.parametrize("name", TRUE)
def test_a_claim_that_holds_returns_its_words_and_is_recorded(name: str, made: list[claims.Claim]) -> None:
    claim, margin = TRUE[name]
    words = claim()
    assert [one.words for one in made] == [words]
    assert made[0].margin == (None if margin is None else pytest.approx(margin))


@pytest.mark.parametrize("name", FALSE)
def test_a_claim_that_does_not_hold_stops_with_its_words_and_is_not_recorded(
    name: str, made: list[claims.Claim]
) -> None:
    with pytest.raises(AssertionError, match="“WORDS” does not hold"):
        FALSE[name]()
    assert not made


def test_the_message_has_the_numbers() -> None:
    with pytest.raises(AssertionError, match=r"1\.58 se where 2 is needed; 0\.5 ± 0\.316 in 5 runs"):
        claims.larger("it grows", RUNS - 1.5)


@pytest.mark.parametrize(("count", "spelled", "needed"), [(2, "two", 5.42), (3, "three", 2.67), (4, "four", 2.19)])
def test_few_seeds_have_to_be_named_and_need_more(
    count: int, spelled: str, needed: float, made: list[claims.Claim]
) -> None:
    runs = np.linspace(-1, 1, count)
    runs /= runs.std(ddof=1) / np.sqrt(count)
    with pytest.raises(ValueError, match=f"rests on {count} seeds, and does not say so"):
        claims.larger("it grows", runs + 100)
    for words in (f"it grows in {spelled} runs", f"{count} seeds: it grows"):
        claims.larger(words, runs + needed + 0.01)
        assert made[-1].margin == pytest.approx(2, rel=0.01)
        with pytest.raises(AssertionError, match="2 is needed"):
            claims.larger(words, runs + needed - 0.01)


@pytest.mark.parametrize("runs", [3.0, [1.0], np.ones((1, 5))])
def test_a_measured_claim_wants_a_number_for_each_seed(runs: Any) -> None:
    with pytest.raises(ValueError, match="a number for each of several seeds"):
        claims.larger("it grows", runs)


PAGE = """
from coursebook import claims, footer
claims.above("far from failing", 9, 1, key="far")
claims.above("about to tip", 1.01, 1)
claims.holds("true or not", condition=True)
footer("random numbers")
"""


def test_the_footer_records_claims_and_the_ledger_lists_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The narrowest margin comes first, and a build says on which data it was made."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(PAGE), nbformat.v4.new_markdown_cell("")])
    NotebookClient(notebook, kernel_name="python3").execute()
    cache = get_cache(tmp_path / ".jupyter_cache")
    for cells in ([], notebook.cells):  # an earlier run of the page, and its last one
        page = nbformat.v4.new_notebook(cells=cells)
        cache.cache_notebook_bundle(CacheBundleIn(page, str(ledger.BOOK / "intro.md")), check_validity=False)
    monkeypatch.setattr("sys.argv", ["ledger", str(tmp_path)])
    ledger.main()
    out = capsys.readouterr().out
    assert out.index("about to tip") < out.index("far from failing")
    assert "intro: 3 claims on random numbers" in out
    assert "sentences that compare, 3 claims" in out
