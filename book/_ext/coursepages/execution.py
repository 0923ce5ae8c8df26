"""Limits the time of a cell by a setting, and says which pages have failed and how to run one of them alone."""

import os

from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

SETTING = "COURSE_CELL_SECONDS"
LOG = logging.getLogger(__name__)


def setup(app: Sphinx) -> None:
    """Read the setting, run again what has failed before, and report in the end."""
    app.connect("config-inited", set_limit)
    app.connect("env-get-outdated", failed_before)
    app.connect("build-finished", report)


def set_limit(app: Sphinx, config: Config) -> None:
    """Let the environment raise the limit of _config.yml, for a slow machine."""
    config.nb_execution_timeout = int(os.environ.get(SETTING, config.nb_execution_timeout))


def failed(env: BuildEnvironment) -> dict[str, str]:
    """Return the pages that were not executed to their end, each with the name of its error."""
    data = {page: NbMetadataCollector.get_exec_data(env, page) for page in sorted(env.found_docs)}
    return {page: result["error"] for page, result in data.items() if result and result["error"]}


def failed_before(app: Sphinx, env: BuildEnvironment, added: set, changed: set, removed: set) -> list[str]:
    """Return what failed in the build before: its text has not changed, but what it met may have."""
    return list(failed(env))


def report(app: Sphinx, exception: Exception | None) -> None:
    """Name every failed page in a line; the other pages, and the search, are as good as ever."""
    for page, error in failed(app.env).items():
        slow = f", on a slow machine behind {SETTING}={2 * app.config.nb_execution_timeout}" * ("Timeout" in error)
        LOG.error("%s failed with %s. Run it alone: python -m tests.browser.look %s%s", page, error, page, slow)
