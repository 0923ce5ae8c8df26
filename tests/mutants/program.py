"""The program that a reference implementation is: its definition and those that it uses, as one tree to change."""

import ast
import importlib
import inspect
import sys
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import Any

from autograder.checks.exercise import Exercise
from autograder.checks.implementation import FILE, definition

LIBRARY = "autograder.reference"


def root(exercise: Exercise) -> tuple[ModuleType, str]:
    """Return the module that defines the reference of an exercise, and its name there."""
    written = definition(exercise.reference)
    return importlib.import_module(written.__module__), written.__name__


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
    found[name] = definition
    for key, value in vars(module).items():
        namespace.setdefault(key, value)
    used = {node.id for node in ast.walk(definition) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    for other in sorted(used - {name}):
        _reach(module, other, home, found, namespace)
    found[name] = found.pop(name)


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
