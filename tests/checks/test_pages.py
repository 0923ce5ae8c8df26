"""Every exercise and every misconception sends its reader to a page that is in the book."""

from pathlib import Path

import pytest

from autograder.checks.book import page_path
from autograder.checks.catalogue import ASSIGNMENTS, exercises

CONTENTS = (Path(__file__).parents[2] / "_toc.yml").read_text().split()


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_pages_are_in_the_table_of_contents(assignment):
    for exercise in exercises(assignment):
        for page in (exercise.page, *(item.page for item in exercise.misconceptions)):
            assert page_path(page).removesuffix(".html") in CONTENTS, f"{exercise.name} sends its reader to {page}"
