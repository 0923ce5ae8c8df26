"""What to install where a module is missing: the extra that brings it, from where this package came."""

import json
import re
import shutil
import sys
import tomllib
from importlib import metadata
from pathlib import Path

PROJECT = "dropout-course"
TARGETS = {"check": "student", "grade": "grader", "frameworks": "student FRAMEWORKS=1", "book": "book", "dev": "dev"}
"""The extras, the smallest first, and the target of `make` that installs each in a clone."""


def advice(module: str) -> str:
    """Return how to install what brings a module, in a few words.

    Pip records where a package came from, as PEP 610 says, so that no address has to be configured and no index is
    asked for a project that somebody else may have put there.
    """
    top = module.partition(".")[0]
    others = {name for name in metadata.packages_distributions().get("autograder", ()) if name != PROJECT}
    if top == "autograder" and others:
        names = " ".join(sorted(others))
        return f"another project has a package of this name: pip uninstall {names}, then install the course again"
    extra = next((extra for extra in TARGETS if top.lower() in projects(extra)), None)
    if extra is None:
        return f"it is part of no installation of {PROJECT}"
    if clone := cloned():
        return f"run `{_in_a_clone(extra)}` in {clone}"
    return f'pip install "{PROJECT}[{extra}]{address()}"'


def _in_a_clone(extra: str) -> str:
    """Return the command that brings an extra to a clone; on Windows there is seldom a make."""
    if shutil.which("make"):
        return f"make {TARGETS[extra]}"
    extras = extra if extra == "student" else f"student,{extra}"
    return f'{sys.executable} -m pip install --constraint requirements.txt --editable ".[{extras}]"'


def projects(extra: str) -> set[str]:
    """Return the projects that an extra asks for; their modules are called the same but for capitals."""
    try:
        lines = metadata.requires(PROJECT) or []
    except metadata.PackageNotFoundError:  # a clone that is used as it lies there
        declared = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        lines = [f"{line} extra == '{extra}'" for line in declared["optional-dependencies"][extra]]
    asked = [re.match(rf"([\w.-]+).*extra == ['\"]{extra}['\"]", line) for line in lines]
    return {match[1].lower() for match in asked if match}


def cloned() -> Path | None:
    """Return the folder of the clone that this package runs in."""
    folder = Path(__file__).resolve().parents[1]
    return folder if (folder / "Makefile").is_file() else None


def address() -> str:
    """Return where to install this package from again, as it stands behind its name."""
    recorded = metadata.distribution(PROJECT).read_text("direct_url.json")
    if recorded is None:
        return ""
    origin = json.loads(recorded)
    control = f"{origin['vcs_info']['vcs']}+" if "vcs_info" in origin else ""
    return f" @ {control}{origin['url']}"
