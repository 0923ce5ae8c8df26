"""Level sandbox, from without: the command line that shows a zygote the system and the Python installation, read-only,
and nothing else."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
SETTINGS = ("alternatives", "fonts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types")
INSIDE = "/run/autograder"
HOME = Path("/home/student")


def program() -> str | None:
    """Return the path of bubblewrap, None where it is not installed."""
    return shutil.which("bwrap")


def wrap(code: Path, respond: Path, site: list[str], command: list[str]) -> list[str]:
    """Return a command that runs another one under bubblewrap.

    Args:
        code: folder of the submission's side, found there as INSIDE/inside.
        respond: file that answers questions, found there as INSIDE/respond.py.
        site: folders of installed packages; an installed autograder in them is hidden.
        command: to run there, with the work folder as its working directory.
    """
    bwrap = program()
    assert bwrap is not None
    return [bwrap, *namespaces(), *files(code, respond, site), "--", *command]


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


def files(code: Path, respond: Path, site: list[str]) -> Iterator[str]:
    """Yield the mounts; nothing of them but HOME can be written to, and over HOME each child mounts its own."""
    yield from ("--tmpfs", "/tmp", "--tmpfs", str(HOME))
    for path in map(Path, SYSTEM):
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    for name in SETTINGS:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    for folder in dict.fromkeys([sys.base_prefix, sys.prefix, *site]):
        if not Path(folder).is_relative_to("/usr"):
            yield from ("--ro-bind-try", folder, folder)
    for folder in site:
        if (Path(folder) / "autograder").is_dir():
            yield from ("--tmpfs", f"{folder}/autograder", "--remount-ro", f"{folder}/autograder")
    yield from ("--ro-bind", str(code), f"{INSIDE}/inside", "--ro-bind", str(respond), f"{INSIDE}/respond.py")
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from ("--remount-ro", "/tmp", "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", str(HOME))
