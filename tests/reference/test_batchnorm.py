"""The NumPy reference of BatchNorm against real Keras and PyTorch, and against simulation."""

import itertools

import numpy as np
import pytest

from autograder.reference import batchnorm, dropout
from autograder.reference.outputs import load
from autograder.reference.outputs.batchnorm import KINDS

TOLERANCE = {"float32": 1e-5, "float64": 1e-6}
ASKED = list(itertools.product(KINDS, ("keras", "torch"), ("float32", "float64")))


def inputs(dtype, *names):
    stored = load("batchnorm")
    return (stored[name].astype(dtype) for name in names)


def agrees(ours, case, name, tolerance=None):
    theirs = load("batchnorm")["/".join((*case, name))]
    tolerance = tolerance or TOLERANCE[case[-1]]
    assert ours.dtype == theirs.dtype == case[-1]
    scale = max(1.0, float(np.abs(theirs).max()))
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * scale, err_msg=name)


@pytest.mark.parametrize("case", ASKED, ids="/".join)
def test_outputs_equal_the_frameworks(case):
    kind, library, dtype = case
    x, gamma, beta, mean, var = inputs(dtype, kind, "gamma", "beta", "running_mean", "running_var")
    forward = batchnorm.batchnorm_train if kind == "rows" else batchnorm.batchnorm_images
    agrees(forward(x, gamma, beta)[0], case, "y")
    rows = x.reshape(-1, x.shape[-1])
    mean, var = batchnorm.bn_running_update(rows, mean, var, library)
    agrees(mean, case, "running_mean")
    agrees(var, case, "running_var")
    agrees(batchnorm.batchnorm_inference(rows, gamma, beta, mean, var).reshape(x.shape), case, "inference")


@pytest.mark.parametrize("case", ASKED, ids="/".join)
def test_gradients_equal_the_frameworks(case):
    kind, _, dtype = case
    x, dy, gamma = inputs(dtype, kind, f"{kind}/dy", "gamma")
    rows = (-1, x.shape[-1])
    dx, dgamma, dbeta = batchnorm.batchnorm_backward(dy.reshape(rows), x.reshape(rows), gamma)
    agrees(dx.reshape(x.shape), case, "dx")
    agrees(dgamma, case, "dgamma")
    agrees(dbeta, case, "dbeta")


def test_gradient_equals_autograd_to_nine_digits():
    x, dy, gamma = inputs("float64", "rows", "rows/dy", "gamma")
    ours = batchnorm.batchnorm_backward(dy, x, gamma)
    for name, gradient in zip(("dx", "dgamma", "dbeta"), ours, strict=True):
        agrees(gradient, ("rows", "torch", "float64"), name, 1e-9)


def test_batch_of_one():
    x, gamma, beta = np.array([[3.0, -1.0]]), np.array([2.0, 0.5]), np.array([0.1, -0.7])
    y, mean, var = batchnorm.batchnorm_train(x, gamma, beta)
    np.testing.assert_array_equal(y, beta[None])
    np.testing.assert_array_equal(mean, x[0])
    np.testing.assert_array_equal(var, 0)
    with pytest.raises(ValueError, match="shape"):
        batchnorm.bn_running_update(x, mean, var, "torch")
    np.testing.assert_allclose(batchnorm.bn_running_update(x, mean, np.ones(2), "keras")[1], 0.99)


def test_library_is_one_of_two():
    with pytest.raises(ValueError, match="library"):
        batchnorm.bn_running_update(np.ones((3, 1)), np.zeros(1), np.ones(1), "jax")


def test_shift_of_a_rectified_normal():
    """ReLU of N(0, 1) has mean 1 / sqrt(2 pi) and second moment 1 / 2."""
    mean = 1 / np.sqrt(2 * np.pi)
    assert batchnorm.bn_shift_ratio(mean, 0.5 - mean**2, 0.5) == pytest.approx(2.467, abs=5e-4)
    assert batchnorm.bn_shift_ratio(3.0, 2.0, 0.0) == 1


@pytest.mark.parametrize("rate", [0.2, 0.7])
def test_shift_equals_moments(rate):
    _, var = dropout.dropout_moments(1.7, 0.6, rate)
    assert batchnorm.bn_shift_ratio(1.7, 0.6, rate) == pytest.approx(var / 0.6)
