"""Root runs the tests of the defenses once more as nobody, for whom the same must hold."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.kernels import bubblewrap

REPOSITORY = Path(__file__).parents[2]
NOBODY = "65534"
TESTS = ("tests/hostile/test_defenses.py", "tests/hostile/test_reach.py")


def without_access() -> Iterator[Path]:
    """Yield the folders above this Python and this repository that others may not enter."""
    for path in (Path(sys.base_prefix), Path(sys.prefix), REPOSITORY):
        yield from (parent for parent in path.parents if not parent.stat().st_mode & 0o001)


def as_nobody() -> list[str]:
    """Return the beginning of a command line that runs the rest as nobody, who may read Python and the repository."""
    bwrap = bubblewrap.program()
    assert bwrap is not None
    view = ["--dev-bind", "/", "/"]
    closed = list(dict.fromkeys(without_access()))
    for folder in closed:
        view += ["--perms", "0755", "--tmpfs", str(folder)]
    for path in (Path(sys.base_prefix), Path(sys.prefix), REPOSITORY):
        for parent in reversed(path.parents):
            if any(parent.is_relative_to(folder) for folder in closed):
                view += ["--perms", "0755", "--dir", str(parent)]
        view += ["--ro-bind", str(path), str(path)]
    user = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]
    return [bwrap, *view, "--chdir", str(REPOSITORY), "--", *user]


@pytest.mark.levels
@pytest.mark.skipif(os.getuid() != 0, reason="who is no root runs all tests as an ordinary user anyway")
@pytest.mark.skipif(bubblewrap.program() is None, reason="bubblewrap is not installed")
@pytest.mark.parametrize("part", [(), ("--part", "levels")], ids=["best", "weaker"])
def test_the_defenses_hold_for_an_ordinary_user(part):
    with tempfile.TemporaryDirectory(prefix="nobody-", dir="/var/tmp") as home:
        os.chown(home, int(NOBODY), int(NOBODY))
        tests = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--basetemp", f"{home}/base"]
        done = subprocess.run(
            [*as_nobody(), *tests, *TESTS, *part, "-k", "sandbox or landlock"],
            env={"PATH": os.environ["PATH"], "HOME": home, "TMPDIR": home},
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
