"""Small changes to a program, one at a time, of kinds that students make: an operator, a constant, an axis, a line.

A rule looks at one node of the syntax tree and yields what could stand in its place. Text that has no part in what a
function does is left alone: docstrings, annotations, and what is said when an error is raised.
"""

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Rule = Callable[[Any], Iterator[ast.AST]]
RULES: dict[type[ast.AST], list[Rule]] = {}

SWAPPED_OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.RShift: (ast.LShift,),
    ast.LShift: (ast.RShift,),
}
SWAPPED_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
SWAPPED_NAMES = {
    "all": "any",
    "any": "all",
    "argmax": "argmin",
    "ceil": "floor",
    "eval": "train",
    "exp": "expm1",
    "floor": "ceil",
    "log": "log2",
    "logaddexp": "maximum",
    "max": "min",
    "maximum": "minimum",
    "mean": "sum",
    "min": "max",
    "minimum": "maximum",
    "normal": "uniform",
    "ones": "zeros",
    "ones_like": "zeros_like",
    "prod": "sum",
    "rand": "randn",
    "random": "standard_normal",
    "relu": "abs",
    "sigmoid": "tanh",
    "softmax": "sigmoid",
    "sqrt": "square",
    "standard_normal": "random",
    "std": "var",
    "sum": "mean",
    "tanh": "sigmoid",
    "train": "eval",
    "uniform": "normal",
    "var": "std",
    "zeros": "ones",
    "zeros_like": "ones_like",
}
CONVERSIONS = {
    "bool",
    "dict",
    "float",
    "int",
    "iter",
    "len",
    "list",
    "range",
    "set",
    "str",
    "super",
    "tuple",
    "type",
    "zip",
}
"""Functions of one argument that are not taken away: what is left would be of another type, or the same."""

COMMUTATIVE = {"add", "hypot", "isclose", "logaddexp", "max", "maximum", "min", "minimum", "multiply"}
CHANGERS = {"astype", "clone", "copy", "detach", "numpy"}
"""Methods that return their object, changed a little: they are taken away."""


def rule(*types: type[ast.AST]) -> Callable[[Rule], Rule]:
    """Register a rule for these types of nodes."""

    def register(function: Rule) -> Rule:
        for kind in types:
            RULES.setdefault(kind, []).append(function)
        return function

    return register


def changed(node: ast.AST, **fields: Any) -> ast.AST:
    """Return a copy of a node with some fields replaced."""
    twin = copy.copy(node)
    for name, value in fields.items():
        setattr(twin, name, value)
    return twin


def without(items: list[Any], index: int) -> list[Any]:
    return items[:index] + items[index + 1 :]


def swapped(items: list[Any], index: int) -> list[Any]:
    return [*items[:index], items[index + 1], items[index], *items[index + 2 :]]


@rule(ast.BinOp)
def arithmetic(node: ast.BinOp) -> Iterator[ast.AST]:
    for operator in SWAPPED_OPERATORS.get(type(node.op), ()):
        yield changed(node, op=operator())
    yield node.left
    yield node.right
    if isinstance(node.op, ast.Sub | ast.Div | ast.Pow | ast.FloorDiv):
        yield changed(node, left=node.right, right=node.left)


@rule(ast.AugAssign)
def accumulation(node: ast.AugAssign) -> Iterator[ast.AST]:
    for operator in SWAPPED_OPERATORS.get(type(node.op), ()):
        yield changed(node, op=operator())
    yield ast.Assign([node.target], node.value, lineno=node.lineno)
    yield ast.Pass()


@rule(ast.Compare)
def comparison(node: ast.Compare) -> Iterator[ast.AST]:
    for index, operator in enumerate(node.ops):
        for other in SWAPPED_COMPARISONS[type(operator)]:
            yield changed(node, ops=[*node.ops[:index], other(), *node.ops[index + 1 :]])


