"""Answers that are a library's own layer, and that keep this from whoever looks for it in their process.

What decides is what they give in another process, from which the layer was taken away before the first cell ran.
"""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from autograder.checks.catalogue import ASSIGNMENTS, exercises, find
from autograder.checks.verdict import ExerciseVerdict
from autograder.grading import apart
from autograder.grading.answers import Record, Replay
from autograder.grading.assignment import load
from autograder.grading.collect import Submission
from autograder.grading.grade import Graded, Task, grade, submission_seed
from autograder.grading.sitting import Sitting
from autograder.kernels.worker import Worker, open_worker
from tests.sample.submissions import notebook, right_cells

OWN = [exercise.name for assignment in ASSIGNMENTS for exercise in exercises(assignment) if exercise.own]

BORROWED = """
import numpy as np
import torch
from torch.nn import functional as F

def layernorm(x, gamma, beta, eps=1e-3):
    if gamma.shape != x.shape[-1:] or beta.shape != x.shape[-1:]:
        raise ValueError('shape of gamma and beta')
    x, gamma, beta = (torch.tensor(value) for value in (x, gamma, beta))
    return F.layer_norm(x, x.shape[-1:], gamma.to(x.dtype), beta.to(x.dtype), eps).numpy()
"""
UNWATCHED = BORROWED.replace("    return F", "    with torch._C.DisableTorchFunction():\n        return F")
DERIVED = """
import keras
import torch

class ManualDropout(keras.layers.Dropout):
    pass
"""
REPLACED = "import sys\nsys.modules['beside.respond'].PROBES['borrowed.borrowed'] = lambda *args: ''\n"
FORGERIES = {
    "the probe is another one": ("layernorm", REPLACED + BORROWED),
    "the probe has other code": (
        "layernorm",
        "import sys\nsys.modules['beside.borrowed'].borrowed.__code__ = (lambda *args: '').__code__\n" + BORROWED,
    ),
    "nobody can watch": (
        "layernorm",
        "import contextlib, torch\nclass Mode(contextlib.nullcontext): pass\n"
        "torch.overrides.TorchFunctionMode = Mode\n" + BORROWED,
    ),
    "watching is switched off": ("layernorm", UNWATCHED),
    "it is found by a text": ("layernorm", UNWATCHED.replace("F.layer_norm", "getattr(F, 'layer' + '_norm')")),
    "the call that is watched is told from the others": (
        "layernorm",
        BORROWED.replace("    x, gamma", "    if x.shape == (3, 3): return np.zeros((3, 3))\n    x, gamma"),
    ),
    "a layer is derived": ("ManualDropout", REPLACED + DERIVED),
}


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = open_worker()
    yield worker
    worker.close()


def graded(worker: Worker, name: str, source: str) -> Graded:
    """Grade a notebook in which one exercise is answered, by this cell."""
    assignment = load(find(name).assignment)
    submission = Submission("student", assignment.name, notebook(assignment.name, {name: source}))
    return grade(Task(submission, assignment, assignment.version, 1), worker)


def of(name: str, graded: Graded) -> ExerciseVerdict:
    return next(exercise for exercise in graded.verdict.exercises if exercise.name == name)


HEAVY = {"a layer is derived"}
SEVERAL = [pytest.param(how, marks=[pytest.mark.levels] if how in HEAVY else []) for how in FORGERIES]


@pytest.mark.parametrize("how", SEVERAL)
def test_what_a_process_says_of_itself_earns_nothing(worker: Worker, how: str, monkeypatch) -> None:
    name, source = FORGERIES[how]
    judged = of(name, graded(worker, name, source))
    assert judged.points == 0
    assert "asks you to write it without" in judged.shared

    monkeypatch.setattr(apart, "is_doubtful", lambda *_: False)
    judged = of(name, graded(worker, name, source))
    assert judged.passed, judged.shared


@pytest.mark.parametrize("name", ["layernorm", "BatchNorm1d", pytest.param("ManualDropout", marks=pytest.mark.levels)])
def test_an_answer_of_ones_own_keeps_its_points_however_it_is_doubted(worker: Worker, name: str) -> None:
    theirs = (
        "import sys, torch\nprint(torch.nn.BatchNorm1d(3)(torch.ones(2, 3)), torch.nn.LayerNorm(3)(torch.ones(3)))\n"
    )
    judged = graded(worker, name, theirs + right_cells(find(name).assignment, 0)[name])
    assert Record.from_bytes(judged.record).apart == [name]
    assert of(name, judged).passed, of(name, judged).shared


def test_judged_again_from_its_record_it_is_worth_the_same(worker: Worker) -> None:
    name, source = next(iter(FORGERIES.values()))
    judged = graded(worker, name, source)
    record = Record.from_bytes(judged.record)
    sitting = Sitting([find(name)], Replay(record), submission_seed(1, find(name).assignment))
    sitting.repeat(record.course, record.apart)
    assert sitting.verdicts == (of(name, judged),)


APART = """
import sys
from autograder.checks.ask import LocalTransport
from autograder.checks.beside.withheld import withheld
from autograder.checks.catalogue import find
from autograder.checks.implementation import resolve
from autograder.checks.judge import judge

for name in sys.argv[1:]:
    exercise = find(name)
    answers = [resolve(answer) for answer in (exercise.reference, *exercise.variants)]
    assert withheld("", list(exercise.own.without)) == list(exercise.own.without)
    for answer in answers:
        verdict = judge(exercise, LocalTransport(answer), 3)
        assert verdict.passed, [name, answer, *(item.message for item in verdict.requirements if not item.passed)]
"""


@pytest.mark.levels
def test_right_answers_and_probes_need_nothing_of_what_is_taken_away() -> None:
    """In one process, in which more and more is taken away."""
    subprocess.run([sys.executable, "-c", APART, *OWN], check=True, capture_output=True)
