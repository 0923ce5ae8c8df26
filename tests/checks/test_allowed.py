"""What an exercise asks to write is no answer when a library has written it, and the check says so in a sentence."""

import functools
from pathlib import Path

import keras
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from autograder.checks.ask import Ask, LocalTransport
from autograder.checks.beside.borrowed import borrowed, named
from autograder.checks.catalogue import ASSIGNMENTS, exercises, find
from autograder.checks.implementation import resolve
from autograder.checks.judge import judge

SOLUTIONS = Path(__file__).parents[2] / "solutions"
OWN = [exercise for assignment in ASSIGNMENTS for exercise in exercises(assignment) if exercise.own]
BORROWED = []


def borrows(exercise, path):
    """List what is decorated as an answer that is, or rests on, what a library has at this path."""

    def listed(answer):
        BORROWED.append(pytest.param(exercise, path, answer, id=f"{exercise}-{answer.__name__}"))
        return answer

    return listed


borrows("BatchNorm1d", "torch.nn.BatchNorm1d")(nn.BatchNorm1d)
borrows("dropout_layer", "torch.nn.functional.dropout")(functional.dropout)
borrows("ManualDropout", "keras.layers.Dropout")(keras.layers.Dropout)


@borrows("NoiseLayer", "torch.nn.Dropout")
class Renamed(nn.Dropout):
    pass


@borrows("ManualDropout", "keras.layers.Dropout")
class Derived(keras.layers.Dropout):
    def call(self, inputs, training=False):
        return super().call(inputs, training=training)


@borrows("ManualDropout", "keras.layers.Dropout")
class Holding(keras.layers.Layer):
    def __init__(self, rate, seed=None, **settings):
        super().__init__(**settings)
        self.dropout = keras.layers.Dropout(rate, seed=seed)

    def call(self, inputs, training=False):
        return self.dropout(inputs, training=training)


@borrows("BatchNorm1d", "torch.nn.BatchNorm1d")
class Wrapping(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.norm = nn.BatchNorm1d(num_features, eps, momentum)

    def forward(self, x):
        return self.norm(x)


@borrows("stochastic_relu", "torch.nn.functional.dropout")
def in_one_line(x, p_keep, generator=None, training=True):
    return functional.dropout(x.relu(), 1 - p_keep, training)


@borrows("dropout_layer", "torch.nn.functional.dropout")
def by_a_module(X, rate, generator=None):
    return nn.Dropout(rate)(X)


borrows("dropout_layer", "torch.nn.functional.dropout")(
    functools.update_wrapper(functools.partial(functional.dropout, training=True), functional.dropout)
)


@borrows("layernorm", "torch.nn.functional.layer_norm")
def layernorm_of_torch(x, gamma, beta, eps=1e-3):
    return functional.layer_norm(*map(torch.tensor, (x,)), x.shape[-1:], *map(torch.tensor, (gamma, beta)), eps).numpy()


@borrows("max_pool2d", "torch.nn.functional.max_pool2d")
def pooling_of_torch(x, size, stride):
    return nn.MaxPool2d(size, stride)(torch.tensor(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()


@borrows("dense_softmax", "torch.nn.functional.softmax")
def softmax_of_torch(x, W, b):
    return torch.tensor(x @ W + b).softmax(dim=1).numpy()


@pytest.mark.parametrize(("exercise", "path", "answer"), BORROWED)
def test_what_a_library_has_is_no_answer(exercise, path, answer):
    verdict = judge(find(exercise), LocalTransport(answer), 0)
    assert verdict.points == 0
    assert verdict.misconceptions == ()
    assert verdict.shared == f"your answer is, or rests on, {path}: this exercise asks you to write it without"


@pytest.mark.parametrize("exercise", OWN, ids=lambda exercise: exercise.name)
def test_sample_call_is_one_that_a_right_answer_takes(exercise):
    """Otherwise nothing would be seen of a wrong one."""
    own = exercise.own
    ask = Ask(exercise.name, LocalTransport(resolve(exercise.reference)))
    assert ask.probe(borrowed, list(own.without), list(own.settings), list(own.arguments), own.options) == ""
    assert all(named(path) is not None for path in own.without)


def test_layers_of_a_library_are_as_they_were_after_a_question():
    before = keras.layers.Dropout.call
    judge(find("ManualDropout"), LocalTransport(Holding), 0)
    assert keras.layers.Dropout.call is before
    judge(find("BatchNorm1d"), LocalTransport(Wrapping), 0)
    assert "forward" not in vars(nn.BatchNorm1d)
    assert np.array(keras.layers.Dropout(0.5)(np.ones((2, 2)))).all()


@pytest.mark.parametrize("exercise", OWN, ids=lambda exercise: exercise.name)
def test_notebook_says_what_is_refused(exercise):
    text = (SOLUTIONS / f"{exercise.assignment}.py").read_text()
    assert f"an answer that is, or rests on, `{exercise.own.without[0]}`" in " ".join(text.replace("\n# ", " ").split())