@rule(ast.BoolOp)
def logic(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield changed(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    for index in range(len(node.values)):
        rest = without(node.values, index)
        yield rest[0] if len(rest) == 1 else changed(node, values=rest)


@rule(ast.UnaryOp)
def sign(node: ast.UnaryOp) -> Iterator[ast.AST]:
    yield node.operand


@rule(ast.Constant)
def constant(node: ast.Constant) -> Iterator[ast.AST]:
    match node.value:
        case bool(value):
            yield literal(not value)
        case int(value):
            yield from (literal(value + 1), literal(value - 1))
        case float(value):
            yield from (literal(2 * value), literal(value / 2)) if value else (literal(1.0),)
        case str(value) if value:
            yield literal("mutant")


def literal(value: float | str) -> ast.AST:
    return ast.parse(repr(value), mode="eval").body


@rule(ast.IfExp)
def alternative(node: ast.IfExp) -> Iterator[ast.AST]:
    yield node.body
    yield node.orelse


@rule(ast.If)
def branch(node: ast.If) -> Iterator[ast.AST]:
    for value in (True, False):
        yield changed(node, test=literal(value))


@rule(ast.Expr)
def statement(node: ast.Expr) -> Iterator[ast.AST]:
    if not isinstance(node.value, ast.Constant | ast.Yield | ast.YieldFrom):
        yield ast.Pass()


@rule(ast.Assign)
def effect(node: ast.Assign) -> Iterator[ast.AST]:
    """Take away an assignment that changes something which exists: an attribute, an entry."""
    if all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets):
        yield ast.Pass()


@rule(ast.Raise)
def complaint(node: ast.Raise) -> Iterator[ast.AST]:
    if isinstance(node.exc, ast.Call):
        yield changed(node, exc=changed(node.exc, func=ast.Name("TypeError")))


@rule(ast.Call)
def call(node: ast.Call) -> Iterator[ast.AST]:
    name = called(node)
    for index in range(len(node.args) - 1 if name not in COMMUTATIVE else 0):
        if not any(isinstance(argument, ast.Starred) for argument in node.args[index : index + 2]):
            yield changed(node, args=swapped(node.args, index))
    for index, keyword in enumerate(node.keywords):
        if keyword.arg and not (isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, bool)):
            yield changed(node, keywords=without(node.keywords, index))
    if name in SWAPPED_NAMES:
        other = SWAPPED_NAMES[name]
        function = changed(node.func, **{"attr" if isinstance(node.func, ast.Attribute) else "id": other})
        yield changed(node, func=function)
    if name in ("var", "std") and not any(keyword.arg == "ddof" for keyword in node.keywords):
        yield changed(node, keywords=[*node.keywords, ast.keyword("ddof", literal(1))])
    if name in CHANGERS and isinstance(node.func, ast.Attribute):
        yield node.func.value
    elif len(node.args) == 1 and name not in CONVERSIONS and not isinstance(node.args[0], ast.Starred):
        yield node.args[0]


def called(node: ast.Call) -> str:
    """Return the last name of what is called."""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


@rule(ast.Attribute)
def transposition(node: ast.Attribute) -> Iterator[ast.AST]:
    if node.attr in ("T", "mT"):
        yield node.value


@rule(ast.Slice)
def section(node: ast.Slice) -> Iterator[ast.AST]:
    for name in ("lower", "upper", "step"):
        if getattr(node, name) is not None:
            yield changed(node, **{name: None})


@rule(ast.Return)
def order_of_results(node: ast.Return) -> Iterator[ast.AST]:
    if isinstance(node.value, ast.Tuple):
        for index in range(len(node.value.elts) - 1):
            yield changed(node, value=changed(node.value, elts=swapped(node.value.elts, index)))


@rule(ast.comprehension)
def condition(node: ast.comprehension) -> Iterator[ast.AST]:
    for index in range(len(node.ifs)):
        yield changed(node, ifs=without(node.ifs, index))


@rule(ast.With)
def context(node: ast.With) -> Iterator[ast.AST]:
    yield ast.If(literal(True), node.body, [])


@rule(ast.Try)
def clean_up(node: ast.Try) -> Iterator[ast.AST]:
    if node.finalbody:
        yield ast.If(literal(True), node.body, [])


@rule(ast.For)
def first_round(node: ast.For) -> Iterator[ast.AST]:
    yield changed(node, body=[*node.body, ast.Break()])


