"""The NumPy reference of dropout against real Keras and PyTorch, enumeration and closed forms."""

import itertools

import numpy as np
import pytest

from autograder.reference import dropout
from autograder.reference.outputs import load

FRAMEWORKS = [(framework, rate) for framework in ("keras", "torch") for rate in (0.2, 0.7)]


class FixedMask:
    """A generator that draws what makes the reference keep exactly these entries."""

    def __init__(self, mask):
        self.mask = mask

    def random(self, shape):
        assert shape == self.mask.shape
        return self.mask.astype(float)


@pytest.mark.parametrize(("framework", "rate"), FRAMEWORKS)
def test_forward_equals_framework_for_its_mask(framework, rate):
    stored = load("dropout")
    y = stored[f"{framework}/{rate}/y"]
    ours, mask = dropout.dropout_forward(stored["x"], rate, FixedMask(y != 0))
    np.testing.assert_allclose(ours, y, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(mask, y != 0)


@pytest.mark.parametrize(("framework", "rate"), FRAMEWORKS)
def test_backward_equals_framework_for_its_mask(framework, rate):
    stored = load("dropout")
    mask = stored[f"{framework}/{rate}/y"] != 0
    ours = dropout.dropout_backward(stored["dy"], mask, rate)
    np.testing.assert_allclose(ours, stored[f"{framework}/{rate}/dx"], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("rate", [0.2, 0.7])
def test_moments_equal_enumeration(rate):
    """Over a two-point activation and both mask values the moments are finite sums."""
    values, keep = np.array([-1.0, 4.0]), np.array([rate, 1 - rate])
    outcomes = np.outer(values, [0, 1 / (1 - rate)])
    weights = np.outer([0.5, 0.5], keep)
    mean = (weights * outcomes).sum()
    var = (weights * (outcomes - mean) ** 2).sum()
    np.testing.assert_allclose(dropout.dropout_moments(values.mean(), values.var(), rate), (mean, var))


def test_moments_of_the_catalogue():
    assert dropout.dropout_moments(2, 1, 0.2) == pytest.approx((2, 2.25))


@pytest.mark.parametrize("rate", [0.2, 0.7])
def test_ridge_minimizes_the_loss_over_all_masks(rate):
    draw = np.random.default_rng(1)
    X, y = draw.normal(1, 1, (6, 3)), draw.normal(0, 1, 6)
    w = dropout.dropout_ridge(X, y, rate)

    def gradient(w):
        """Of the expected squared error; by linearity each row's mask can be enumerated alone."""
        total = np.zeros(3)
        for mask in itertools.product([0, 1], repeat=3):
            kept = np.array(mask)
            weight = np.prod(np.where(kept, 1 - rate, rate))
            inputs = X * kept / (1 - rate)
            total += weight * inputs.T @ (inputs @ w - y)
        return total

    np.testing.assert_allclose(gradient(w), 0, atol=1e-9)


def test_geometric_mean_is_the_whole_unit():
    draw = np.random.default_rng(2)
    x, w = draw.normal(0, 2, 10), draw.normal(0, 1, 10)
    arithmetic, geometric = dropout.subnetwork_means(x, w, 0.3, 0.4)
    assert geometric == pytest.approx(dropout.sigmoid(w @ x + 0.3), rel=1e-12)
    assert arithmetic != pytest.approx(geometric, abs=1e-3)
