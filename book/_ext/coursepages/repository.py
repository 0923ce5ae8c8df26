"""Adds the links that need a public repository: edit this page, open it in Binder, open an exercise in Colab.

The repository is the one that a GitHub workflow builds the book from; a book built anywhere else has no such links.
"""

import os
from collections.abc import Mapping

from sphinx.application import Sphinx
from sphinx.config import Config

LAUNCH = {
    "binderhub_url": "https://mybinder.org",
    "colab_url": "https://colab.research.google.com",
    "notebook_interface": "jupyterlab",
}


def setup(app: Sphinx) -> None:
    """Set the theme's options before the theme reads them, and sort its buttons when it has made them."""
    app.connect("config-inited", add_repository)
    app.connect("html-page-context", drop_useless_buttons, priority=900)


def add_repository(app: Sphinx, config: Config) -> None:
    """Turn the theme's own links on."""
    config.html_theme_options |= theme_options(os.environ)


def theme_options(environment: Mapping[str, str]) -> dict[str, object]:
    """Return the theme's options for the repository of a GitHub workflow, and none outside of one."""
    if "GITHUB_REPOSITORY" not in environment:
        return {}
    return {
        "repository_url": f"{environment['GITHUB_SERVER_URL']}/{environment['GITHUB_REPOSITORY']}",
        "repository_provider": "github",
        "repository_branch": environment["GITHUB_REF_NAME"],
        "use_edit_page_button": True,
        "launch_buttons": LAUNCH,
    }


def drop_useless_buttons(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    """Leave out Colab, which reads no Markdown, on chapters, and the editor on exercises, which are generated."""
    exercise = context.get("page_source_suffix") == ".ipynb"
    useless = "source-edit-button" if exercise else "Colab"
    context["header_buttons"] = [button for button in context["header_buttons"] if button["label"] != useless]
    for group in (button for button in context["header_buttons"] if button["type"] == "group"):
        group["buttons"] = [link for link in group["buttons"] if link["text"] != useless]
