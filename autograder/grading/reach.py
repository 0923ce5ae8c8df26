"""Before a class is graded: whether something keeps submissions in, and nothing worth stealing lies in their reach."""

import logging
from collections.abc import Mapping
from pathlib import Path

import autograder
from autograder.grading.errors import CourseError
from autograder.kernels.doctor import UnavailableLevel, best
from autograder.kernels.start import site_packages
from autograder.kernels.view import submissions_view

PACKAGE = Path(autograder.__file__).resolve().parent


def require_level(isolation: str) -> None:
    """Raise CourseError, which says what is missing, when this machine does not give the level."""
    try:
        best(isolation)
    except UnavailableLevel as lack:
        raise CourseError(f"{lack}: see `autograder doctor`") from None


def require_hidden(kept: Mapping[str, Path | None]) -> None:
    """Raise CourseError, which names it, when one of these paths can be read by a submission; None lies nowhere."""
    view = submissions_view(site_packages())
    for what, path in kept.items():
        if path is not None and (shown := view.beneath(path)) is not None:
            raise CourseError(
                f"{what} {path} lies beneath {shown}, which Python needs and every submission can read: "
                "move it elsewhere, or make the environment in another folder"
            )


def checkout() -> Path:
    """Return the folder of this course where it is a clone, else that of the installed package."""
    clone = PACKAGE.parent
    return clone if (clone / "pyproject.toml").is_file() else PACKAGE


def exchange() -> Path:
    """Return the folder through which nbgrader takes notebooks in, as it is configured here."""
    from nbgrader.apps import NbGrader
    from nbgrader.exchange.default import Exchange

    app = NbGrader(log_level=logging.CRITICAL)
    app.load_config_file()
    return Path(app.config.Exchange.get("root", Exchange.root.default_value))
