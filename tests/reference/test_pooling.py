"""The NumPy reference of pooling against real Keras and PyTorch, and the counts of a known net."""

import itertools

import numpy as np
import pytest

from autograder.reference import pooling
from autograder.reference.outputs import load
from autograder.reference.outputs.pooling import CASES, INPUT_SHAPE, NET

ASKED = [(*case, *names) for case, *names in itertools.product(CASES, ("images", "ties"), ("keras", "torch"))]
PLAIN = [layer for layer in NET if layer[0] != "pool"]


@pytest.mark.parametrize(("size", "stride", "images", "framework"), ASKED)
def test_pooling_equals_the_frameworks(size, stride, images, framework):
    stored = load("pooling")
    x, case = stored[images], f"{images}/{size}/{stride}"
    np.testing.assert_array_equal(pooling.max_pool2d(x, size, stride), stored[f"{case}/{framework}/max"])
    np.testing.assert_allclose(
        pooling.average_pool2d(x, size, stride), stored[f"{case}/{framework}/average"], rtol=1e-6, atol=1e-6
    )
    dx = pooling.max_pool2d_backward(stored[f"{case}/dy"], x, size, stride)
    np.testing.assert_allclose(dx, stored[f"{case}/{framework}/dx"], rtol=1e-6, atol=1e-6)


def test_float32_stays_float32():
    x = np.arange(2 * 5 * 4 * 3, dtype=np.float32).reshape(2, 5, 4, 3)
    y = pooling.max_pool2d(x, 2, 2)
    assert (
        y.dtype == pooling.average_pool2d(x, 2, 2).dtype == pooling.max_pool2d_backward(y, x, 2, 2).dtype == np.float32
    )


def test_parameters_equal_keras():
    assert pooling.count_parameters(INPUT_SHAPE, PLAIN) == load("pooling")["parameters/plain"] == 576_727
    assert pooling.count_parameters(INPUT_SHAPE, NET) == load("pooling")["parameters/pooled"] == 119_767


def test_macs_of_the_catalogue():
    assert pooling.count_macs(INPUT_SHAPE, PLAIN) == 14_395_008
    assert pooling.count_macs(INPUT_SHAPE, NET) == 3_228_048


@pytest.mark.parametrize(
    ("input_shape", "layers"),
    [
        ((8, 8, 1), [("dense", 3)]),
        ((8,), [("conv", 3, 2)]),
        ((8,), [("pool", 2)]),
        ((8, 8, 1), [("conv", 3, 9)]),
        ((8, 8, 1), [("pool", 9)]),
        ((8, 8, 1), [("lstm", 3)]),
        ((8, 8, 1), [("dropout", 1.5)]),
        ((8, 8), []),
    ],
)
def test_impossible_chains_are_refused(input_shape, layers):
    with pytest.raises(ValueError, match=r"shape|layers|rate"):
        pooling.count_parameters(input_shape, layers)
