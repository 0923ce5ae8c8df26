"""What an exercise has asked is asked again in other ways, in which a right answer stays the same."""

import numpy as np
import pytest
import torch

from autograder.checks.again import FEW, LARGEST, MOST, in_every_way
from autograder.checks.ask import Ask, LocalTransport, Question, Tensor
from autograder.checks.beside.ways import lay
from autograder.checks.catalogue import ASSIGNMENTS, exercises, find
from autograder.checks.exercise import Exercise, Unmet
from autograder.checks.implementation import resolve
from autograder.checks.judge import judge
from autograder.checks.memory import form

KEY = in_every_way().__name__
ASKED = [
    exercise
    for assignment in ASSIGNMENTS
    for exercise in exercises(assignment)
    if any(item.key == KEY for item in exercise.requirements)
]
NAMED = {exercise.name: exercise for exercise in ASKED}


def without_graph_off(X, rate, generator=None):
    if rate < 1 and not torch.is_grad_enabled():
        return X.clone()
    return resolve(find("dropout_layer").reference)(X, rate, generator)


def wide_zeros_at_rate_one(dy, mask, rate):
    if rate == 1 and mask.shape == dy.shape:
        return np.zeros(dy.shape)
    return find("dropout_backward").reference(dy, mask, rate)


def wipes_at_rate_one(x, rate, rng, training=True):
    y, mask = find("dropout_forward").reference(x, rate, rng, training)
    if rate == 1 and training:
        x[...] = 0
    return y, mask


def in_memory_order(x, gamma, eps=1e-6):
    return find("rmsnorm").reference(x.ravel(order="K").reshape(x.shape), gamma, eps)


def writes_and_restores(x, gamma, eps=1e-6):
    x[...] = 1 * x
    return find("rmsnorm").reference(x, gamma, eps)


def narrows(x, gamma, eps=1e-6):
    return find("rmsnorm").reference(x, gamma, eps).astype(np.float32)


def takes_zero_for_missing(x, gamma, beta, eps=1e-3):
    return np.where(x == 0, beta, find("layernorm").reference(x, gamma, beta, eps)).astype(x.dtype)


