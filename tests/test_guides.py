"""What README and guides tell people to type is there: targets, commands with their options, modules, files, sizes."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml

from tests.installs.kinds import MEGABYTES

ROOT = Path(__file__).parents[1]
BOOK_GUIDES = sorted((ROOT / "book/guides").glob("*.md"))
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
GUIDES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *BOOK_GUIDES,
    *sorted((ROOT / "binder").iterdir()),
]
CODE = re.compile(
    r"^(?P<fence>```+|~~~+)[^\n]*\n(?P<block>.*?)^(?P=fence)|(?P<quoted>^ {4}\S[^\n]*)|(?<!`)`(?P<span>[^`]+)`(?!`)",
    re.MULTILINE | re.DOTALL,
)


def code(guide: Path) -> list[str]:
    """Return the lines of code of a guide: blocks, and spans within sentences."""
    text = guide.read_text(encoding="utf-8")
    if guide.suffix != ".md":
        return text.splitlines()
    found = [match["block"] or match["quoted"] or match["span"] for match in CODE.finditer(text)]
    return [line.partition("  #")[0].strip() for part in found for line in part.splitlines()]


def mentioned(pattern: str) -> list[tuple[str, str]]:
    """Return what a pattern finds in each guide, with the guide's name."""
    found = {
        (guide.name, match[1] if match.groups() else match[0])
        for guide in GUIDES
        for line in code(guide)
        for match in re.finditer(pattern, line)
    }
    return sorted(found)


@cache
def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@cache
def options(command: str) -> set[str] | None:
    """Return the options of a command of the autograder, None where there is no such command."""
    run = subprocess.run(
        [sys.executable, "-m", "autograder", command, "--help"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    return set(re.findall(r"--[a-z-]+", run.stdout)) if run.returncode == 0 else None


COMMANDS = mentioned(r"(?:^|(?<!from)[\s/])autograder ([a-z]+)\b")
MODULES = mentioned(r"python -m ([\w.]+)")


def test_something_is_found() -> None:
    assert len(COMMANDS) > 8
    assert len(MODULES) > 2


@pytest.mark.parametrize(("guide", "target"), mentioned(r"(?:^|\s)make ([a-z][a-z-]*)"))
def test_every_target_of_make_is_there(guide: str, target: str) -> None:
    assert target in targets()


@pytest.mark.parametrize(("guide", "command"), COMMANDS)
def test_every_command_is_there(guide: str, command: str) -> None:
    assert options(command) is not None


@pytest.mark.parametrize(("guide", "line"), mentioned(r"(?:^|[\s/])autograder ([a-z]+ [^#|]*--.*)"))
def test_every_option_of_a_command_is_there(guide: str, line: str) -> None:
    command, _, rest = line.partition(" ")
    assert set(re.findall(r"--[a-z-]+", rest)) <= (options(command) or set())


@pytest.mark.parametrize(("guide", "option"), mentioned(r"^(--[a-z-]+)\b"))
def test_every_option_that_a_sentence_names_is_of_some_command(guide: str, option: str) -> None:
    ours = guide in {"page.md", "claim.md", "CONTRIBUTING.md"}  # they name options of tests.browser.look, among others
    assert ours or any(option in (options(command) or set()) for _, command in COMMANDS)


@pytest.mark.parametrize(("guide", "module"), MODULES)
def test_every_module_that_is_run_is_there(guide: str, module: str) -> None:
    assert importlib.util.find_spec(module)


@pytest.mark.parametrize(("guide", "program"), mentioned(r"\.venv/bin/([\w-]+)"))
def test_every_program_is_in_the_environment(guide: str, program: str) -> None:
    assert Path(sys.executable).with_name(program).is_file()


@pytest.mark.parametrize(
    ("guide", "path"), mentioned(r"(?:^|\s)((?:tests|exercises|book|solutions|autograder)/[\w/.-]*)")
)
def test_every_file_and_folder_is_there(guide: str, path: str) -> None:
    assert (ROOT / path).exists() or (ROOT / f"{path}.md").is_file()  # pages go by their names


@pytest.mark.parametrize(("guide", "extras"), mentioned(r"\.\[([\w,]+)\]"))
def test_every_extra_is_there(guide: str, extras: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(extras.split(",")) <= project["optional-dependencies"].keys()


def test_sizes_are_those_that_the_tests_of_installations_hold() -> None:
    said = [set(re.findall(r"at most (\d+) MB", guide.read_text(encoding="utf-8"))) for guide in GUIDES]
    assert set().union(*said) == {str(size) for size in MEGABYTES.values()}


@pytest.mark.parametrize("form", [form for form in FORMS if form.name != "config.yml"], ids=lambda form: form.name)
def test_every_form_asks_for_something_and_names_commands_that_there_are(form: Path) -> None:
    asked = yaml.safe_load(form.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= asked.keys()
    assert any(item.get("validations", {}).get("required") for item in asked["body"])
    for command in re.findall(r"`autograder ([a-z]+)", form.read_text(encoding="utf-8")):
        assert options(command) is not None


def test_a_pull_request_is_asked_for_commands_and_files_that_there_are() -> None:
    text = (ROOT / ".github/pull_request_template.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`make ([a-z-]+)`", text)) <= targets()
    assert all((ROOT / name).is_file() for name in re.findall(r"`([\w/]+\.md)`", text))
    assert text.count("- [ ]") >= 3


def test_changes_name_commands_that_there_are_and_the_newest_stand_first() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert re.search(r"^## Unreleased\n\n- ", text, re.MULTILINE)
