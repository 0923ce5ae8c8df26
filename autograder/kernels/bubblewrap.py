"""Level sandbox, from without: the command line that shows a zygote what a submission may see, read-only, and nothing
else."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from autograder.kernels.view import View

INSIDE = "/run/autograder"
HOME = Path("/home/student")


def program() -> str | None:
    """Return the path of bubblewrap, None where it is not installed."""
    return shutil.which("bwrap")


def wrap(code: Path, beside: Path, view: View, command: list[str]) -> list[str]:
    """Return a command that runs another one under bubblewrap.

    Args:
        code: folder of the submission's side, found there as INSIDE/inside.
        beside: folder of what answers questions, found there as INSIDE/beside.
        view: what else is found there, under the names that it has here.
        command: to run there, with the work folder as its working directory.
    """
    bwrap = program()
    assert bwrap is not None
    return [bwrap, *namespaces(), *files(code, beside, view), "--", *command]


def namespaces() -> Iterator[str]:
    yield from (
        "--unshare-user",
        "--uid",
        "0",
        "--gid",
        "0",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-ipc",
        "--unshare-uts",
    )
    yield from ("--unshare-cgroup-try", "--cap-add", "ALL", "--die-with-parent", "--new-session")


def files(code: Path, beside: Path, view: View) -> Iterator[str]:
    """Yield the mounts; nothing of them but HOME can be written to, and over HOME each child mounts its own."""
    for link, target in view.links:
        yield from ("--symlink", target, str(link))
    yield from ("--tmpfs", "/tmp", "--tmpfs", str(HOME))
    for path in map(str, view.shown):
        yield from ("--ro-bind", path, path)
    for path in map(str, view.hidden):
        yield from ("--tmpfs", path, "--remount-ro", path)
    yield from ("--ro-bind", str(code), f"{INSIDE}/inside", "--ro-bind", str(beside), f"{INSIDE}/beside")
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from ("--remount-ro", "/tmp", "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", str(HOME))
