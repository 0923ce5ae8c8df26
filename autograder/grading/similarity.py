"""Answers that are alike once names and layout are set aside: a hint for a person, who reads them side by side.

Winnowing tools compare whole files of many languages; here the answer to one exercise is compared with those of
classmates and with the public ones, as Python reads it.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

LENGTH = 6
"""Nodes of the syntax tree in a fragment."""
MIN_FRAGMENTS = 40
"""Below so many fragments an answer says too little: two people write the same line by themselves."""


@dataclass(frozen=True)
class AnswerText:
    """An answer to an exercise, of a student or public: `owner` says whose it is, or where it stands."""

    owner: str
    exercise: str
    source: str
    public: bool = False

    @cached_property
    def fragments(self) -> frozenset[tuple[str, ...]]:
        return fragments(self.source)


@dataclass(frozen=True)
class Alike:
    """Two answers to an exercise, and the share of the shorter one that the other one has as well."""

    one: AnswerText
    other: AnswerText
    share: float


def fragments(source: str) -> frozenset[tuple[str, ...]]:
    """Return the fragments of which code is made, whatever its names, its layout and its comments are.

    AnswerText that is no Python has none.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    own = set(_bound(tree))
    nodes = list(_in_order(tree, own))
    return frozenset(tuple(nodes[start : start + LENGTH]) for start in range(len(nodes) - LENGTH + 1))


def find_alike(texts: Sequence[AnswerText], least: float) -> list[Alike]:
    """Return which answers are alike, the most alike first.

    What is like a public answer is listed with that one and with nobody else: two people who have read the same page
    have nothing to do with each other.

    Args:
        texts: answers of students, and public ones.
        least: the share above which two answers count as alike.
    """
    long = [text for text in texts if len(text.fragments) >= MIN_FRAGMENTS]
    public = [text for text in long if text.public]
    own = [text for text in long if not text.public]
    known = [near for text in own if (near := _nearest(text, public)) and near.share >= least]
    explained = {(found.one.owner, found.one.exercise) for found in known}
    left = [text for text in own if (text.owner, text.exercise) not in explained]
    pairs = [Alike(one, other, share(one, other)) for one, other in _pairs(left)]
    found = [*known, *(pair for pair in pairs if pair.share >= least)]
    return sorted(found, key=lambda pair: (-pair.share, pair.one.exercise, pair.one.owner, pair.other.owner))


def share(one: AnswerText, other: AnswerText) -> float:
    """Return the share of the shorter answer's fragments that the other one has as well."""
    least = min(len(one.fragments), len(other.fragments))
    return len(one.fragments & other.fragments) / least if least else 0.0


def _nearest(text: AnswerText, public: Iterable[AnswerText]) -> Alike | None:
    found = [Alike(text, other, share(text, other)) for other in public if other.exercise == text.exercise]
    return max(found, key=lambda pair: pair.share, default=None)


def _pairs(texts: Iterable[AnswerText]) -> Iterator[tuple[AnswerText, AnswerText]]:
    by_exercise: dict[str, list[AnswerText]] = {}
    for text in texts:
        by_exercise.setdefault(text.exercise, []).append(text)
    for answers in by_exercise.values():
        yield from ((one, other) for one, other in combinations(answers, 2) if one.owner != other.owner)


def _bound(tree: ast.AST) -> Iterator[str]:
    """Yield the names that code gives itself; those that it takes from elsewhere mean something."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name


def _in_order(node: ast.AST, own: set[str]) -> Iterator[str]:
    """Yield the nodes of a tree in the order of the text, without what no answer depends on."""
    match node:
        case ast.Expr(value=ast.Constant(value=str())) | ast.expr_context():
            return
        case ast.Name(id=name):
            yield "name" if name in own else name
        case ast.Attribute(attr=name):
            yield f".{name}"
        case ast.Constant(value=value):
            yield "text" if isinstance(value, str) else repr(value)
        case _:
            yield type(node).__name__
    for field, child in ast.iter_fields(node):
        if field in {"annotation", "returns", "decorator_list", "type_params"}:
            continue
        for item in child if isinstance(child, list) else [child]:
            if isinstance(item, ast.AST):
                yield from _in_order(item, own)
