"""Where a page of the book is, seen from a student's notebook."""

import os
from pathlib import Path

BUILT = Path("_build/html")


def page_path(page: str) -> str:
    """Return the path of a page inside the rendered book."""
    return f"{page}.html" if page.startswith("exercises/") else f"book/{page}.html"


def page_url(page: str) -> str | None:
    """Return a link to a page: in the book that COURSE_BOOK names, else in one built nearby, else None.

    COURSE_BOOK is an environment variable with the address of the published book. A book counts as nearby when it was
    built in a folder above the working directory, as in a clone of the course.
    """
    published = os.environ.get("COURSE_BOOK")
    if published:
        return f"{published.rstrip('/')}/{page_path(page)}"
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / BUILT / page_path(page)).is_file():
            return Path(os.path.relpath(folder / BUILT / page_path(page), here)).as_posix()
    return None
