"""Where a section of the book is, seen from a student's notebook."""

import os
import re
from pathlib import Path

BUILT = Path("_build/html")

published = ""
"""The address of the published book, where the notebook that is open names one."""


def page_path(page: str) -> str:
    """Return the path of a page inside the rendered book."""
    return f"{page}.html" if page.startswith("exercises/") else f"book/{page}.html"


def page_url(section: str, elsewhere: str = "") -> str | None:
    """Return a link to a section: in the book that COURSE_BOOK names, else in one built nearby, else in the published.

    COURSE_BOOK is an environment variable with the address of a book. A book counts as nearby when it was built in a
    folder above the working directory, as in a clone of the course.

    Args:
        section: a page, as in `dropout/moments`, or one of its sections by title, as in `dropout/moments#Why it works`.
        elsewhere: the address of the published book, by default the one that the open notebook names.

    Returns:
        The link, or None where there is no book at all.
    """
    page, _, heading = section.partition("#")
    anchor = f"#{_anchor(heading)}" if heading else ""
    if named := os.environ.get("COURSE_BOOK"):
        return f"{named.rstrip('/')}/{page_path(page)}{anchor}"
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / BUILT / page_path(page)).is_file():
            link = Path(os.path.relpath(folder / BUILT / page_path(page), here)).as_posix()
            return f"{link}{anchor}"
    far = elsewhere or published
    return f"{far.rstrip('/')}/{page_path(page)}{anchor}" if far else None


def _anchor(heading: str) -> str:
    """Return the anchor that Sphinx gives a heading: its letters and digits, with hyphens for what is between."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def title(section: str) -> str:
    """Return what a section is called: its page, and its title in quotation marks."""
    page, _, heading = section.partition("#")
    return f"{page}, “{heading}”" if heading else page


def in_the_book(section: str) -> str:
    """Return what a section is called where there is no book to link to, so that it can be looked up in one."""
    return f"{title(section)}, in the book of the course"
