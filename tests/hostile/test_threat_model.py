"""The page on safety names tests that exist."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "book" / "guides" / "safety.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


def test_it_names_some() -> None:
    assert len(NAMED) > 10
    assert len(re.findall(r"`tests/", PAGE)) == len(NAMED)


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_test_that_is_named_exists(path: str, name: str) -> None:
    assert f"def {name}(" in (REPOSITORY / path).read_text("utf-8")
