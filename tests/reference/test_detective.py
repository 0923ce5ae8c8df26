"""The detective's tools against Keras, PyTorch, the binomial law and enumeration."""

import math
import pickle

import numpy as np
import pytest

from autograder.reference import detective
from autograder.reference.outputs import load

TOLERANCE = {"float32": 1e-5, "float64": 1e-6}


@pytest.mark.parametrize("framework", ["keras", "torch"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_prediction_equals_framework(framework, dtype):
    stored = load("detective")
    weights = [stored[f"weights/{i}"].astype(dtype) for i in range(20)]
    y = detective.repaired_predict(weights, stored["X"].astype(dtype))
    assert y.dtype == dtype
    np.testing.assert_allclose(y, stored[f"{framework}/{dtype}/y"], rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def test_standard_error_is_that_of_the_binomial_law():
    n, p = 12, 0.25
    pmf = np.array([math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)])
    accuracies = np.arange(n + 1) / n
    deviation = math.sqrt(pmf @ (accuracies - pmf @ accuracies) ** 2)
    assert detective.accuracy_with_se(3, 12) == pytest.approx((p, deviation))


def test_accuracy_of_the_lecture():
    assert detective.accuracy_with_se(275, 300) == pytest.approx((0.9167, 0.0160), abs=5e-5)


@pytest.mark.parametrize(("correct", "n"), [(-1, 5), (6, 5), (0, 0), (0, -2)])
def test_impossible_counts_are_refused(correct, n):
    with pytest.raises(ValueError, match=r"\bn\b|correct"):
        detective.accuracy_with_se(correct, n)


def test_models_differ_where_the_difference_exceeds_its_error():
    """For p near .5 and n = 400 the standard error of a difference is .0354."""
    assert not detective.differs(200, 213, 400, z=1)
    assert detective.differs(200, 216, 400, z=1)
    assert not detective.differs(400, 400, 400)
    assert detective.differs(0, 400, 400)


ROWS = {
    "scratch, randn": ((0.646, 1.007, 0.7706, 0.7485, 0.0, 0.1), "wrong scale"),
    "nn.Dropout": ((0.479, 0.422, 0.8310, 0.8453, 0.0, 0.1), "healthy"),
    "stochastic relu": ((0.556, 1.388, 0.804, 0.7782, 0.0, 0.1), "wrong scale"),
    "raw pixels": ((0.483, 90.0, 0.8276, 0.767, 0.0, 3.0), "raw pixels"),
    "weight decay .5": ((2.3026, 2.3026, 0.1, 0.1, 0.0, 0.0), "collapsed weights"),
    "left in training mode": ((0.48, 0.48, 0.83, 0.83, 0.2, 0.1), "left in training mode"),
    "Keras 3": ((0.48, 0.42, 0.83, 0.84, 0.0, 0.0), "monte carlo off"),
}


@pytest.mark.parametrize(("values", "cause"), ROWS.values(), ids=ROWS)
def test_known_runs_are_diagnosed(values, cause):
    names = ("nll_train_mode", "nll_eval", "acc_train_mode", "acc_eval", "spread_eval", "spread_mc")
    assert detective.diagnose(dict(zip(names, values, strict=True))) == cause


def test_layers_without_rng_share_none():
    layers = [detective.FreshMaskDropout(0.4) for _ in range(2)]
    before = pickle.dumps(layers[1].rng.bit_generator.state)
    layers[0](np.ones(10))
    assert pickle.dumps(layers[1].rng.bit_generator.state) == before
    x = np.ones(1000)
    assert (layers[0](x) != layers[0](x)).any()


def test_label_is_the_class_of_the_mean_probability():
    probs = np.array([[[0.9, 0.1, 0.0]], [[0.3, 0.4, 0.3]], [[0.3, 0.4, 0.3]]])
    assert detective.ensemble_labels(probs).tolist() == [0]
    assert detective.ensemble_labels(np.full((2, 1, 3), 1 / 3)).tolist() == [0]


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.8])
def test_check_finds_the_factor_of_a_wrong_layer(rate):
    x = np.arange(1.0, 11)
    y = x * (np.arange(10) % 3 > 0)
    assert detective.repaired_dropout_check(x, y / (1 - rate), rate) == pytest.approx(1)
    assert detective.repaired_dropout_check(x, y / rate, rate) == pytest.approx((1 - rate) / rate)
    assert detective.repaired_dropout_check(x, 0 * y, 1.0) == 1
