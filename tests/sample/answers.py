"""An answer as a student hands it in: the source of a right variant or of a misconception, as the text of a cell."""

import ast
import inspect
import re
import sys
import textwrap
from functools import cache
from importlib import import_module
from itertools import chain

from autograder.checks.exercise import Built, Exercise, Implementation


def right(exercise: Exercise, style: int) -> str:
    """Return a right answer; styles differ as long as the exercise has variants, and go round then."""
    index = style % len(exercise.variants)
    return cell(exercise, exercise.variants[index], declared(exercise, "variants")[index])


def wrong(exercise: Exercise, misconception: str) -> str:
    """Return the answer of somebody who has this misconception."""
    index = [item.name for item in exercise.misconceptions].index(misconception)
    declaration = declared(exercise, "misconceptions")[index]
    assert isinstance(declaration, ast.Call)
    return cell(exercise, exercise.misconceptions[index].wrong, declaration.args[-1])


def cell(exercise: Exercise, implementation: Implementation, expression: ast.expr) -> str:
    """Return a cell that defines the name of an exercise as an implementation, given how its module declares that.

    An implementation that leans on other definitions or imports of its module brings them along inside a function,
    because the answers of one notebook share their namespace.
    """
    text = ast.unparse(expression)
    needs = reach(home(exercise), expression)
    if isinstance(expression, ast.Name) and len(needs) == 1 and not isinstance(implementation, Built):
        return re.sub(rf"\b{text}\b", exercise.name, needs[0])
    body = "\n\n".join([*needs, f"return {text}" + (".factory()" if isinstance(implementation, Built) else "")])
    return f"def answer():\n{textwrap.indent(body, '    ')}\n\n\n{exercise.name} = answer()\n"


@cache
def home(exercise: Exercise) -> str:
    """Return the name of the module that declares an exercise."""
    package = f"autograder.checks.{exercise.assignment}."
    return next(
        name
        for name, module in sorted(sys.modules.items())
        if name.startswith(package) and getattr(module, "exercise", None) is exercise
    )


@cache
def declared(exercise: Exercise, field: str) -> list[ast.expr]:
    """Return the expressions of which a field of the exercise's declaration is made."""
    fields = {
        keyword.arg: keyword.value
        for node in ast.walk(tree(home(exercise)))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Exercise"
        for keyword in node.keywords
    }
    values = fields[field]
    assert isinstance(values, ast.Tuple)
    return values.elts


def reach(module: str, node: ast.AST, known: frozenset[str] = frozenset({"np"})) -> list[str]:
    """Return the definitions of what an expression or statement uses, as texts in order; notebooks have NumPy as np."""
    used = {it.id for it in ast.walk(node) if isinstance(it, ast.Name)}
    return list(dict.fromkeys(chain.from_iterable(define(module, name, known) for name in sorted(used - known))))


def define(module: str, name: str, known: frozenset[str]) -> list[str]:
    """Return the definition of a name, after those of what it uses; nothing for a built-in or local name."""
    statement = definitions(module).get(name)
    if statement is None:
        return []
    if isinstance(statement, ast.ImportFrom) and str(statement.module).startswith("autograder"):
        return define(str(statement.module), name, known)
    return [*reach(module, statement, known | {name}), ast.unparse(statement)]


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
