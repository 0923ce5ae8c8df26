"""A question in the words of somebody who asks it leads to the page that answers it, on the search page itself."""

from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import PAGES

PLACES = 3  # among the first of the results
# What somebody types: the page that answers it.
QUESTIONS = {
    "validation loss lower than training loss": "book/pytorch/train-and-eval",
    "why is my val loss lower than the train loss?": "book/pytorch/train-and-eval",
    "MC dropout": "book/montecarlo/sampling",
    "MC dropout keras predict": "book/montecarlo/sampling",
    "variance shift": "book/normalization/dropout-and-batchnorm",
    "convert keras weights to pytorch": "book/normalization/conventions",
    "batch norm eval mode much worse than train": "book/normalization/training",
    "batchnorm eval loss high": "book/normalization/training",
    "why use batch normalization": "book/normalization/why",
    "internal covariate shift": "book/normalization/why",
    "batch norm before or after activation": "book/wild/what-to-do",
    "dropout in a transformer": "book/wild/what-to-do",
    "keras fit training loss vs evaluate": "book/wild/eval-worse",
    "eval worse than train": "book/wild/eval-worse",
    "scaled_dot_product_attention dropout_p eval": "book/wild/eval-cannot-reach",
    "freeze batch norm when fine-tuning": "book/wild/freezing",
    "gradient accumulation batch norm": "book/wild/batches",
    "SyncBatchNorm multi gpu": "book/wild/batches",
    "gradient checkpointing running mean": "book/wild/batches",
    "batch norm mixed precision": "book/wild/batches",
    "LSTM dropout num_layers=1": "book/wild/eval-cannot-reach",
    "convert keras weights pytorch": "book/normalization/conventions",
    "dropout before or after BN": "book/normalization/dropout-and-batchnorm",
    "model gives different predictions each time": "book/pytorch/train-and-eval",
    "difference layer norm batch norm": "book/normalization/layernorm",
    "should I scale by p or 1-p": "book/dropout/masks-and-scaling",
    "calibration of uncertainty": "book/montecarlo/uncertainty",
    "keep_prob or drop rate": "book/notation",
    "gaussian dropout": "book/dropout/noise",
    "fold batchnorm into dense layer": "book/normalization/inference",
    "how does weight decay interact with dropout": "book/pytorch/weight-decay",
    "how do I get a grade for my notebook": "book/guides/students",
}


def found(tab: Page) -> list[str]:
    """Return the pages that the results lead to, the best first."""
    links = tab.locator("ol.found > li > a:first-child")
    links.first.wait_for()
    return [link.get_attribute("href").removesuffix(".html") for link in links.all()]


@pytest.fixture(scope="module")
def searched(site: str, contexts: Callable[..., BrowserContext]) -> Iterator[Page]:
    """The search page, in which one question is typed after the other."""
    with contexts("light").new_page() as tab:
        tab.goto(f"{site}/search.html")
        yield tab


@pytest.mark.xdist_group("questions")
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_leads_to_its_page(searched: Page, question: str) -> None:
    searched.locator("article input[name=q], main input[name=q]").last.fill(question)
    searched.keyboard.press("Enter")
    searched.wait_for_url(f"**/search.html?{urlencode({'q': question})}*")
    assert QUESTIONS[question] in found(searched)[:PLACES]


def test_results_are_prose_and_headings(open_page: Callable[..., Page]) -> None:
    """Neither code nor a formula three times over, as text, as MathML and as TeX."""
    tab = open_page("search")
    for word in ("import", "frac", "numpy"):
        tab.goto(f"{tab.url.partition('?')[0]}?q={word}")
        text = tab.locator("#search-results").inner_text()
        assert "import numpy" not in text
        assert "\\" not in text


def test_what_is_not_there_is_said(open_page: Callable[..., Page]) -> None:
    tab = open_page("search")
    tab.goto(f"{tab.url}?q=xylophone")
    assert tab.locator("#search-results [role=status]").inner_text() == "No page for “xylophone”"


def test_a_result_leads_to_the_place_on_the_page(open_page: Callable[..., Page]) -> None:
    tab = open_page("search")
    tab.goto(f"{tab.url}?q=dividing by the rate")
    tab.locator("ol.found a[href*='masks-and-scaling.html#']").first.click()
    tab.wait_for_url("**/masks-and-scaling.html#*")
    assert tab.locator(":target").count() == 1


def test_the_magnifier_leaves_the_query_free(open_page: Callable[..., Page]) -> None:
    tab = open_page("search")
    field = tab.locator("form.bd-search:visible input")
    icon = tab.locator("form.bd-search:visible i").bounding_box()
    box = field.bounding_box()
    padding = float(field.evaluate("field => parseFloat(getComputedStyle(field).paddingLeft)"))
    assert box
    assert icon
    assert icon["x"] + icon["width"] <= box["x"] + padding


def test_every_answer_is_in_the_book() -> None:
    assert set(QUESTIONS.values()) <= set(PAGES)
