"""Every sentence that compares rests on a claim, and every claim says what its page says."""

import ast
import re
from pathlib import Path

import pytest
from coursebook.sentences import Page, compares, comparing, misquoted, read, typed, unclaimed

BOOK = Path(__file__).parents[2] / "book"
PAGES = sorted(path.relative_to(BOOK).with_suffix("").as_posix() for path in BOOK.rglob("*.md"))
CELL = re.compile(r"^```\{code-cell\} ipython3\n((?::[^\n]*\n)*)(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="session")
def pages() -> dict[str, Page]:
    return {name: read(BOOK / f"{name}.md") for name in PAGES}


@pytest.mark.parametrize("name", PAGES)
def test_every_sentence_that_compares_rests_on_a_claim(name: str, pages: dict[str, Page]) -> None:
    assert not unclaimed(pages[name])


@pytest.mark.parametrize("name", PAGES)
def test_claims_quote_their_page(name: str, pages: dict[str, Page]) -> None:
    assert not misquoted(pages[name])


@pytest.mark.parametrize("name", PAGES)
def test_numbers_in_captions_and_text_alternatives_are_computed(name: str, pages: dict[str, Page]) -> None:
    assert not typed(pages[name])


@pytest.mark.parametrize("name", PAGES)
def test_the_last_cell_records_the_claims(name: str, pages: dict[str, Page]) -> None:
    page = pages[name]
    assert not page.quotes or "footer(" in ast.unparse(page.cells[-1])


def test_a_claim_that_stands_elsewhere_stands_there(pages: dict[str, Page]) -> None:
    keys = {f"book/{name}#{quote.key}" for name, page in pages.items() for quote in page.quotes if quote.key}
    named = {excuse.place for page in pages.values() for excuse in page.excuses if excuse.place}
    assert not named - keys


def test_a_test_that_stands_for_a_claim_is_there(pages: dict[str, Page]) -> None:
    reasons = {excuse.reason for page in pages.values() for excuse in page.excuses}
    named = {path for reason in reasons for path in re.findall(r"\btests/\S+", reason)}
    assert named
    assert not [path for path in named if not (BOOK.parent / path).is_file()]


def test_a_key_names_one_claim_of_its_page(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        keys = [quote.key for quote in page.quotes if quote.key]
        assert len(keys) == len(set(keys)), name


@pytest.mark.parametrize("name", PAGES)
def test_what_is_measured_is_not_claimed_as_a_plain_truth(name: str, pages: dict[str, Page]) -> None:
    """An order of numbers has a margin, which `holds` does not know."""
    for cell in pages[name].cells:
        for call in ast.walk(cell):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "claims.holds":
                orders = [node for node in ast.walk(call) if isinstance(node, ast.Lt | ast.LtE | ast.Gt | ast.GtE)]
                assert not orders, ast.unparse(call)


@pytest.mark.parametrize("name", PAGES)
def test_no_cell_shows_the_words_of_a_claim_as_its_result(name: str) -> None:
    for options, code in CELL.findall((BOOK / f"{name}.md").read_text("utf-8")):
        *_, last = ast.parse(code).body
        shown = isinstance(last, ast.Expr) and ast.unparse(last).startswith("claims.")
        assert not shown or "remove-cell" in options, ast.unparse(last)


@pytest.mark.parametrize(
    "sentence",
    [
        "The loss of the wrong layer is higher in eval mode.",
        "With four layers the gap grows with depth.",
        "That costs accuracy, as the table shows.",
        "The rate hardly matters for this network.",
        "It never rises above the line.",
        "The accuracy falls because the scale is wrong.",
        "There is no difference between the two layers.",
        "The best pair is the second one.",
        "Weights shrink by a factor of ten.",
        "It commutes with the mask only for a ReLU.",
        "Both layers give the same; their outputs are equal.",
        "The loss is many times larger there.",
        "Points lie below the diagonal everywhere.",
        "Networks without dropout are too sure of themselves.",
    ],
)
def test_sentences_that_compare_are_found(sentence: str) -> None:
    assert compares(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Which of the two is larger, and why?",
        "The authors find that dropout helps more in large networks [citation].",
        "Deeper networks",
        "A mask is drawn for every row of the batch.",
        "It raises ValueError when shapes differ.",
        'The answer says "it is always better" and gives no number.',
        "Whether dropout helps here depends on the data, see the next page.",
        "Once more, with feeling for the details.",
        "They fall back on embedded data where there is no network.",
    ],
)
def test_sentences_that_do_not_compare_are_left_alone(sentence: str) -> None:
    assert not compares(sentence)


PAGE = """
# A page

% no claim, a definition: The larger rate

The larger rate is called the first. The loss *falls* from {glue}`a` to {glue}`b` with
the `rate`. It never rises.

| one | two |
|---|---|
| the loss is smaller | another cell |

:::{dropdown} An answer
Inside, the error grows.
:::

```{code-cell} ipython3
:tags: [remove-cell]
claims.larger("falls from … to … with the rate", a - b, key="falls")
show(fig, alt=claims.larger(f"It is {a:.2f}, which is higher.", a, b),
     caption="It is lower than 0.75 at 0.5." + f" The {n} seeds are closer.")
x = 0.5
```
"""


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return written(tmp_path, PAGE)


def written(folder: Path, source: str) -> Page:
    path = folder / "page.md"
    path.write_text(source, encoding="utf-8")
    return read(path)


def test_what_compares_is_looked_for_in_prose_tables_captions_and_directives(page: Page) -> None:
    assert unclaimed(page) == [
        "It never rises.",
        "the loss is smaller",
        "Inside, the error grows.",
        "It is lower than 0.75 at 0.5.",
        "The … seeds are closer.",
    ]
    assert len(comparing(page)) == 8


def test_a_sentence_that_cites_is_no_claim_of_ours(tmp_path: Path) -> None:
    assert not comparing(written(tmp_path, "The loss is higher without it {cite:p}`somebody2014`.\n"))


def test_a_number_that_neither_the_caption_computes_nor_the_code_sets_is_found(page: Page) -> None:
    assert typed(page) == ["0.75"]


def test_words_of_a_claim_are_found_through_glue_and_marks(page: Page) -> None:
    assert not misquoted(page)
    assert page.quotes[0].key == "falls"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("falls from … to … with", "rises from … to … with"),  # drifted apart
        ("It never rises.", "The loss falls from 1 to 2 with the rate."),  # said twice
        (": The larger rate\n", ": The smaller rate\n"),
    ],
)
def test_words_that_the_page_does_not_say_once_are_found(tmp_path: Path, old: str, new: str) -> None:
    assert len(misquoted(written(tmp_path, PAGE.replace(old, new)))) == 1


def test_words_of_a_claim_stand_where_it_stands(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="written where it stands: words"):
        written(tmp_path, PAGE.replace('"falls from … to … with the rate"', "words"))
