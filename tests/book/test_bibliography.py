"""Every work that a page cites is in the bibliography, and every work in the bibliography can be found."""

import re
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[2] / "book"
ENTRIES = dict(
    re.findall(r"^@\w+\{(\w+),\n(.*?)^\}", (BOOK / "references.bib").read_text("utf-8"), re.DOTALL | re.MULTILINE)
)
DOI = re.compile(r"10\.\d{4,}/\S+")
UNREGISTERED = "10.5555/"  # ACM's numbers for works without a DOI; doi.org does not know them


def cited() -> set[str]:
    """Return the keys that pages cite, without those inside a code span, which explain how to cite."""
    keys: set[str] = set()
    for page in BOOK.rglob("*.md"):
        text = re.sub(r"``.*?``(?!`)", "", page.read_text("utf-8"), flags=re.DOTALL)
        for group in re.findall(r"\{cite:\w+\}`([^`]+)`", text):
            keys |= {key.strip() for key in group.split(",")}
    return keys


def test_every_work_that_is_cited_is_in_the_bibliography() -> None:
    assert len(cited()) > 20
    assert not cited() - ENTRIES.keys()


@pytest.mark.parametrize("key", ENTRIES)
def test_an_entry_can_be_found(key: str) -> None:
    fields = dict(re.findall(r"^  (\w+) = \{(.*)\},?$", ENTRIES[key], re.MULTILINE))
    assert {"author", "title", "year"} <= fields.keys()
    if doi := fields.get("doi"):
        assert DOI.fullmatch(doi)
        assert not doi.startswith(UNREGISTERED)
    else:
        assert fields["url"].startswith("https://")