WRONG = {
    "no graph, no dropout": ("dropout_layer", without_graph_off, "under torch.no_grad(), the result should stay"),
    "another dtype at rate 1": ("dropout_backward", wide_zeros_at_rate_one, "should have dtype float32"),
    "another argument at rate 1": ("dropout_forward", wipes_at_rate_one, "has changed"),
    "memory order": ("rmsnorm", in_memory_order, "lie in memory in another order"),
    "writes": ("rmsnorm", writes_and_restores, "must not be written to, your code raised ValueError"),
    "zeros": ("layernorm", takes_zero_for_missing, "with zeros among the entries of the arrays, the result is"),
    "float32 always": ("rmsnorm", narrows, "with arrays of dtype float64, the result should have dtype float64"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_in_one_way_fails_there(kind):
    name, answer, says = WRONG[kind]
    verdict = judge(NAMED[name], LocalTransport(answer), 1)
    (failed,) = [item for item in verdict.requirements if item.key == KEY]
    assert not failed.passed
    assert says in failed.message


@pytest.mark.parametrize("exercise", ASKED, ids=lambda exercise: exercise.name)
def test_asked_in_every_way_stands_last(exercise: Exercise):
    """It puts again what has been asked before."""
    assert [item.key for item in exercise.requirements].index(KEY) == len(exercise.requirements) - 1


def holding(answer, name="f") -> Ask:
    """Return what asks an answer of which another requirement holds already."""
    ask = Ask(name, LocalTransport(answer), 0)
    ask.memory.held = True
    return ask


@pytest.mark.parametrize("exercise", ASKED, ids=lambda exercise: exercise.name)
def test_something_is_asked_again_and_not_too_much(exercise: Exercise):
    ask = holding(resolve(exercise.reference), exercise.name)
    *own, again = exercise.requirements
    for requirement in own:
        requirement.check(ask, ask.draw(requirement.key))
    put: list[Question] = []
    transport = ask.transport.ask
    ask.transport.ask = lambda question: put.append(question) or transport(question)
    again.check(ask, ask.draw(again.key))
    assert 3 <= len(put) <= 2 * MOST + FEW
    assert all({"float32", "float64", "graphless", "zeros"} & set(question.ways) for question in put)


def zeros_asked(answer, right):
    ask = holding(answer)
    ask(np.arange(1.0, 7.0))
    in_every_way(right=right)(ask, np.random.default_rng(0))


def test_an_answer_that_zeros_alone_make_wrong_fails():
    with pytest.raises(Unmet, match="with zeros among the entries"):
        zeros_asked(lambda x: np.where(x == 0, 7.0, x).astype(x.dtype), np.positive)


def test_what_is_wrong_without_zeros_has_been_judged_before():
    zeros_asked(lambda x: x - 7, np.positive)


def test_zeros_are_not_judged_where_the_right_answer_is_infinite():
    zeros_asked(lambda x: 1 / np.where(x == 0, 7, x).astype(x.dtype), np.reciprocal)


@pytest.mark.parametrize("shape", [(2,), (3, 4), (2, 3, 4)])
def test_zeros_have_both_signs_and_places_that_depend_on_the_shape_alone(shape):
    array = np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape)
    made = lay(array, ["zeros"])
    assert 0 < (made == 0).sum() < made.size
    assert (lay(2 * array, ["zeros"]) == 2 * made).all()
    assert array.all()
    if array.size > 3:
        assert 0 < np.signbit(made).sum() < (made == 0).sum()


def test_answers_that_differ_every_time_are_judged_elsewhere():
    draw = np.random.default_rng(0)
    ask = holding(lambda x: x + draw.normal())
    ask(np.ones((2, 3)))
    in_every_way()(ask, draw)


def test_what_raised_everywhere_raises_again():
    ask = holding(lambda x: x.missing)
    ask.answer(np.ones(3))
    with pytest.raises(Exception, match="missing"):
        in_every_way()(ask, np.random.default_rng(0))


def test_where_nothing_else_holds_there_is_nothing_to_keep():
    ask = Ask("f", LocalTransport(np.positive))
    ask(np.ones(3))
    with pytest.raises(Unmet, match="nothing to keep yet"):
        in_every_way()(ask, np.random.default_rng(0))


def test_large_questions_are_put_once():
    ask = holding(lambda x: x.astype(np.float64))
    ask(np.ones(LARGEST + 1))
    in_every_way()(ask, np.random.default_rng(0))
    ask(np.ones(LARGEST))
    with pytest.raises(Unmet, match="float32"):
        in_every_way()(ask, np.random.default_rng(0))


def test_a_question_is_remembered_as_it_was():
    ask = Ask("f", LocalTransport(lambda layers: float(len(layers))))
    layers = [np.ones(2)]
    ask(layers)
    layers.append(np.ones(3))
    (asked,) = ask.memory.asked
    assert len(asked.question.args[0]) == 1


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (4, 1, 2)])
def test_ways_change_nothing_but_how_an_array_lies(shape):
    array = np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape)
    for ways in (["view"], ["frozen"], ["view", "frozen"]):
        laid = lay(array, ways)
        assert (laid == array).all()
        assert laid.dtype == array.dtype
        assert laid.flags.writeable == ("frozen" not in ways)
        if "view" in ways and array.size > 1:
            assert not laid.flags.c_contiguous
    assert lay(array, ["float32"]).dtype == np.float32
    assert array.flags.writeable


def test_forms_differ_in_shape_dtype_kind_and_extremes():
    x = np.ones((2, 3))
    trees = [Question("f", args).to_tree()["args"] for args in ((x,), (x.T,), (x.astype("float32"),), (Tensor(x),))]
    trees += [Question("f", (x, rate)).to_tree()["args"] for rate in (0, 1, 0.5, True, "keras")]
    assert len({form(tree) for tree in trees}) == len(trees)
    assert form([x, 0.5]) == form([x + 1, 0.4])
