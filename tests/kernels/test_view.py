"""What a submission sees: an allow list, whatever the environment is and wherever links lead."""

import sys
from pathlib import Path

import pytest

from autograder.kernels import view
from autograder.kernels.start import site_packages
from autograder.kernels.view import links_to, submissions_view


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return an environment with packages, in which a course lies too."""
    folder = tmp_path / "env"
    for name in ("bin", "lib/site-packages/numbers", "share/nbgrader", "etc/jupyter", "src/course", "course/solutions"):
        (folder / name).mkdir(parents=True)
    (folder / "lib" / "libnumbers.so.1").touch()
    monkeypatch.setattr(sys, "prefix", str(folder))
    return folder


def seen(*paths: Path, packages: tuple[str, ...] = ()) -> list[bool]:
    found = submissions_view(packages)
    return [found.beneath(path) is not None for path in paths]


def test_what_python_needs_is_seen(environment: Path) -> None:
    packages = str(environment / "lib" / "site-packages")
    assert all(
        seen(
            *(Path(sys.executable), Path("/usr/lib"), Path("/bin/sh")),
            *(environment / "bin", environment / "lib/libnumbers.so.1", environment / "lib/site-packages/numbers"),
            packages=(packages,),
        )
    )
    ours = [path for path in sys.path if path.startswith(sys.base_prefix) and Path(path).is_dir()]
    assert ours
    assert all(seen(*map(Path, ours), *map(Path, site_packages()), packages=tuple(site_packages())))


@pytest.mark.parametrize("name", ["share/nbgrader", "etc/jupyter", "src/course", "course/solutions", "lib", "."])
def test_what_else_lies_in_an_environment_is_not(environment: Path, name: str) -> None:
    assert seen(environment / name, packages=(str(environment / "lib/site-packages"),)) == [False]


@pytest.mark.parametrize("name", ["share", "etc", "src", "local", "local/share", "local/etc", "local/src", ""])
def test_nor_are_the_folders_of_the_system_that_hold_anything(name: str) -> None:
    assert seen(Path("/usr", name)) == [False]


def test_a_link_into_what_is_seen_is_seen_and_one_out_of_it_is_not(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "inward").symlink_to(environment / "bin")
    (environment / "bin" / "outward").symlink_to(environment / "course")
    assert seen(tmp_path / "inward", environment / "bin" / "outward" / "solutions") == [True, False]


def test_links_on_the_way_are_kept_with_where_they_lead(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").touch()
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "c").symlink_to(tmp_path / "b")
    (tmp_path / "a" / "name").symlink_to("../c/file")
    assert list(links_to(tmp_path / "c" / "name")) == [
        (tmp_path / "c", str(tmp_path / "b")),
        (tmp_path / "b", "a"),
        (tmp_path / "a" / "name", "../c/file"),
        (tmp_path / "c", str(tmp_path / "b")),
        (tmp_path / "b", "a"),
    ]


def test_an_installed_course_is_hidden_among_the_packages(environment: Path) -> None:
    packages = environment / "lib" / "site-packages"
    for name in view.PROJECT:
        (packages / name).mkdir()
    assert seen(*(packages / name for name in view.PROJECT), packages=(str(packages),)) == [False] * len(view.PROJECT)


def test_a_path_that_does_not_exist_is_judged_by_where_it_would_be(environment: Path) -> None:
    assert seen(environment / "bin" / "new" / "folder", environment / "new" / "folder") == [True, False]
