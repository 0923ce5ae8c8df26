"""Whether a submission could rest on a library's own layer and keep that from whoever looks for it in its process.

It is decided from the text alone: what names no such layer, and nothing with which code reaches what it was not given,
can do neither. Where there is doubt, an answer is asked again in a process from which that layer was taken away. So a
text that is doubted for nothing costs its author nothing.
"""

import ast
from collections.abc import Iterator, Sequence

from autograder.kernels.names import names_of, without_magics
from autograder.kernels.needed import is_readable
from autograder.kernels.notebook import NotebookCell
from autograder.kernels.session import Cell

PLAIN = frozenset(
    {
        *("abc", "autograder", "collections", "contextlib", "copy", "dataclasses", "decimal", "enum", "fractions"),
        *("functools", "itertools", "json", "keras", "math", "matplotlib", "numbers", "numpy", "random", "statistics"),
        *("tensorflow", "time", "torch", "typing", "warnings"),
    }
)
"""Libraries that answers use, none of which is made for reaching into a process."""

BUILTIN = frozenset(
    {
        *("breakpoint", "compile", "delattr", "dir", "eval", "exec", "get_ipython", "getattr", "globals", "locals"),
        *("open", "setattr", "vars"),
    }
)
"""What reaches further when it stands alone; `model.eval()` and `model.compile()` are something else."""

REFLECTIVE = frozenset(
    {
        *("attrgetter", "builtins", "code", "codecs", "ctypes", "f_back", "f_globals", "f_locals", "frame", "gc"),
        *("ag_frame", "cr_frame", "gi_frame", "tb_frame", "import", "importlib", "inspect", "io", "load"),
        *("load_model", "marshal", "methodcaller", "mro", "multiprocessing", "operator", "os", "pickle", "settrace"),
        *("setprofile", "*", "subprocess", "sys", "threading", "types", "unittest"),
    }
)
"""Names with which code reaches objects that it was not given; underscores around them make no difference."""

SETTINGS = frozenset({"activation", "data", "grad", "momentum", "p", "rate", "requires_grad", "trainable", "training"})
"""Attributes of layers and tensors that are set from outside, none of which takes part in how a question is put."""

USUAL = frozenset({"__init__", "__name__", "__class__", "__call__", "__len__", "__getitem__", "__iter__", "__repr__"})
"""Names with two underscores that ordinary classes have."""


def is_doubtful(cells: Sequence[Cell], released: Sequence[NotebookCell], exercise: str, paths: Sequence[str]) -> bool:
    """Tell whether an answer has to be asked again without what stands at these paths.

    Args:
        cells: those that run and the checks, in order.
        released: the released notebook; what stands there reaches for nothing.
        exercise: whose answer it is.
        paths: what it is to be written without, as "torch.nn.BatchNorm1d".
    """
    given = {cell.source for cell in released}
    own = [cell for cell in cells if not cell.is_check and cell.source not in given]
    if not is_readable(own) or any(reaches(cell.source) for cell in own):
        return True
    libraries, names = ({path.split(".")[place] for path in paths} for place in (0, -1))
    trees = [tree for cell in cells if not cell.is_check and (tree := parsed(cell.source))]
    if not any(libraries & set(modules(tree)) for tree in trees):
        return False
    statements = [ast.unparse(statement) for tree in trees for statement in tree.body]
    rests = [ast.parse(statement) for statement in resting_on(statements, exercise)]
    return any(not names.isdisjoint(map(plain, identifiers(tree))) for tree in rests)


def reaches(source: str) -> bool:
    """Tell whether a cell names anything with which code reaches what it was not given, or is no plain Python."""
    tree = parsed(source)
    if tree is None or not PLAIN.issuperset(modules(tree)):
        return True
    # `getattr(module, "rate")` reaches no further than `module.rate`; by another name, or with another text, it may.
    plainly = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call) and _names_its_attribute(node)]
    return any(_reaches(node) for node in ast.walk(tree) if node not in plainly)


def _names_its_attribute(call: ast.Call) -> bool:
    match call:
        case ast.Call(func=ast.Name("getattr"), args=[_, ast.Constant(value=str(name)), *_]):
            return not _is_reflective(name)
    return False


def _reaches(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name("self"), attr=name):
            return _is_reflective(name)
        case ast.Attribute(attr=name, ctx=ast.Store() | ast.Del()):
            return name not in SETTINGS
        case ast.Name(id=name):
            return name in BUILTIN or _is_reflective(name)
        case ast.Attribute(attr=name) | ast.FunctionDef(name=name) | ast.alias(name=name):
            return any(map(_is_reflective, name.split(".")))
    return False


def _is_reflective(name: str) -> bool:
    is_special = name.startswith("__") and name.endswith("__")
    return plain(name) in REFLECTIVE or (is_special and name not in USUAL)


def parsed(source: str) -> ast.Module | None:
    """Return what a cell says, None when it is no Python or full of magic."""
    try:
        return ast.parse(without_magics(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def modules(tree: ast.Module) -> Iterator[str]:
    """Yield the libraries that are imported, by the first part of their names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0] if not node.level else ""


def identifiers(tree: ast.Module) -> Iterator[str]:
    """Yield every name that is imported, or looked up and not defined in here, and every text that could be one."""
    kinds = ast.ClassDef | ast.FunctionDef
    defined = {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                yield name
            case ast.Name(id=name, ctx=ast.Load()) if name not in defined:
                yield name
            case ast.alias(name=name):
                yield from name.split(".")


def resting_on(statements: Sequence[str], name: str) -> list[str]:
    """Return the statements that define a name, and all that give or may change what these speak of."""
    names = [names_of(statement) for statement in statements]
    variables = frozenset[str]().union(*(it.variables for it in names))
    gives = [it.bound | (it.at_once & variables) for it in names]
    found, left = set[int](), [place for place, it in enumerate(names) if name in it.bound]
    while left:
        place = left.pop()
        if place not in found:
            found.add(place)
            for asked in names[place].at_once:
                above = [other for other in range(place) if asked in gives[other]]
                defined = [other for other in above if asked in names[other].bound and _defines(statements[other])]
                left += above[above.index(defined[-1]) :] if defined else above
            left += [other for other, given in enumerate(gives) if not names[place].later.isdisjoint(given)]
    return [statements[place] for place in sorted(found)]


def _defines(statement: str) -> bool:
    """Tell whether a statement always gives its name a meaning, so that what it stood for before is out of reach."""
    return statement.startswith(("def ", "class ", "import ", "from "))


def plain(name: str) -> str:
    return name.strip("_").removeprefix("native_")
