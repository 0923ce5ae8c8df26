"""Pages run ahead, several at a time: MyST-NB runs them one after the other, and then finds these in its cache.

What stops here is not kept: MyST-NB runs it once more, and says what is wrong with it.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from myst_nb.core.read import create_nb_reader
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

logger = logging.getLogger(__name__)

MOST = 4  # pages at a time, whatever the cores: each takes up to 1 GB


def setup(app: Sphinx) -> None:
    app.connect("env-before-read-docs", run_ahead)


def run_ahead(app: Sphinx, env: BuildEnvironment, pages: list[str]) -> None:
    """Run the pages that are to be read and that the cache does not have."""
    config = env.mystnb_config
    if config.execution_mode != "cache":
        return
    cache = get_cache(config.execution_cache_path or ".jupyter_cache")
    waiting = {page: notebook for page in pages if (notebook := read(env, page)) and not known(cache, notebook)}

    def run(page: str) -> ExecutionResult:
        folder = Path(env.doc2path(page)).parent
        return single_nb_execution(waiting[page], cwd=str(folder), timeout=config.execution_timeout, allow_errors=False)

    with ThreadPoolExecutor(min(MOST, os.cpu_count() or 1)) as pool:
        for page, result in zip(waiting, pool.map(run, waiting), strict=True):
            logger.info("%s: %s in %.0f s", page, "stopped" if result.err else "run", result.time)
            if result.err is None:
                data = {"execution_seconds": result.time}
                bundle = CacheBundleIn(result.nb, env.doc2path(page), data=data)
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def read(env: BuildEnvironment, page: str) -> NotebookNode | None:
    """Return a page as MyST-NB will read it, None when it is no notebook or one of those that are not run."""
    path = Path(env.doc2path(page))
    if any(path.match(pattern) for pattern in env.mystnb_config.execution_excludepatterns):
        return None
    text = path.read_text(encoding="utf-8")
    reader = create_nb_reader(str(path), env.myst_config, env.mystnb_config, text)
    return reader.read(text) if reader else None


def known(cache: object, notebook: NotebookNode) -> bool:
    try:
        cache.match_cache_notebook(notebook)
    except KeyError:
        return False
    return True
