"""List the claims of all pages with their margins, the narrowest first, and the sentences that rest on none."""

import argparse
import math
from pathlib import Path
from typing import Any

from jupyter_cache import get_cache
from rich.console import Console
from rich.table import Table

from coursebook.sentences import comparing, read, unclaimed

BOOK = Path(__file__).parents[1]
UNITS = {"se": "standard errors", "×": "factors", "": "true or not"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m coursebook.ledger", description=__doc__)
    parser.add_argument("build", nargs="?", type=Path, default=BOOK.parent / "_build", help="default: %(default)s")
    records = recorded(parser.parse_args().build)
    console = Console()
    claims = [claim | {"page": page} for page, record in records.items() for claim in record["claims"]]
    for unit, title in UNITS.items():
        console.print(listing([claim for claim in claims if claim["unit"] == unit], title))
    for page, record in records.items():
        console.print(f"{page}: {len(record['claims'])} claims on {'; '.join(record['data'])}", soft_wrap=True)
    pages = {path.relative_to(BOOK).with_suffix(""): read(path) for path in sorted(BOOK.rglob("*.md"))}
    missing = [(name, sentence) for name, page in pages.items() for sentence in unclaimed(page)]
    for name, sentence in missing:
        console.print(f"without a claim, {name}: {sentence}", markup=False, highlight=False, soft_wrap=True)
    compared = sum(len(comparing(page)) for page in pages.values())
    summary = f"{compared} sentences that compare, {len(claims)} claims, {len(missing)} sentences without a claim"
    console.print(summary, soft_wrap=True)


def recorded(build: Path) -> dict[str, dict[str, Any]]:
    """Return what the footer of each page recorded in its last run: its claims, and labels of its data."""
    cache = get_cache(build / ".jupyter_cache")
    records = sorted(cache.list_cache_records(), key=lambda record: record.created)
    last = {path: record.pk for record in records if (path := Path(record.uri)).is_file() and path.is_relative_to(BOOK)}
    return {
        path.relative_to(BOOK).with_suffix("").as_posix(): output["metadata"]["coursebook"]
        for path, number in sorted(last.items())
        for cell in cache.get_cache_bundle(number).nb.cells
        for output in cell.get("outputs", [])
        if "coursebook" in output.get("metadata", {})
    }


def listing(claims: list[dict[str, Any]], title: str) -> Table:
    """Return a table of claims of one unit, the one with the narrowest margin first."""
    table = Table("margin", "page", "sentence", "numbers", title=title, title_justify="left")
    for claim in sorted(claims, key=lambda claim: math.inf if claim["margin"] is None else claim["margin"]):
        margin = "" if claim["margin"] is None else f"{claim['margin']:.1f}"
        table.add_row(margin, claim["page"], claim["words"], claim["numbers"])
    return table


if __name__ == "__main__":
    main()
