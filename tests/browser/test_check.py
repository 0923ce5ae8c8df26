"""The table of `check`, as a notebook shows it."""

import pytest
from playwright.sync_api import Browser

from autograder.checks import catalogue
from autograder.checks.ask import LocalTransport
from autograder.checks.judge import judge
from autograder.checks.notebook import CheckResult

JUPYTERLAB = "table { table-layout: fixed }"
"""What JupyterLab says of every table in an output."""


@pytest.mark.parametrize("width", [1200, 390])
def test_marks_and_points_take_no_more_room_than_they_need(browser: Browser, width: int) -> None:
    def dropout_moments(mean, var, rate):
        return mean, var / (1 - rate)

    exercise = catalogue.find("dropout_moments")
    report = CheckResult(exercise, judge(exercise, LocalTransport(dropout_moments), 0))
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_content(report._repr_html_())
    page.add_style_tag(content=JUPYTERLAB)
    mark, text, points = page.eval_on_selector_all(
        "tbody tr:first-child td", "cells => cells.map(cell => cell.offsetWidth)"
    )
    page.close()
    assert max(mark, points) < 90 < text  # "0.5 / 0.5" and its padding take 86
