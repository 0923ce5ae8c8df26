"""Self-contained HTML pages: one style, light and dark, no script and no other file."""

import os
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autograder.checks.book import in_the_book, page_url, title
from autograder.checks.notebook import with_code
from autograder.grading.course import Course
from autograder.grading.output import counted, number
from autograder.grading.scores import label
from autograder.grading.verdicts import write_text

MEANINGS = {
    "graded": "answered every question",
    "error": "some code raised an error",
    "timeout": "some code ran for too long and was stopped",
    "memory": "some code used too much memory and was stopped",
    "died": "the Python process ended before every question was answered",
    "missing": "no notebook was handed in",
    "invalid": "the file that was handed in could not be graded",
}
"""What each status says to a person."""


def write_page(path: Path, template: str, **values: Any) -> None:
    """Render a template into a file. Links into the book are relative to it, or absolute to a published one."""
    folder = str(path.parent)
    write_text(path, _environment().get_template(template).render(link=lambda page: _link(page, folder), **values))


def code(text: str) -> Markup:
    """Set what stands in backticks as code."""
    return Markup(with_code(text))  # noqa: S704 escaped there


def duration(time: timedelta) -> str:
    """Return a time in its two largest units: 53 seconds, 2 days and 3 hours."""
    left = round(time.total_seconds())
    parts = []
    for unit, seconds in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count} {unit}{'s' * (count != 1)}")
    return " and ".join(parts[:2]) or "0 seconds"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("autograder.grading"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "counted": counted, "code": code, "duration": duration, "label": label}
    environment.filters |= {"section": title, "in_the_book": in_the_book}
    environment.globals["meanings"] = MEANINGS
    return environment


@cache
def _published(here: Path) -> str:
    return Course.here(here).book


@cache
def _link(page: str, folder: str) -> str | None:
    url = page_url(page, _published(Path.cwd()))
    return url if url is None or "://" in url else Path(os.path.relpath(url, folder)).as_posix()
