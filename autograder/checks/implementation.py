"""Answers that the course itself has, right and wrong, and how one is made that needs a framework or a source."""

import ast
import inspect
import itertools
import linecache
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

FILE = "<program"
"""How the file names of built programs begin."""

serial = itertools.count()


@dataclass(frozen=True)
class Built:
    """An implementation that needs torch or Keras, made by a function so that nothing is imported before it is used.

    Decorates a function that imports the framework, defines the class or function inside, and returns it.
    """

    factory: Callable[[], Any]


@dataclass(frozen=True)
class Edited:
    """Another implementation with one edit, made from its source when it is used.

    Fields:
        original: what is edited.
        old: a text that stands once in its source below the docstring; without `new`, the beginning of a statement.
        new: what takes its place; None drops the statement.
    """

    original: Callable[..., Any] | Built
    old: str
    new: str | None

    @property
    def source(self) -> str:
        """Return the edited definition; raise ValueError unless there is exactly one place to edit."""
        source = _undocumented(textwrap.dedent(inspect.getsource(definition(self.original))))
        places = [self.old] if self.new is not None else _statements(source, self.old)
        if [source.count(place) for place in places] != [1]:
            raise ValueError(f"{self.old!r} does not stand once in {definition(self.original).__name__}")
        return source.replace(places[0], "pass" if self.new is None else self.new)

    def factory(self) -> Any:
        """Build what the edited definition defines."""
        written = definition(self.original)
        return build(self.source, written.__name__, vars(sys.modules[written.__module__]))


Implementation = Callable[..., Any] | Built | Edited


def resolve(implementation: Implementation) -> Any:
    """Return the function or class that an implementation stands for."""
    return implementation.factory() if isinstance(implementation, Built | Edited) else implementation


def definition(implementation: Callable[..., Any] | Built) -> Callable[..., Any]:
    """Return what stands in a module: the function or class itself, or the function that makes it."""
    return implementation.factory if isinstance(implementation, Built) else implementation


def build(source: str, name: str, namespace: dict[str, Any]) -> Any:
    """Run a program and return the function or class that its definition of this name stands for.

    Args:
        source: of the program.
        name: of the definition.
        namespace: further names that the program uses.
    """
    path = f"{FILE} {next(serial)}>"
    linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
    module = ModuleType(f"program_{name}")
    module.__dict__.update({key: value for key, value in namespace.items() if not key.startswith("__")})
    sys.modules[module.__name__] = module
    exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102 - the course's own source
    return resolve(module.__dict__[name])


def _undocumented(source: str) -> str:
    """Return the source of a definition without its docstring."""
    (written,) = ast.parse(source).body
    assert isinstance(written, ast.FunctionDef | ast.ClassDef)
    lines, first = source.splitlines(keepends=True), written.body[0]
    if ast.get_docstring(written) is not None:
        del lines[first.lineno - 1 : first.end_lineno]
    return "".join(lines)


def _statements(source: str, beginning: str) -> list[str]:
    """Return the text of every statement that begins like this."""
    statements = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt))
    texts = (ast.get_source_segment(source, statement) or "" for statement in statements)
    return [text for text in texts if text.startswith(beginning)]
