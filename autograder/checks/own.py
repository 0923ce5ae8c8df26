"""Assignments of a course's own: a file each in its folder `checks/`, which declares one exercise or more."""

import linecache
import sys
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from autograder.checks.exercise import Exercise

FOLDER = "checks"
SETTINGS = "course.toml"
"""What marks the folder of a course."""

DECLARES = "autograder.checks"
"""What a file mentions that declares exercises; any other file in the folder is none of ours."""


class Undeclared(Exception):
    """A file of a course declares nothing that can be used; the message says why, and where."""


def read(course: Path) -> dict[str, str]:
    """Return the sources of the assignments that the folder of a course declares, by name.

    Raises:
        Undeclared: a file cannot be read, or its name is no name.
    """
    found = {}
    for path in sorted((course / FOLDER).glob("*.py")):
        try:
            source = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise Undeclared(f"{FOLDER}/{path.name} cannot be read ({error}): save it as UTF-8") from None
        if DECLARES not in source:
            continue
        if not path.stem.isidentifier():
            raise Undeclared(f"{FOLDER}/{path.name} is no name of an assignment: use letters, digits and underscores")
        found[path.stem] = source
    return found


def nearest(start: Path) -> Path | None:
    """Return the folder of the course that a folder lies in, None where it lies in none."""
    return next((folder for folder in (start, *start.parents) if (folder / SETTINGS).is_file()), None)


@lru_cache(maxsize=64)
def declare(name: str, source: str) -> tuple[Exercise, ...]:
    """Run the source of an assignment and return its exercises, in the order in which they stand there.

    It is run as text, so that workers on other machines need no file.

    Raises:
        Undeclared: it does not run, or declares no exercise with a requirement.
    """
    # A name for each text, so that one that has changed since is never taken for the other.
    shown, digest = f"{FOLDER}/{name}.py", sha256(source.encode()).hexdigest()[:16]
    path = f"{FOLDER}/{digest}/{name}.py"
    linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
    module = ModuleType(f"{FOLDER}_{name}_{digest}", None)
    module.__file__, module.__package__ = path, f"{FOLDER}.{name}"
    sys.modules[module.__name__] = module
    try:
        exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102 - what whoever runs the course has written
    except Exception as error:
        raise Undeclared(f"{shown} cannot be used ({type(error).__name__}: {error}{_line(error, path)})") from None
    found = [value for value in vars(module).values() if isinstance(value, Exercise) and value.assignment == name]
    exercises = tuple(dict.fromkeys(found))
    if lack := _lack(exercises):
        raise Undeclared(f"{shown} cannot be used ({lack}): see the guide How to write an exercise")
    return exercises


def _lack(exercises: tuple[Exercise, ...]) -> str:
    """Return what is missing before anybody can be asked, or an empty string."""
    names = [exercise.name for exercise in exercises]
    if not exercises:
        return "it declares no Exercise"
    if twice := next((name for name in names if names.count(name) > 1), None):
        return f"{twice} is declared twice"
    empty = next((exercise.name for exercise in exercises if not exercise.points), None)
    return f"no requirement of {empty} has points" if empty else ""


def _line(error: Exception, path: str) -> str:
    """Return where in the file an error arose, the deepest place first."""
    if isinstance(error, SyntaxError):
        return ""  # which says so itself
    lines, trace = [], error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    return f", line {lines[-1]}" if lines else ""
