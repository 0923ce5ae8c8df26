"""The solution of an assignment whose course has written none: made from what its exercises declare."""

import ast
import inspect
from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.checks.exercise import Exercise

IMPORTS = "imports"
CHECK = "from autograder import check"


class Undrafted(Exception):
    """An exercise does not say what its notebook should hold; the message says why."""


def draft(source: str, exercises: tuple[Exercise, ...]) -> NotebookNode:
    """Return the solution of an assignment as a notebook, with its cells marked as nbgrader wants them.

    Its docstring becomes the text, what it imports from elsewhere is imported, and each reference becomes an answer,
    whose docstring says to students what is asked.

    Args:
        source: of the file that declares the assignment.
        exercises: what it declares.

    Raises:
        Undrafted: a reference is no plain function with a docstring.
    """
    module = ast.parse(source)
    cells = [new_markdown_cell(_text(ast.get_docstring(module) or "")), _locked(IMPORTS, _imports(module))]
    for number, exercise in enumerate(exercises, 1):
        cells += _cells(number, exercise)
    notebook: NotebookNode = new_notebook(cells=cells)
    return notebook


def _text(docstring: str) -> str:
    title, _, rest = docstring.partition("\n")
    return f"# {title.rstrip('.')}\n{rest}".rstrip()


def _imports(module: ast.Module) -> str:
    """Return what the file imports from elsewhere, and the check."""
    statements = [ast.unparse(node) for node in module.body if isinstance(node, ast.Import | ast.ImportFrom)]
    others = [line for line in statements if not line.startswith(("from autograder", "import autograder"))]
    return "\n".join([*others, *([""] if others else []), CHECK])


def _cells(number: int, exercise: Exercise) -> Iterator[NotebookNode]:
    asked = "\n".join(f"- {item.name} ({item.points:g})" for item in exercise.requirements)
    yield new_markdown_cell(f"## {number}. {exercise.name}\n\nWhat is checked, and the points for it:\n\n{asked}")
    yield _cell(exercise.name, _answer(exercise), solution=True)
    yield _locked(f"{exercise.name}_check", f"check({exercise.name})", grade=True, points=exercise.points)


def _answer(exercise: Exercise) -> str:
    """Return the reference as an answer under the name of the exercise, with everything behind its docstring marked."""
    if not inspect.isfunction(exercise.reference) or not exercise.reference.__doc__:
        raise Undrafted(f"{exercise.name} is no plain function with a docstring that says what is asked")
    lines = inspect.getsource(exercise.reference).splitlines()
    (written,) = ast.parse("\n".join(lines)).body
    assert isinstance(written, ast.FunctionDef)
    documented = written.body[0].end_lineno or 0
    head = "\n".join(lines[written.lineno - 1 : documented]).replace(written.name, exercise.name, 1)
    body = lines[documented:]
    while body and not body[0].strip():
        del body[0]
    return "\n".join([head, "    ### BEGIN SOLUTION", *body, "    ### END SOLUTION"])


def _locked(grade_id: str, source: str, **marks: Any) -> NotebookNode:
    return _cell(grade_id, source, locked=True, **marks)


def _cell(grade_id: str, source: str, **marks: Any) -> NotebookNode:
    settled = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    own = settled | {"grade_id": grade_id, "cell_type": "code"} | marks
    cell: NotebookNode = new_code_cell(source, metadata={"nbgrader": own})
    return cell
