"""R4: what judging an answer may take of the machine, and what becomes of one that takes more."""

import resource
from dataclasses import replace

import numpy as np
import pytest

from autograder.checks import catalogue
from autograder.grading.memory import MB, bounded
from autograder.grading.sitting import TOO_MUCH, Sitting
from autograder.kernels.limits import Limits
from autograder.kernels.session import Cell
from autograder.kernels.worker import open_worker
from tests.grading.conftest import ASSIGNMENT

LIMIT = 64 * MB


def test_what_takes_more_raises_until_the_block_is_left():
    before = resource.getrlimit(resource.RLIMIT_AS)
    with bounded(64):
        np.ones(LIMIT // 16)
        with pytest.raises(MemoryError):
            np.ones(LIMIT // 4)
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    assert len(np.ones(LIMIT // 4)) == LIMIT // 4


def greedy(*_):
    np.ones(LIMIT)


def test_an_answer_that_makes_a_judge_take_too_much_is_a_verdict_that_names_its_exercise():
    first, *_ = catalogue.exercises(ASSIGNMENT)
    requirements = (replace(first.requirements[0], check=greedy), *first.requirements[1:])
    sitting = Sitting([replace(first, requirements=requirements)], None, seed=1)
    with bounded(64):
        sitting.judge(first.name)
    [verdict] = sitting.verdicts
    assert (verdict.status, verdict.points) == ("error", 0)
    assert {requirement.message for requirement in verdict.requirements} == {TOO_MUCH}
    assert sitting.faults[0].startswith(f"{first.name}: ")
    assert "MemoryError" in sitting.faults[0]


def test_a_submission_is_not_bounded_with_its_judge():
    with bounded(256):
        worker = open_worker("process", heavy=False)
        with worker.session(Limits()) as session:
            [result] = session.run([Cell("1", "import resource\nprint(resource.getrlimit(resource.RLIMIT_AS)[0])")])
    assert int(result.output) == resource.getrlimit(resource.RLIMIT_AS)[1]