@rule(ast.ClassDef)
def missing_base(node: ast.ClassDef) -> Iterator[ast.AST]:
    for index in range(len(node.bases)):
        yield changed(node, bases=without(node.bases, index))


@rule(ast.ClassDef)
def missing_method(node: ast.ClassDef) -> Iterator[ast.AST]:
    for index, item in enumerate(node.body):
        if isinstance(item, ast.FunctionDef) and item.name != "__init__":
            yield changed(node, body=without(node.body, index) or [ast.Pass()])


@rule(ast.FunctionDef)
def decoration(node: ast.FunctionDef) -> Iterator[ast.AST]:
    for index, decorator in enumerate(node.decorator_list):
        if ast.unparse(decorator) != "Built":
            yield changed(node, decorator_list=without(node.decorator_list, index))


@rule(ast.Match)
def missing_case(node: ast.Match) -> Iterator[ast.AST]:
    for index in range(len(node.cases)):
        yield changed(node, cases=without(node.cases, index))


@dataclass(frozen=True)
class Place:
    """Where a node stands, a field of another node or an item of it, and the expression that it is best seen in."""

    owner: ast.AST
    field: str
    index: int | None
    seen_in: ast.AST | None

    @property
    def node(self) -> Any:
        value = getattr(self.owner, self.field)
        return value if self.index is None else value[self.index]

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.owner, self.field, node)
        else:
            getattr(self.owner, self.field)[self.index] = node

    def text(self) -> str:
        """Return the first line of what stands here, or of what it is seen in when it says too little by itself."""
        first, *rest = ast.unparse(self.seen_in or self.node).splitlines() or [""]
        return f"{first} ..." if rest else first


LEFT_ALONE = {"annotation", "returns", "decorator_list", "exc", "cause"}
SAY_LITTLE = (ast.Constant, ast.keyword, ast.Slice, ast.MatchValue, ast.comprehension, ast.Pass)


def places(owner: ast.AST, seen_in: ast.AST) -> Iterator[Place]:
    """Yield every place below a node where a change can be seen."""
    for field, value in ast.iter_fields(owner):
        if field in LEFT_ALONE:
            continue
        for index, item in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(item, ast.AST) and not is_said(owner, item):
                says_little = isinstance(item, SAY_LITTLE) or isinstance(getattr(item, "operand", None), ast.Constant)
                yield Place(owner, field, index, seen_in if says_little else None)
                yield from places(item, seen_in if says_little else item)


def is_said(owner: ast.AST, node: ast.AST) -> bool:
    """Tell whether a node is text for people: a docstring, a message, the name of an argument that is checked."""
    match owner, node:
        case (_, ast.JoinedStr()) | (ast.Expr(), ast.Constant()):
            return True
        case ast.Call(), ast.Constant(value=str()):
            return called(owner).startswith("require")
    return False


@dataclass(frozen=True)
class Mutant:
    """A program with one change, and a name that stays the same as long as what is changed does."""

    name: str
    source: str


def mutants(program: ast.Module, reached: set[int]) -> Iterator[Mutant]:
    """Yield every mutant of a program of definitions with a change in one of the reached lines, each text once.

    The program is left as it was.
    """
    seen, names = {ast.unparse(program)}, Counter[str]()
    for index, definition in enumerate(program.body):
        for place in (Place(program, "body", index, None), *places(definition, definition)):
            node = place.node
            if getattr(node, "lineno", definition.lineno) not in reached:
                continue
            for other in (other for propose in RULES.get(type(node), []) for other in propose(node)):
                before = place.text()
                place.put(other)
                source, after = ast.unparse(program), place.text()
                place.put(node)
                if source not in seen:
                    seen.add(source)
                    name = f"{title(definition)}: {before} => {after}"
                    names[name] += 1
                    yield Mutant(name if names[name] == 1 else f"{name} #{names[name]}", source)


def title(definition: ast.stmt) -> str:
    """Name a definition: a function, a class, or a constant."""
    return getattr(definition, "name", None) or ast.unparse(definition).split("=")[0].split(":")[0].strip()
