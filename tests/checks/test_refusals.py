"""Where shapes do not fit together, a right answer may call either argument the wrong one."""

import numpy as np
import pytest

from autograder.checks.ask import LocalTransport
from autograder.checks.catalogue import find
from autograder.checks.judge import judge
from autograder.reference import batchnorm, dropout, layernorm, montecarlo


def batchnorm_train(x, gamma, beta, eps=1e-3):
    for name, parameter in (("gamma", gamma), ("beta", beta)):
        if parameter.ndim != 1 or parameter.shape != x.shape[1:]:
            raise ValueError(f"{name} should have one entry for each feature")
    return batchnorm.batchnorm_train(x, gamma, beta, eps)


def dropout_ridge(X, y, rate):
    if X.shape[:1] != y.shape or X.ndim != 2:
        raise ValueError("the rows of X are not those of the targets")
    return dropout.dropout_ridge(X, y, rate)


def layernorm_(x, gamma, beta, eps=1e-3):
    if not x.shape[-1:] == gamma.shape == beta.shape:
        raise ValueError("the last axis of x does not fit")
    return layernorm.layernorm(x, gamma, beta, eps)


def mc_summary(samples, deterministic):
    if samples.ndim != 2 or samples.shape[1:] != deterministic.shape:
        raise ValueError("the samples are not of this network")
    return montecarlo.mc_summary(samples, deterministic)


@pytest.mark.parametrize("answer", [batchnorm_train, dropout_ridge, layernorm_, mc_summary])
def test_either_argument_may_be_named(answer):
    exercise = find(answer.__name__.rstrip("_"))
    verdict = judge(exercise, LocalTransport(answer), 0)
    assert verdict.passed, verdict.requirements


def test_another_word_names_nothing():
    def dropout_ridge(X, y, rate):
        if X.shape[:1] != np.shape(y):
            raise ValueError("something is wrong")
        return dropout.dropout_ridge(X, y, rate)

    verdict = judge(find("dropout_ridge"), LocalTransport(dropout_ridge), 0)
    assert [item.message for item in verdict.requirements if not item.passed] == [
        "the message of the ValueError should name the argument y or X"
    ]
