"""The notebooks state what is asked: every argument that is refused says so, and every notebook has its rules."""

import ast
import inspect
import re
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest

from autograder.checks.ask import Answer, LocalTransport, Question, Tensor, Value
from autograder.checks.catalogue import ASSIGNMENTS, exercises, find
from autograder.checks.exercise import Exercise
from autograder.checks.implementation import resolve
from autograder.checks.judge import judge
from autograder.checks.rules import TITLE, rules

SOLUTIONS, RELEASED = (Path(__file__).parents[2] / name for name in ("solutions", "exercises"))
EXERCISES = [exercise for name in ASSIGNMENTS for exercise in exercises(name)]


class Recorder(LocalTransport):
    """Asks an answer and keeps every question with what came back."""

    def __init__(self, subject: object) -> None:
        super().__init__(subject)
        self.asked: list[tuple[Question, Answer]] = []

    def ask(self, question: Question) -> Answer:
        answer = super().ask(question)
        self.asked.append((question, answer))
        return answer


@cache
def recorded(name: str) -> list[tuple[Question, Answer]]:
    (exercise,) = (exercise for exercise in EXERCISES if exercise.name == name)
    transport = Recorder(resolve(exercise.reference))
    judge(exercise, transport, 0)
    return transport.asked


def alike(one: Value, other: Value) -> bool:
    """Tell whether two arguments are arrays of one shape, or equal."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        one, other = one.array, other.array
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.shape == other.shape
    return type(one) is type(other) and repr(one) == repr(other)


def refused_arguments(exercise: Exercise) -> set[str]:
    """Return the parameters that differ between calls that are refused and the nearest one that is answered.

    Of several the message says which.
    """
    signature = inspect.signature(resolve(exercise.reference))
    bound = [
        (dict(signature.bind(*question.args, **question.kwargs).arguments), answer.raised)
        for question, answer in recorded(exercise.name)
        if not question.probe
    ]
    answered: list[dict[str, Value]] = []
    refused: set[str] = set()
    for arguments, raised in bound:
        if raised is None:
            answered.insert(0, arguments)
        elif "ValueError" in raised.kinds:
            changed = [
                {name for name in arguments if not alike(arguments[name], other.get(name))} for other in answered
            ]
            nearest = min(changed, key=len) - {"rng", "generator"}
            named = {name for name in nearest if re.search(rf"\b{name}\b", raised.message)}
            refused |= named or nearest
    return refused


@cache
def definitions(assignment: str) -> dict[str, ast.FunctionDef | ast.ClassDef]:
    tree = ast.parse((SOLUTIONS / f"{assignment}.py").read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def documented(exercise: Exercise) -> str:
    """Return the docstrings of an answer's definition and, in a class, of its methods."""
    nodes = [
        node
        for node in ast.walk(definitions(exercise.assignment)[exercise.name])
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    ]
    return "\n".join(ast.get_docstring(node) or "" for node in nodes)


def line_of(docstring: str, name: str) -> str:
    """Return what a docstring says of an argument."""
    found = re.search(rf"^    {name}: (.*(?:\n        .*)*)", docstring, re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_every_argument_that_is_refused_says_so(exercise: Exercise):
    probed = any(
        answer.raised is not None and "ValueError" in answer.raised.kinds
        for question, answer in recorded(exercise.name)
        if question.probe
    )
    text = documented(exercise)
    assert "ValueError" in text or not probed
    silent = [name for name in refused_arguments(exercise) if "ValueError" not in line_of(text, name)]
    assert not silent, "refused, and the docstring does not say so"


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_notebook_has_the_rules_that_its_exercises_make(assignment):
    """`autograder release` writes them, and no solution has them by hand."""
    notebook = nbformat.read(RELEASED / assignment / f"{assignment}.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells)
    assert rules(exercises(assignment)) in text
    assert text.count(TITLE) == 1
    assert TITLE not in (SOLUTIONS / f"{assignment}.py").read_text(encoding="utf-8")


def test_a_notebook_says_nothing_that_no_exercise_asks():
    moments, forward, layer = map(find, ("dropout_moments", "dropout_forward", "dropout_layer"))
    assert "`ValueError`" in rules([moments])
    assert "dtype" not in rules([moments])
    assert "gradients" not in rules([moments, forward])
    assert "gradients" in rules([moments, layer])
