"""The global names that a cell defines and looks up, read from its text."""

import symtable
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

NONE = frozenset[str]()
HARMLESS = ("%matplotlib inline", "%pip install ")
"""Magics that neither define nor look up a name of the notebook."""


@dataclass(frozen=True)
class Names:
    """The names of a cell.

    Attributes:
        bound: those that it defines, imports or deletes, also from within its functions.
        variables: those of `bound` that are neither imports, functions nor classes.
        at_once: those that it looks up when it runs.
        later: those that are looked up when its functions are called.
        is_all: whether there are no others; magics, and what is no Python, may do anything.
    """

    bound: frozenset[str] = NONE
    variables: frozenset[str] = NONE
    at_once: frozenset[str] = NONE
    later: frozenset[str] = NONE
    is_all: bool = False


@lru_cache(maxsize=256)  # most cells of a class are those of the release
def names_of(source: str) -> Names:
    """Return the names of a cell, none of one that is no Python; the time grows with the square of its length."""
    for is_all, is_passed_over in ((True, _is_harmless), (False, _is_magic)):
        try:
            table = symtable.symtable(_without(source, is_passed_over), "cell", "exec")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return _names(table.get_symbols(), _inner(table), is_all)
    return Names()


def without_magics(source: str) -> str:
    """Return a cell without the lines of magic that neither define nor look up a name of the notebook."""
    return _without(source, _is_harmless)


def _without(source: str, is_passed_over: Callable[[str], bool]) -> str:
    return "\n".join("" if is_passed_over(line) else line for line in source.splitlines())


def _names(outer: list[symtable.Symbol], inner: list[symtable.Symbol], is_all: bool) -> Names:
    changed = _these(inner, lambda symbol: symbol.is_declared_global() and _binds(symbol))
    return Names(
        bound=changed | _these(outer, _binds),
        variables=changed | _these(outer, lambda symbol: symbol.is_assigned() and not symbol.is_namespace()),
        at_once=_these(outer, symtable.Symbol.is_referenced),
        later=_these(inner, lambda symbol: symbol.is_referenced() and symbol.is_global()),
        is_all=is_all,
    )


def _is_harmless(line: str) -> bool:
    return line.lstrip().startswith(HARMLESS)


def _is_magic(line: str) -> bool:
    return line.lstrip().startswith(("%", "!"))


def _these(symbols: Iterable[symtable.Symbol], which: Callable[[symtable.Symbol], bool]) -> frozenset[str]:
    return frozenset(symbol.get_name() for symbol in symbols if which(symbol))


def _inner(table: symtable.SymbolTable) -> list[symtable.Symbol]:
    """Return the symbols of everything inside a scope."""
    found = []
    for child in table.get_children():
        found += [*child.get_symbols(), *_inner(child)]
    return found


def _binds(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
