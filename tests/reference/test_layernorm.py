"""The NumPy reference of LayerNorm and its relatives against real Keras and PyTorch, and against simulation."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from autograder.checks.catalogue import find
from autograder.reference import dropout, layernorm
from autograder.reference.outputs import load
from autograder.reference.outputs.layernorm import EPS, GROUPS

NOTEBOOK = Path(__file__).parents[2] / "solutions/layernorm.py"
TOLERANCE = {"float32": 1e-5, "float64": 1e-6}
ASKED = list(itertools.product(("keras", "torch"), ("float32", "float64")))


def inputs(layer, dtype):
    stored = load("layernorm")
    images = layer == "groupnorm"
    x, dy = stored["images" if images else "vectors"], stored["dy" if images else "vectors/dy"]
    return (array.astype(dtype) for array in (x, dy, stored["gamma"][: x.shape[-1]], stored["beta"][: x.shape[-1]]))


def agrees(ours, layer, framework, dtype, name):
    theirs = load("layernorm")[f"{layer}/{framework}/{dtype}/{name}"]
    assert ours.dtype == theirs.dtype == dtype
    scale = max(1.0, float(np.abs(theirs).max()))
    np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * scale, err_msg=name)


@pytest.mark.parametrize(("framework", "dtype"), ASKED)
def test_outputs_equal_the_frameworks(framework, dtype):
    x, _, gamma, beta = inputs("layernorm", dtype)
    agrees(layernorm.layernorm(x, gamma, beta), "layernorm", framework, dtype, "y")
    agrees(layernorm.rmsnorm(x, gamma), "rmsnorm", framework, dtype, "y")
    x, _, gamma, beta = inputs("groupnorm", dtype)
    agrees(layernorm.groupnorm(x, GROUPS, gamma, beta), "groupnorm", framework, dtype, "y")


@pytest.mark.parametrize(("framework", "dtype"), ASKED)
def test_gradients_equal_the_frameworks(framework, dtype):
    x, dy, gamma, _ = inputs("layernorm", dtype)
    for name, ours in zip(("dx", "dgamma", "dbeta"), layernorm.layernorm_backward(dy, x, gamma), strict=True):
        agrees(ours, "layernorm", framework, dtype, name)


def test_gradient_equals_autograd_to_nine_digits():
    x, dy, gamma, _ = inputs("layernorm", "float64")
    stored = load("layernorm")
    for name, ours in zip(("dx", "dgamma", "dbeta"), layernorm.layernorm_backward(dy, x, gamma), strict=True):
        np.testing.assert_allclose(ours, stored[f"layernorm/torch/float64/{name}"], rtol=1e-9, atol=1e-9)


def test_one_group_is_the_layernorm_of_the_image():
    draw = np.random.default_rng(1)
    x = draw.normal(1, 2, (2, 3, 4, 6))
    whole = layernorm.layernorm(x.reshape(2, -1), np.ones(72), np.zeros(72)).reshape(x.shape)
    np.testing.assert_allclose(layernorm.groupnorm(x, 1, np.ones(6), np.zeros(6)), whole)


@pytest.mark.parametrize("groups", [0, -2, 4, 12])
def test_groups_must_divide_the_channels(groups):
    with pytest.raises(ValueError, match="groups"):
        layernorm.groupnorm(np.ones((1, 2, 2, 6)), groups, np.ones(6), np.zeros(6))


@pytest.mark.parametrize(
    ("mean", "rate", "shrink"), [(0, 0.29, 0.843), (1, 0.29, 0.747), (3, 0.29, 0.451), (3, 0.7, 0.201)]
)
def test_shrink_equals_simulation(mean, rate, shrink):
    """The signal in LN(dropout(h)) is its regression on LN(h): with 400,000 units its standard error is below .005."""
    draw = np.random.default_rng(2)
    h = draw.normal(mean, 1, 400_000)
    predicted = layernorm.ln_shrink(h, rate)
    assert predicted == pytest.approx(shrink, abs=0.01)
    dropped, _ = dropout.dropout_forward(h, rate, draw)
    before, after = (layernorm.standardize(vector, EPS["layernorm"])[0] for vector in (h, dropped))
    assert (before * after).mean() == pytest.approx(predicted, abs=0.03 * predicted)


def test_the_notebook_rounds_the_factor_as_it_is():
    said = re.search(
        r"\$h \\sim N\(1, 1\)\$ at rate \.29 the factor is about (\.\d+)", NOTEBOOK.read_text(encoding="utf-8")
    )
    units = np.random.default_rng(0).normal(1, 1, 1_000_000)
    assert round(find("ln_shrink").reference(units, 0.29), 2) == float(said[1])
