"""The house stands as drawn: imports point one way, a student's install is small, the lock agrees with the rest."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Container, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from autograder.checks.catalogue import ASSIGNMENTS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "autograder"
ROOMS = ("cli", "grading", "kernels", "checks", "reference")  # imports point only down this list
TEXT = {".md", ".py", ".toml", ".yml", ".yaml", ".txt", ".ipynb", ".json", ".css", ".js", ".j2", ".html", ""}
# A path that only one machine has; a package index or registry that only one network has.
# /home/student exists in the sandbox alone.
ELSEWHERE = re.compile(
    r"(?<![\w.:/~-])/(?:work|workspace|Users|root|home(?!/student\b))/\w|--?index-url|find-links|\"resolved\": *\"http"
)
HOSTILE = "tests/hostile"  # looks for what lies in anybody's home folder


def modules(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def imports(tree: ast.AST, path: Path) -> Iterator[str]:
    """Yield the full names of what is imported, relative ones by the place of the module."""
    place = path.relative_to(ROOT).parts[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = (
                [*place[: len(place) + 1 - node.level], *filter(None, [node.module])] if node.level else [node.module]
            )
            yield from (".".join([*origin, alias.name]) for alias in node.names)


def top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield what runs when the module is imported: not the bodies of functions, not what only a type checker reads."""
    pending: list[ast.stmt] = list(tree.body)
    while pending:
        statement = pending.pop()
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test):
            continue
        yield statement
        for block in ("body", "orelse", "finalbody") if not isinstance(statement, ast.FunctionDef) else ():
            pending.extend(child for child in getattr(statement, block, []) if isinstance(child, ast.stmt))


def room(module: str) -> int | None:
    parts = module.split(".")
    return ROOMS.index(parts[1]) if len(parts) > 1 and parts[0] == "autograder" and parts[1] in ROOMS else None


