"""The program that a reference implementation is: its definition and those that it uses, as one tree to change."""

import ast
import importlib
import inspect
import itertools
import linecache
import sys
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import Any

from autograder.checks.exercise import Built, Exercise, resolve

LIBRARY = "autograder.reference"
FILE = "<program"
serial = itertools.count()


def root(exercise: Exercise) -> tuple[ModuleType, str]:
    """Return the module that defines the reference of an exercise, and its name there."""
    reference = exercise.reference
    definition = reference.factory if isinstance(reference, Built) else reference
    return importlib.import_module(definition.__module__), definition.__name__


def program_of(exercise: Exercise) -> tuple[ast.Module, dict[str, Any]]:
    """Collect what the reference reaches of its own module and of the library: functions, classes and plain constants.

    Returns:
        The definitions, numbered by the lines of their unparsed text, and the globals of the modules they come from.
    """
    home, name = root(exercise)
    found: dict[str, ast.stmt] = {}
    namespace: dict[str, Any] = {}
    _reach(home, name, home, found, namespace)
    return ast.parse(ast.unparse(ast.Module(list(found.values()), []))), namespace


def _reach(
    module: ModuleType, name: str, home: ModuleType, found: dict[str, ast.stmt], namespace: dict[str, Any]
) -> None:
    definition = _defined(module).get(name)
    if definition is None:
        imported = inspect.getmodule(getattr(getattr(module, name, None), "factory", getattr(module, name, None)))
        if imported in (None, module) or not (imported.__name__.startswith(LIBRARY) or imported is home):
            return
        _reach(imported, name, home, found, namespace)
        return
    if name in found:
        return
    for key, value in vars(module).items():
        namespace.setdefault(key, value)
    used = {node.id for node in ast.walk(definition) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    for other in sorted(used - {name}):
        _reach(module, other, home, found, namespace)
    found[name] = definition


def _defined(module: ModuleType) -> dict[str, ast.stmt]:
    """Return the functions, classes and plain constants that a module defines."""
    defined: dict[str, ast.stmt] = {}
    for statement in ast.parse(inspect.getsource(module)).body:
        match statement:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                defined[name] = statement
            case ast.Assign(targets=[ast.Name(id=name)]) if name.isupper():
                defined[name] = statement
    return defined


def build(source: str, name: str, namespace: dict[str, Any]) -> Any:
    """Run a program and return what it defines under this name, as an exercise would be asked for it."""
    path = f"{FILE} {next(serial)}>"
    linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
    module = ModuleType(f"mutant_{name}")
    module.__dict__.update({key: value for key, value in namespace.items() if not key.startswith("__")})
    sys.modules[module.__name__] = module
    exec(compile(source, path, "exec"), module.__dict__)
    return resolve(module.__dict__[name])


def reached_lines(use: Callable[[], object]) -> set[int]:
    """Return the lines that are run of the programs that `use` builds."""
    lines: set[int] = set()

    def watch(frame: FrameType, event: str, argument: object) -> Callable[..., Any] | None:
        if not frame.f_code.co_filename.startswith(FILE):
            return None
        if event == "line":
            lines.add(frame.f_lineno)
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        use()
    finally:
        sys.settrace(before)
    return lines
