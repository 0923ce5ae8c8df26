"""Whose a file is, by the path that a platform gave it: one expression for each platform, matched by nbgrader's plugin.

A path is that in the download, with zips as folders. What no platform names is told by the folder: `LOGIN/...` or
`LOGIN.zip`, or by the file: `LOGIN_dropout_numpy.ipynb`.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath

from autograder.grading.nbgrader_api import FileNameCollectorPlugin
from autograder.grading.roster import Roster

EXPRESSIONS = {
    "exchange": r"(?:.*/)?(?P<student_id>[^/+]+)\+[^/+]+\+(?P<timestamp>\d{4}-[^/+]+)[^/]*/(?P<file_id>[^/]+)$",
    "moodle": r"(?:.*/)?(?P<name>[^/_]+)_(?P<platform_id>\d+)_assignsubmission_[a-z]+_?/?(?P<file_id>.+)$",
    "canvas": r"(?:[^/]+/)?(?P<name>[^/_]+)_(?P<late>LATE_)?(?P<platform_id>\d+)_\d+_(?P<file_id>.+)$",
}
"""Paths of nbgrader's exchange, and of what Moodle and Canvas let an instructor download."""

WRAPPERS = {"submitted", "submissions"}
"""Folders around the students' own, where there is but one student to tell that."""

TRUSTED_TIMES = {"exchange", "nbgrader"}
"""Layouts that only nbgrader's own commands make: there, the time beside a notebook is theirs and not a student's."""

COPY = re.compile(r"(?:[ _-]*(?:\(\d+\)|copy\d*))+$", re.IGNORECASE)
"""What a browser or Jupyter puts behind the name of a second copy."""

AGAIN = re.compile(r"-\d+$")
"""What Canvas puts behind the name of a file that is handed in again."""

PREFIX = re.compile(r"^[^_]+_(?:LATE_)?\d+_\d+_|^[^_]+_\d+_assignsubmission_[a-z]+_")
"""What Canvas and Moodle put before the name of a file."""


@dataclass(frozen=True)
class Found:
    """What a path says: the platform, the student as it names one, and when it was handed in as far as it says so."""

    platform: str
    login: str = ""
    name: str = ""
    platform_id: str = ""
    time: str = ""
    late: bool = False


def find_owner(path: PurePosixPath, assignment: str, wrappers: int, roster: Roster) -> Found:
    """Tell whose a notebook is.

    Args:
        path: of the notebook, in the download.
        assignment: whose notebook it is.
        wrappers: how many folders all notebooks of the download lie in, which are nobody's.
        roster: the class.

    Returns:
        What the path says; without a login and a name where it says nothing.
    """
    for platform in EXPRESSIONS:
        said = _plugin(platform).collect(str(path))
        if said:
            return Found(
                platform,
                said.get("student_id", ""),
                said.get("name", ""),
                said.get("platform_id", ""),
                said.get("timestamp", ""),
                said.get("late") is not None,
            )
    return _by_folder(path, assignment, wrappers, roster)


def _by_folder(path: PurePosixPath, assignment: str, wrappers: int, roster: Roster) -> Found:
    folders = [re.sub(r"\.zip$", "", part, flags=re.IGNORECASE) for part in path.parts[:-1]]
    plain = [slug(folder) for folder in folders]
    if slug(assignment) in plain[1:]:
        return Found("nbgrader", folders[plain.index(slug(assignment), 1) - 1])
    for folder in folders:
        person = roster.find(folder) or roster.find(name=folder)
        login = person.login if person else _behind_a_prefix(folder, roster)
        if login:
            return Found("folder", login)
    own = [folder for folder in folders[wrappers:] if slug(folder) not in {slug(assignment), *WRAPPERS}]
    if own:
        return Found("folder", _without_slug(own[0], assignment))
    named = _without_slug(stem(path.name), assignment)
    # Several copies in one folder, each under the name of the assignment: the folder is whose they are.
    return Found("file", named) if named or not folders else Found("folder", folders[-1])


def _behind_a_prefix(folder: str, roster: Roster) -> str:
    """Return the login or the group that ends a folder's name, as in the repositories of GitHub Classroom."""
    ends = [folder[place + 1 :] for place, letter in enumerate(folder) if letter == "-"]
    people = (person.login for end in ends if (person := roster.find(end)))
    return next(people, "") or next((end for end in ends if roster.members(end)), "")


def _without_slug(name: str, assignment: str) -> str:
    """Return what is left of a name without that of the assignment: `ann` of `dropout-numpy-ann`."""
    words = "[ _-]".join(map(re.escape, re.split("[ _-]", assignment)))
    return re.sub(rf"^{words}[ _-]+|(?:^|[ _-]+){words}$", "", name, flags=re.IGNORECASE).strip(" _-")


def slug(name: str) -> str:
    """Return a name of a folder or a file as it is compared: in small letters, with one kind of dash."""
    return re.sub(r"[\s_-]+", "_", name.casefold())


def stem(name: str) -> str:
    """Return the name of a notebook without its extensions and without the mark of a copy."""
    return COPY.sub("", _bare(name))


def says(name: str, assignment: str) -> bool:
    """Tell whether a notebook has the name of an assignment, whatever its letters, its dashes and its copy."""
    return slug(assignment) in {slug(stem(name)), slug(AGAIN.sub("", stem(name)))}


def given_name(name: str) -> str:
    """Return the name that a student gave to a notebook, without what a platform has put before and behind it."""
    given = PREFIX.sub("", name)
    return given if given == name else AGAIN.sub("", given.removesuffix(".ipynb")) + ".ipynb"


def copy_number(name: str) -> int:
    """Return which copy a name says it is: 0 for one without a mark."""
    marks = "".join(mark.group() for mark in (COPY.search(_bare(name)), AGAIN.search(stem(name))) if mark)
    return max(map(int, re.findall(r"\d+", marks)), default=int(bool(marks)))


def _bare(name: str) -> str:
    return re.sub(r"\.ipynb(\.(txt|json))?$", "", name, flags=re.IGNORECASE)


def wrappers(paths: Sequence[PurePosixPath]) -> int:
    """Return how many folders all files lie in together, when more than one lies there."""
    folders = [path.parts[:-1] for path in paths]
    shared = 0
    while len(folders) > 1 and all(len(parts) > shared for parts in folders):
        if len({parts[shared] for parts in folders}) > 1:
            break
        shared += 1
    return shared


@cache
def _plugin(platform: str) -> FileNameCollectorPlugin:
    silent = logging.getLogger(f"{__name__}.{platform}")
    silent.disabled = True  # it would warn of every file of another platform
    # Which files are notebooks is told by what is in them.
    plugin = FileNameCollectorPlugin(named_regexp=EXPRESSIONS[platform], log=silent)
    plugin.valid_ext = [".ipynb", ".IPYNB", ".Ipynb", ".txt", ".json"]
    return plugin
