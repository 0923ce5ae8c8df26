"""What a submission sees of the file system: an allow list of what Python needs, the same at sandbox and landlock.

Libraries, programs, fonts and time zones, the interpreter and its packages: nothing else of /usr, of /usr/local or of
the folder that an environment was made in, where people keep courses, settings and the notebooks of others.
"""

import os
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

LIBRARIES = ("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/include")
STORES = ("/nix/store", "/gnu/store")
PROGRAMS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin")
SHARED = ("fontconfig", "fonts", "i18n", "locale", "mime", "misc", "perl", "perl5", "terminfo", "zoneinfo")
SETTINGS = ("alternatives", "fonts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types")
SYSTEM = (
    *LIBRARIES,
    *STORES,
    *PROGRAMS,
    *(f"/usr/share/{name}" for name in SHARED),
    *(f"/etc/{name}" for name in SETTINGS),
)
PROJECT = ("autograder", "coursebook")
"""Packages that are hidden where they are installed: they hold answers."""


@dataclass(frozen=True)
class View:
    """What exists of an allow list: folders and files without links in their names, and the links that lead there.

    Attributes:
        shown: visible with all that is in them, except for what is hidden.
        hidden: folders in what is shown that are not.
        links: symbolic links outside what is shown, with where they lead.
    """

    shown: tuple[Path, ...]
    hidden: tuple[Path, ...]
    links: tuple[tuple[Path, str], ...]

    def beneath(self, path: Path) -> Path | None:
        """Return the shown folder or file through which a path can be seen, None when it cannot."""
        real = path.resolve()
        if any(real.is_relative_to(folder) for folder in self.hidden):
            return None
        return next((folder for folder in self.shown if real.is_relative_to(folder)), None)


def submissions_view(packages: Sequence[str]) -> View:
    """Return what a submission sees that runs with this interpreter and packages from these folders."""
    wanted = [path for path in (*map(Path, SYSTEM), *interpreter(), *map(Path, packages)) if os.path.exists(path)]
    shown: list[Path] = []
    for path in sorted({path.resolve() for path in wanted}):
        if not any(path.is_relative_to(folder) for folder in shown):
            shown.append(path)
    links = dict(link for path in wanted for link in links_to(path))
    outside = {link: to for link, to in links.items() if not any(link.is_relative_to(folder) for folder in shown)}
    hidden = {Path(folder, name).resolve() for folder in (*packages, *other_packages()) for name in PROJECT}
    return View(tuple(shown), tuple(sorted(path for path in hidden if path.is_dir())), tuple(outside.items()))


def interpreter() -> Iterator[Path]:
    """Yield what makes up this Python, in an environment or not: no folder in which other things may lie too."""
    yield Path(sys.executable)
    for prefix in map(Path, (sys.prefix, sys.base_prefix)):
        yield from (prefix / "bin", prefix / "include", prefix / "pyvenv.cfg")
        yield from prefix.glob("lib*/*.so*")
    base = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    for name in ("stdlib", "platstdlib"):
        yield Path(sysconfig.get_path(name, vars=base))


def other_packages() -> Iterator[str]:
    """Yield folders of packages that this interpreter may not use, but that lie in what is shown."""
    base = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    for scheme in sysconfig.get_scheme_names():
        if not scheme.endswith(("_user", "venv")):
            yield from (sysconfig.get_path(name, scheme, base) for name in ("purelib", "platlib"))
    yield "/usr/lib/python3/dist-packages"


def links_to(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the symbolic links on the way to a path, each with where it leads."""
    for part in (*reversed(path.parents), path):
        if part.is_symlink():
            target = part.readlink()
            yield part, str(target)
            yield from links_to(Path(os.path.normpath(part.parent / target / path.relative_to(part))))
            return
