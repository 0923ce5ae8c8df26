"""Whoever lacks a part of the command line is told in one line how to get it, and never to ask an index for a name."""

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from autograder import extras

ROOT = Path(__file__).parents[1]
ADDRESS = "https://host.example/owner/course"


@pytest.mark.parametrize(
    ("module", "target"),
    [("typer", "student"), ("jinja2", "grader"), ("nbgrader.api", "grader"), ("torch", "student FRAMEWORKS=1")],
)
def test_a_clone_names_the_target_that_brings_it(module: str, target: str) -> None:
    assert extras.advice(module) == f"run `make {target}` in {ROOT}"


def test_a_clone_without_make_names_the_line_of_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    line = f'run `{sys.executable} -m pip install --constraint requirements.txt --editable ".[student,frameworks]"`'
    assert extras.advice("torch") == f"{line} in {ROOT}"


@pytest.mark.parametrize(
    ("origin", "behind"),
    [
        ({"url": ADDRESS, "vcs_info": {"vcs": "git", "commit_id": "1"}}, f" @ git+{ADDRESS}"),
        ({"url": "file:///course.whl", "archive_info": {}}, " @ file:///course.whl"),
        (None, ""),
    ],
)
def test_an_installation_names_the_address_that_it_came_from(
    monkeypatch: pytest.MonkeyPatch, origin: dict[str, object] | None, behind: str
) -> None:
    monkeypatch.setattr(extras, "cloned", lambda: None)
    found = type(metadata.distribution(extras.PROJECT))  # of the standard library, or of the backport that replaces it
    kept = found.read_text

    def read_text(self: metadata.Distribution, name: str) -> str | None:
        if name != "direct_url.json":
            return kept(self, name)
        return None if origin is None else json.dumps(origin)

    monkeypatch.setattr(found, "read_text", read_text)
    assert extras.advice("nbgrader") == f'pip install "dropout-course[grade]{behind}"'


def test_another_projects_package_of_the_same_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "packages_distributions", lambda: {"autograder": ["dropout-course", "autograder"]})
    assert "another project" in extras.advice("autograder.cli")
    assert "pip uninstall autograder," in extras.advice("autograder.cli")


def test_what_no_extra_brings_is_said() -> None:
    assert extras.advice("nosuchmodule") == "it is part of no installation of dropout-course"


LACKS = {
    "sys.modules['typer'] = None": f"typer is missing: run `make student` in {ROOT}",
    "sys.modules['nbgrader'] = None": f"nbgrader is missing: run `make grader` in {ROOT}",
    "del os.fork": "the command line runs notebooks in processes as only Linux and macOS have them",
}


@pytest.mark.parametrize("lack", LACKS)
def test_what_is_lacking_is_one_clear_line(lack: str, tmp_path: Path) -> None:
    """Parts are taken away in a fresh interpreter; the command needs all of them."""
    program = f"import os, sys; {lack}; from autograder.__main__ import main; main()"
    arguments = ["release", "pooling", "--solutions", str(ROOT / "solutions"), "--out", str(tmp_path)]
    run = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert run.stderr.startswith(f"autograder: {LACKS[lack]}")
    assert run.stderr.count("\n") == 1


def test_a_notebook_can_be_checked_where_there_is_neither_fork_nor_what_only_unix_has() -> None:
    """As on Windows: `check` itself imports nothing of that."""
    program = (
        "import os, sys; del os.fork\n"
        "for name in ('fcntl', 'resource', 'termios', 'pwd', 'rich', 'typer', 'IPython'): sys.modules[name] = None\n"
        "from autograder import check\n"
        "from autograder.reference.layernorm import rmsnorm\n"
        "check(rmsnorm)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("rmsnorm: ")
