"""Probes stand beside the student's code: what they find comes back as they promise it, and as nothing else."""

import ast
import sys
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import get_type_hints

import numpy as np
import pytest

from autograder.checks import beside
from autograder.checks.ask import Answer, Ask, LocalTransport, Opaque
from autograder.checks.beside.calls import successive
from autograder.checks.beside.detective import Pair, pair
from autograder.checks.beside.respond import PROBES, Facts, place
from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.expect import MALFORMED

MODULES = sorted(Path(beside.__file__).parent.glob("*.py"))

for assignment in ASSIGNMENTS:
    exercises(assignment)


class Same:
    """A layer that does nothing."""

    def __init__(self, rate):
        self.rate = rate

    def __call__(self, x):
        return x


class Reply:
    """A transport that always gives the same value."""

    def __init__(self, value):
        self.value = value

    def ask(self, question):
        return Answer(value=self.value)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_what_is_shown_alone_needs_nothing_of_the_project(path):
    """The process of a submission has NumPy, the standard library and this folder, under another name."""
    imports = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)]
    absolute = [alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names]
    absolute += [str(node.module) for node in imports if isinstance(node, ast.ImportFrom) and node.level == 0]
    allowed = sys.stdlib_module_names | {"numpy", "torch", "keras", "tensorflow"}
    assert {name.partition(".")[0] for name in absolute} <= allowed
    assert {node.level for node in imports if isinstance(node, ast.ImportFrom)} <= {0, 1}


@pytest.mark.parametrize("probe", PROBES.values(), ids=place)
def test_promises_of_probes_can_be_read(probe):
    kind = get_type_hints(probe)["return"]
    assert is_dataclass(kind) == (isinstance(kind, type) and issubclass(kind, Facts))
    for item in fields(kind) if is_dataclass(kind) else ():
        assert item.name in get_type_hints(kind)


def test_probes_have_places_of_their_own():
    assert all(place(probe) == where for where, probe in PROBES.items())
    assert len({(probe.__module__, probe.__name__) for probe in PROBES.values()}) == len(PROBES)


def test_facts_come_back_as_the_class_that_was_promised():
    x = np.ones(3)
    seen = Ask("Same", LocalTransport(Same)).probe(pair, 0.4, x)
    assert type(seen) is Pair
    assert seen.shared is False
    assert [output.tolist() for output in seen.outputs] == [[1, 1, 1]] * 2


@pytest.mark.parametrize("value", [None, 3, [], {}, {"outputs": []}, {"outputs": 1, "shared": True}, {"other": 1}])
def test_other_facts_are_malformed(value):
    with pytest.raises(MALFORMED):
        Ask("Same", Reply(value)).probe(pair, 0.4, 1)


def test_a_dataclass_of_the_students_own_is_no_plain_data():
    @dataclass
    class Mine:
        y: int

    assert Ask("f", LocalTransport(lambda: Mine(3)))() == Opaque("Mine")
    assert Ask("f", LocalTransport(lambda: Mine(3))).probe(successive, 1) == [Opaque("Mine")]
