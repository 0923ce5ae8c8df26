"""Predictions by hand against real Keras and PyTorch, and BatchNorm folded away."""

import numpy as np
import pytest

from autograder.reference import inference
from autograder.reference.batchnorm import batchnorm_inference
from autograder.reference.outputs import load
from autograder.reference.outputs.inference import EPS, NAMES, WIDTHS

TOLERANCE = {"float32": 1e-5, "float64": 1e-6}
BLOCKS = len(WIDTHS) - 2


def weights(block, dtype="float64"):
    stored = load("inference")
    return {name: stored[f"{block}/{name}"].astype(dtype) for name in NAMES if f"{block}/{name}" in stored}


def dense(block, dtype="float64"):
    activation = "relu" if block < BLOCKS else "linear"
    values = weights(block, dtype)
    return {"kind": "dense", "W": values["W"], "b": values["b"], "activation": activation}


def batchnorm(block, dtype="float64"):
    values = weights(block, dtype)
    return {"kind": "batchnorm", "eps": EPS} | {name: values[name] for name in NAMES[2:]}


def network(dtype="float64"):
    hidden = [layer for block in range(BLOCKS) for layer in (dense(block, dtype), batchnorm(block, dtype))]
    return [*hidden, dense(BLOCKS, dtype)]


@pytest.mark.parametrize("framework", ["keras", "torch"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predictions_equal_the_frameworks(framework, dtype):
    X = load("inference")["X"].astype(dtype)
    ours = inference.predict_by_hand(network(dtype), X)
    theirs = load("inference")[f"{framework}/{dtype}/predictions"]
    assert ours.dtype == theirs.dtype == dtype
    np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * np.abs(theirs).max())


def test_batch_size_does_not_matter():
    X = load("inference")["X"]
    rows = [inference.predict_by_hand(network(), row[None]) for row in X]
    np.testing.assert_allclose(np.concatenate(rows), inference.predict_by_hand(network(), X), rtol=1e-12)


def test_folded_network_predicts_the_same():
    X = load("inference")["X"]
    signal = inference.dense(X, **{key: value for key, value in dense(0).items() if key != "kind"})
    for block in range(BLOCKS):
        behind, statistics = dense(block + 1), [weights(block)[name] for name in NAMES[2:]]
        W, b = inference.fold_bn_into_next(behind["W"], behind["b"], *statistics, eps=EPS)
        signal = inference.dense(signal, W, b, behind["activation"])
    np.testing.assert_allclose(signal, inference.predict_by_hand(network(), X), rtol=1e-12)


def test_block_is_relu_then_batchnorm():
    draw = np.random.default_rng(1)
    x, (gamma, beta, mean), var = draw.normal(size=(6, 4)), draw.normal(size=(3, 4)), draw.uniform(1, 2, 4)
    expected = batchnorm_inference(np.maximum(x, 0), gamma, beta, mean, var)
    np.testing.assert_array_equal(inference.block_inference(x, gamma, beta, mean, var), expected)


def test_softmax_is_stable_and_one_over_one_unit():
    np.testing.assert_allclose(inference.softmax(np.array([[5000.0, 0.0, 5000.0]])), [[0.5, 0, 0.5]])
    np.testing.assert_array_equal(inference.softmax(np.array([[3.0], [-900.0]])), 1)


@pytest.mark.parametrize(
    "layers",
    [
        [{"kind": "dense", "W": np.ones((3, 2)), "b": np.ones(2), "activation": "gelu"}],
        [{"kind": "dense", "W": np.ones((4, 2)), "b": np.ones(2), "activation": "relu"}],
        [{"kind": "conv", "W": np.ones((3, 2)), "b": np.ones(2), "activation": "relu"}],
    ],
)
def test_unknown_layers_and_wrong_shapes_are_refused(layers):
    with pytest.raises(ValueError, match=r"activation|X|kind"):
        inference.predict_by_hand(layers, np.ones((5, 3)))
