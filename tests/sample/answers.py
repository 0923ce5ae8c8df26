"""An answer as a student hands it in: the source of a right variant or of a misconception, as the text of a cell."""

import ast
import copy
import inspect
import re
import textwrap
from functools import cache
from importlib import import_module
from itertools import chain

from autograder.checks.exercise import Exercise
from autograder.checks.implementation import Built, Edited, Implementation, definition

DECLARED = ("exercise", "Built")
"""What decorates answers where they are declared, and says nothing to a student."""


def right(exercise: Exercise, style: int) -> str:
    """Return a right answer; styles differ as long as the exercise has variants, and go round then."""
    return cell(exercise, exercise.variants[style % len(exercise.variants)])


def wrong(exercise: Exercise, misconception: str) -> str:
    """Return the answer of somebody who has this misconception."""
    return cell(exercise, exercise.misconception(misconception).wrong)


def cell(exercise: Exercise, implementation: Implementation) -> str:
    """Return a cell that defines the name of an exercise as an implementation.

    An implementation that leans on other definitions or imports of its module brings them along inside a function,
    because the answers of one notebook share their namespace.
    """
    written = definition(implementation.original if isinstance(implementation, Edited) else implementation)
    statement = definitions(written.__module__)[written.__name__]
    if isinstance(implementation, Edited):
        (statement,) = ast.parse(implementation.source).body
    needs = reach(written.__module__, statement, frozenset({"np", written.__name__}))
    text, name = plain(statement), written.__name__
    is_built = isinstance(exercise.reference, Built)
    if not needs and not is_built:
        return re.sub(rf"\b{name}\b", exercise.name, text)
    body = "\n\n".join([*needs, text, f"return {name}{'()' if is_built else ''}"])
    return f"def answer():\n{textwrap.indent(body, '    ')}\n\n\n{exercise.name} = answer()\n"


def plain(statement: ast.stmt) -> str:
    """Return the text of a statement without what declares it."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        statement = copy.copy(statement)
        statement.decorator_list = [it for it in statement.decorator_list if not ast.unparse(it).startswith(DECLARED)]
    return ast.unparse(statement)


def reach(module: str, node: ast.AST, known: frozenset[str] = frozenset({"np"})) -> list[str]:
    """Return the definitions of what an expression or statement uses, as texts in order; notebooks have NumPy as np."""
    used = {it.id for it in ast.walk(node) if isinstance(it, ast.Name)} - bound(node) - known - set(DECLARED)
    return list(dict.fromkeys(chain.from_iterable(define(module, name, known) for name in sorted(used))))


def bound(node: ast.AST) -> set[str]:
    """Return the names that a definition binds inside itself."""
    names = set()
    for it in ast.walk(node):
        match it:
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.alias(name=name, asname=None):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) if it is not node:
                names.add(name)
    return names


def define(module: str, name: str, known: frozenset[str]) -> list[str]:
    """Return the definition of a name, after those of what it uses; nothing for a built-in or local name."""
    statement = definitions(module).get(name)
    if statement is None:
        return []
    if isinstance(statement, ast.ImportFrom) and str(statement.module).startswith("autograder"):
        return define(str(statement.module), name, known)
    return [*reach(module, statement, known | {name}), plain(statement)]


@cache
def definitions(module: str) -> dict[str, ast.stmt]:
    """Return the statement that defines each top-level name of a module."""
    defined: dict[str, ast.stmt] = {}
    for statement in tree(module).body:
        match statement:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                defined[name] = statement
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                defined[name] = statement
            case ast.Import(names=aliases):
                defined |= {alias.asname or alias.name: ast.Import([alias]) for alias in aliases}
            case ast.ImportFrom(module=origin, names=aliases):
                defined |= {alias.asname or alias.name: ast.ImportFrom(origin, [alias], 0) for alias in aliases}
    return defined


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(import_module(module)))
