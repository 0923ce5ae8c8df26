"""Which isolation levels and what bound on memory this machine gives, and why not a better one."""

import ctypes.util
import functools
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.kernels import bubblewrap, cgroup
from autograder.kernels.start import command, environment

TRIAL_SECONDS = 60.0


@dataclass(frozen=True)
class Availability:
    """An isolation level: whether there is one here, and what it means or lacks."""

    name: str
    available: bool
    reason: str


class UnavailableLevel(Exception):
    """The isolation level that was asked for is not to be had on this machine."""


MEANING = {
    "sandbox": "no network, no files but its work folder, no other processes, limits for all its processes together",
    "landlock": "no network, no files but its work folder, no signals to others; that a file exists can be seen",
    "process": "a fresh process with limits, but no sandbox: files, network and other processes stay in reach",
}
CONFINED = ("sandbox", "landlock")
"""The levels at which a submission sees nothing but what it is shown."""

BY_NAME = "ask for `--isolation process` by name: it reads and writes whatever your account can"
BOUND = {"memory": "memory", "processor": "cpu"}
"""What is bounded, and the controller that does it."""
KERNEL = {
    "memory": "bounded by the kernel too, with a cgroup (v{})",
    "processor": "shared by the kernel in equal parts among submissions, with a cgroup (v{})",
}
WATCHED = {
    "memory": (
        "watched only: no cgroup that bounds memory can be made here, so that the grader looks at it forty times a "
        "second, and of what the kernel itself keeps for a submission counts sockets, pipes and tables of pages only"
    ),
    "processor": (
        "watched only: no cgroup that shares processors can be made here, so that who wants more than one and a half "
        "for seconds waits behind all others"
    ),
}
ADVICE = {
    "sandbox": (
        "namespaces are not allowed here ({}); on Ubuntu 24.04, an AppArmor profile for bwrap or "
        "`sysctl kernel.apparmor_restrict_unprivileged_userns=0` allows them"
    ),
    "landlock": "Landlock is not to be had here ({}); Linux 6.2 and later have it, where it is switched on",
}


@functools.cache
def levels() -> list[Availability]:
    """Return every level, the best first; each is tried, once in the life of this process."""
    return [
        Availability(name, not lack, lack or meaning) for name, meaning in MEANING.items() for lack in [lacking(name)]
    ]


def available(names: Sequence[str]) -> list[str]:
    """Return those of these levels that this machine gives, the best first."""
    return [level.name for level in levels() if level.available and level.name in names]


def best_confined() -> str | None:
    """Return the best level that keeps a submission in, None where there is none."""
    return next(iter(available(CONFINED)), None)


def strongest() -> str:
    """Return the best level that there is, which may be one that keeps nothing in."""
    return available(tuple(MEANING))[0]


def best(isolation: str) -> str:
    """Return the level to use; raise UnavailableLevel when it is not to be had.

    "auto" is the best level that keeps a submission in; "process", which does not, has to be asked for by its name.
    """
    if isolation == "auto":
        if found := best_confined():
            return found
        lacks = "; ".join(f"{level.name}: {level.reason}" for level in levels() if level.name in CONFINED)
        raise UnavailableLevel(f"nothing here keeps a submission in ({lacks}); to run it all the same, {BY_NAME}")
    for level in levels():
        if level.name == isolation and not level.available:
            raise UnavailableLevel(f"isolation level {isolation} is not available: {level.reason}")
        if level.name == isolation:
            return isolation
    raise UnavailableLevel(f"there is no isolation level {isolation!r}: choose auto, {', '.join(MEANING)}")


def bounds() -> dict[str, str]:
    """Return how the memory and the processor time of a submission are bounded here."""
    made = cgroup.available()
    return {name: KERNEL[name].format(made[key]) if key in made else WATCHED[name] for name, key in BOUND.items()}


def watched_only() -> tuple[str, ...]:
    """Return which of them no cgroup bounds here."""
    made = cgroup.available()
    return tuple(name for name, key in BOUND.items() if key not in made)


def lacking(name: str) -> str:
    """Return what this machine lacks for a level, an empty string when it works."""
    if name == "process":
        return ""
    if missing := "; ".join(missing_programs(name)):
        return missing
    said = trial(name)
    return ADVICE[name].format(said) if said else ""


def missing_programs(name: str) -> Iterator[str]:
    if sys.platform != "linux":
        yield "only Linux has it"
    elif name == "sandbox" and bubblewrap.program() is None:
        yield "bubblewrap is not installed: on Debian and Ubuntu, `apt install bubblewrap`"
    elif ctypes.util.find_library("seccomp") is None:
        yield "libseccomp is not installed: on Debian and Ubuntu, `apt install libseccomp2`"


def trial(name: str) -> str:
    """Run an empty child at a level; return what went wrong in one line, an empty string when nothing did."""
    return try_level(name)[1]


def try_level(level: str, look: Sequence[str] = ()) -> tuple[str, str]:
    """Run a child at a level that tries to read some files.

    Returns:
        What it said, a list in JSON of those files that it could read, and what went wrong in one line.
    """
    with tempfile.TemporaryDirectory(prefix="autograder-") as home:
        try:
            done = subprocess.run(
                command("probe", level, look=list(look)),
                env=environment(level, Path(home)),
                cwd=home,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=TRIAL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "", "the trial did not end"
    lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return done.stdout, lines[-1] if done.returncode else ""
