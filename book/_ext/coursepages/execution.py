"""Pages that stop: the rest of the book is built all the same, each is named, and the next build runs it again.

COURSE_CELL_SECONDS is an environment variable for slow machines: how long a cell may take, in place of _config.yml's.
"""

import os
from collections.abc import Collection

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

SECONDS = "COURSE_CELL_SECONDS"

logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> None:
    # Behind myst-nb's own listener. As a setting of Sphinx, another limit would have every page read again.
    app.connect("builder-inited", set_limit, priority=900)
    app.connect("env-get-outdated", stopped_before)
    app.connect("build-finished", name_stopped)


def set_limit(app: Sphinx) -> None:
    if seconds := os.environ.get(SECONDS):
        app.env.mystnb_config = app.env.mystnb_config.copy(execution_timeout=int(seconds))


def stopped(env: BuildEnvironment) -> dict[str, str]:
    """Return what stopped each page that did not come to its end."""
    runs = {page: data.get("exec_data") for page, data in getattr(env, "nb_metadata", {}).items()}
    return {page: run["error"] for page, run in runs.items() if run and not run["succeeded"] and page in env.found_docs}


def stopped_before(
    app: Sphinx, env: BuildEnvironment, added: Collection[str], changed: Collection[str], removed: Collection[str]
) -> list[str]:
    """Have the pages that stopped read again; Sphinx reads what has changed, and they have not."""
    return sorted(stopped(env).keys() - removed)


def name_stopped(app: Sphinx, exception: Exception | None) -> None:
    for page, error in sorted(stopped(app.env).items()):
        command = f"{SECONDS}=1800 make book" if error == "CellTimeoutError" else "make book"
        logger.error("%s stopped with %s; the others are built, and `%s` runs it again alone", page, error, command)
