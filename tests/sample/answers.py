"""An answer as a student hands it in: the source of a right variant or of a misconception, as the text of a cell."""

import ast
import inspect
import re
import textwrap
from types import FunctionType, ModuleType

from autograder.checks.exercise import Built, Exercise, Implementation


def right(exercise: Exercise, style: int) -> str:
    """Return a right answer; styles differ as long as the exercise has variants, and go round then."""
    return cell(exercise.name, exercise.variants[style % len(exercise.variants)])


def wrong(exercise: Exercise, misconception: str) -> str:
    """Return the answer of somebody who has this misconception."""
    return cell(exercise.name, exercise.misconception(misconception).wrong)


def cell(name: str, implementation: Implementation) -> str:
    """Return a cell that defines `name` as this implementation.

    An implementation that leans on other functions or imports of its module brings them along inside a function,
    because the answers of one notebook share their namespace.
    """
    answer = implementation.factory if isinstance(implementation, Built) else implementation
    needs = surroundings(answer)
    if not needs and not isinstance(implementation, Built):
        return re.sub(rf"\b{answer.__name__}\b", name, source(answer))
    result = f"{answer.__name__}()" if isinstance(implementation, Built) else answer.__name__
    body = "\n\n".join([*needs, source(answer), f"return {result}"])
    return f"def answer():\n{textwrap.indent(body, '    ')}\n\n\n{name} = answer()\n"


def source(definition: FunctionType | type) -> str:
    """Return the source of a function or class, without the decorator that declares it."""
    text = textwrap.dedent(inspect.getsource(definition))
    return text[re.search(r"^(def|class) ", text, re.MULTILINE).start() :]


def surroundings(answer: FunctionType | type, known: tuple[str, ...] = ("np",)) -> list[str]:
    """Return what defines the global names that an answer uses, in order; notebooks have NumPy as np already."""
    namespace = inspect.getmodule(answer).__dict__
    used = {node.id for node in ast.walk(ast.parse(source(answer))) if isinstance(node, ast.Name)}
    lines: list[str] = []
    for name in sorted(used & namespace.keys() - {answer.__name__, *known}):
        value = namespace[name]
        if isinstance(value, ModuleType):
            lines.append(f"import {name}" if value.__name__ == name else f"import {value.__name__} as {name}")
        elif inspect.getmodule(value) and inspect.getmodule(value).__name__.startswith("autograder"):
            lines += [*surroundings(value, (*known, answer.__name__)), source(value)]
        elif callable(value):
            lines.append(f"from {value.__module__} import {value.__name__} as {name}")
        else:
            lines.append(f"{name} = {value!r}")
    return list(dict.fromkeys(lines))