@pytest.mark.parametrize("path", modules(PACKAGE), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    here = room(".".join(path.relative_to(ROOT).with_suffix("").parts))
    tree = ast.parse(path.read_text(encoding="utf-8"))
    upward = [
        name for name in imports(tree, path) if here is not None and (there := room(name)) is not None and there < here
    ]
    assert not upward, f"{path.name} imports a room above its own: {upward}"


@pytest.mark.parametrize("name", ["checks", "reference"])
def test_students_rooms_import_numpy_and_the_standard_library_only(name: str) -> None:
    allowed = set(sys.stdlib_module_names) | {"numpy", "autograder"}
    foreign = {
        f"{path.relative_to(ROOT)}: {module}"
        for path in modules(PACKAGE / name)
        if "outputs" not in path.parts  # the scripts that ask the real frameworks
        for statement in top_level(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(statement, ast.Import | ast.ImportFrom)
        for module in imports(statement, path)
        if module.split(".")[0] not in allowed
    }
    assert not foreign


def given(statement: ast.stmt) -> list[str]:
    """Return the names that a statement at the top of a module defines."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    changes = isinstance(statement, ast.AugAssign)
    return [] if changes else [target.id for target in targets if isinstance(target, ast.Name)]


@pytest.mark.parametrize("folder", ["autograder", "book", "tests"])
def test_no_module_gives_two_things_one_name(folder: str) -> None:
    twice = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules(ROOT / folder)
        for names in [[name for node in ast.parse(path.read_text("utf-8")).body for name in given(node)]]
        for name in names
        if name != "_" and names.count(name) > 1
    }
    assert not twice


def test_no_two_classes_have_one_name() -> None:
    """Those of exercises apart, which are answers and are called as students call theirs."""
    places: dict[str, list[str]] = {}
    for path in modules(PACKAGE):
        for node in ast.parse(path.read_text(encoding="utf-8")).body if not is_exercise(path) else ():
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert not {name: where for name, where in places.items() if len(where) > 1}


MAX_LINES = 300
MAX_EXERCISE_LINES = 250
MAX_FUNCTION_LINES = 40
SIZED = [PACKAGE, ROOT / "book/coursebook", ROOT / "benchmarks"]


def is_exercise(path: Path) -> bool:
    """Return whether a module is of an assignment: its exercises are declared there, at one place."""
    return path.parent.parent == PACKAGE / "checks" and path.parent.name in ASSIGNMENTS


@pytest.mark.parametrize("folder", SIZED, ids=lambda path: path.name)
def test_no_module_is_too_long(folder: Path) -> None:
    lines = {path: path.read_text(encoding="utf-8").count("\n") for path in modules(folder)}
    too_long = {
        str(path.relative_to(ROOT)): count
        for path, count in lines.items()
        if count > (MAX_EXERCISE_LINES if is_exercise(path) else MAX_LINES)
    }
    assert not too_long


def body_lines(function: ast.FunctionDef) -> int:
    """Return how many lines a function has: without its arguments, which are data, and its docstring."""
    body = function.body[1:] if ast.get_docstring(function) and len(function.body) > 1 else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1


@pytest.mark.parametrize("folder", SIZED, ids=lambda path: path.name)
def test_no_function_is_too_long(folder: Path) -> None:
    too_long = {
        f"{path.relative_to(ROOT)}: {node.name} has {body_lines(node)} lines"
        for path in modules(folder)
        if not is_exercise(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and body_lines(node) > MAX_FUNCTION_LINES
    }
    assert not too_long


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Of what runs when a module is imported: a function may import late what needs its module."""
    paths = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in modules(PACKAGE)}
    paths = {name.removesuffix(".__init__"): path for name, path in paths.items()}
    graph = {name: set(imported(path, paths)) - {name} for name, path in paths.items()}
    list(TopologicalSorter(graph).static_order())


def imported(path: Path, known: Container[str]) -> Iterator[str]:
    """Yield the modules of the package that importing a module runs, apart from packages around them."""
    for statement in top_level(ast.parse(path.read_text(encoding="utf-8"))):
        for name in imports(statement, path) if isinstance(statement, ast.Import | ast.ImportFrom) else ():
            module = name if name in known else name.rpartition(".")[0]
            if module in known:
                yield module


def test_check_in_a_notebook_needs_only_the_students_install() -> None:
    """Run in a fresh interpreter, because this one has long imported everything."""
    program = "import sys; from autograder import check; print(*{name.split('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    heavy = {
        "torch",
        "keras",
        "tensorflow",
        "nbgrader",
        "nbformat",
        "nbclient",
        "sqlalchemy",
        "typer",
        "IPython",
        "jinja2",
        "rich",
    }
    assert not heavy & set(run.stdout.split())


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    paths = (ROOT / name for name in listing.split("\0") if name)
    return [path for path in paths if path.is_file() and path.suffix in TEXT]


def test_no_path_and_no_registry_of_one_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        if HOSTILE not in path.as_posix() and path != Path(__file__)
        if (match := ELSEWHERE.search(path.read_text(encoding="utf-8", errors="replace")))
    ]
    assert not found


def locked() -> dict[str, Version]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [re.fullmatch(r"([\w.-]+)==([\w.!+-]+)", line) for line in lines if line and not line.startswith("#")]
    assert all(pins), "every line of requirements.txt is NAME==VERSION"
    return {canonicalize_name(pin[1]): Version(pin[2]) for pin in pins if pin}


def declared() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    return [requirement for line in lines if (requirement := Requirement(line)).name != project["name"]]


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_lock_has_a_version_that_pyproject_allows(requirement: Requirement) -> None:
    version = locked().get(canonicalize_name(requirement.name))
    assert version is not None, "not in requirements.txt: make lock"
    assert requirement.specifier.contains(version)


def test_conda_installs_the_same_lock() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python = next(line for line in environment["dependencies"] if isinstance(line, str) and line.startswith("python="))
    lines = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert Requirement(f"python{project['requires-python']}").specifier.contains(python.removeprefix("python="))
    assert lines == ["--requirement requirements.txt", "--editable ."]


def test_lock_is_what_is_installed() -> None:
    """An environment that has drifted from the lock would test something that nobody else has."""
    freeze = subprocess.run(
        [sys.executable, "-m", "pip", "freeze", "--exclude-editable"], capture_output=True, text=True, check=True
    ).stdout
    installed = {
        canonicalize_name(name): Version(version).public
        for name, _, version in (line.partition("==") for line in freeze.split())
    }
    drifted = {name for name, version in locked().items() if name in installed and installed[name] != version.public}
    assert not drifted
    assert not locked().keys() - installed.keys()
