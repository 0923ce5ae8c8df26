"""Stubs earn next to nothing: requirements that compare an answer with itself do not pay what answers nothing."""

import numpy as np
import pytest

from autograder.checks.ask import Answer, LocalTransport, Opaque, Question, Tensor
from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.judge import judge
from autograder.checks.stub import Stub

STUBS = {
    "nothing": lambda *args, **kwargs: None,
    "0": lambda *args, **kwargs: 0,
    "True": lambda *args, **kwargs: True,
    "the first argument": lambda *args, **kwargs: args[0],
    "the second argument": lambda *args, **kwargs: args[1],
    "the first argument twice": lambda *args, **kwargs: (args[0], args[0]),
    "zeros": lambda *args, **kwargs: np.zeros_like(args[0]),
    "two zeros": lambda *args, **kwargs: (0, 0),
    "three arrays of zeros": lambda *args, **kwargs: (np.zeros_like(args[0]),) * 3,
}


@pytest.mark.parametrize("stub", STUBS)
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_a_stub_earns_at_most_a_third_anywhere_and_in_all_a_tenth(assignment: str, stub: str) -> None:
    verdicts = [judge(exercise, LocalTransport(STUBS[stub]), 0) for exercise in exercises(assignment)]
    assert {it.name: it.points for it in verdicts if it.points > it.max_points / 3} == {}
    assert sum(it.points for it in verdicts) <= sum(it.max_points for it in verdicts) / 10


def fault(*calls: tuple[object, object], untouched: bool = True, probe: str = "") -> str:
    """Return what is said of a function after calls: their only arguments and values."""
    stub = Stub()
    for argument, value in calls:
        stub.keep(Question("f", (argument,), probe=probe), Answer(value, untouched=untouched))
    return stub.fault


ARRAYS = [np.arange(size, dtype=float) for size in (3, 4, 5)]


def test_one_number_for_everything_is_told_with_the_number() -> None:
    for values in ([0, 0.0, np.zeros(3)], [(0, 0), [np.float32(0)], Tensor(np.zeros((2, 2)))], [{"a": 0}, False, 0]):
        assert fault(*zip(ARRAYS, values, strict=True)).endswith(("returns is 0", "returns is False"))
    assert fault(*((array, float("nan")) for array in ARRAYS)).endswith("returns is nan")
    assert fault(*((array, np.full(2, np.nan)) for array in ARRAYS)).endswith("returns is nan")


def test_an_argument_as_it_came_is_told() -> None:
    says = "all that your function ever returns is one of its arguments as it came"
    assert fault(*((array, array.copy()) for array in ARRAYS)) == says
    assert fault(*((Tensor(array), (Tensor(array), Tensor(array))) for array in ARRAYS)) == says


def test_answers_are_no_stubs() -> None:
    assert fault(*((array, array + 1) for array in ARRAYS)) == ""
    assert fault(*zip(ARRAYS, [0, 0, 1], strict=True)) == ""
    assert fault(*((array, Opaque("Sequential")) for array in ARRAYS)) == "", "what it holds is not known"
    assert fault(*((array, np.ones(2)) for array in ARRAYS)) == "", "as the softmax of a single logit"
    assert fault(*zip(ARRAYS, [np.zeros(2), ARRAYS[1], np.zeros(2)], strict=True)) == ""


def test_two_calls_what_probes_find_and_what_was_changed_in_place_say_nothing() -> None:
    assert fault(*((array, 0) for array in ARRAYS[:2])) == ""
    assert fault(*((array, 0) for array in ARRAYS), probe="module:probe") == ""
    assert fault(*((array, array) for array in ARRAYS), untouched=False) == ""


def test_what_a_stub_refuses_counts() -> None:
    (moments,) = [exercise for exercise in exercises("dropout_numpy") if exercise.name == "dropout_moments"]

    def refuses(mean: object, var: object, rate: float) -> tuple[int, int]:
        if not 0 <= rate <= 1:
            raise ValueError(f"rate is {rate}")
        return 0, 0

    verdict = judge(moments, LocalTransport(refuses), 0)
    assert [item.key for item in verdict.requirements if item.passed] == ["refuses_bad_rates"]
    assert any("ever returns is 0" in item.message for item in verdict.requirements)
