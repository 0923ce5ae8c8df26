"""The NumPy reference of Monte Carlo dropout against PyTorch and Keras, closed forms and simulation."""

import itertools
import math

import numpy as np
import pytest

from autograder.reference import montecarlo
from autograder.reference.outputs import load
from autograder.reference.outputs.montecarlo import TAU

TOLERANCE = {"float32": 1e-5, "float64": 1e-6}
ASKED = list(itertools.product(("keras", "torch"), ("float32", "float64")))


@pytest.mark.parametrize(("framework", "dtype"), ASKED)
def test_outputs_equal_the_frameworks(framework, dtype):
    stored = load("montecarlo")
    samples, deterministic, y, probs = (stored[key].astype(dtype) for key in ("samples", "deterministic", "y", "probs"))
    mean, sd, _, z = montecarlo.mc_summary(samples, deterministic)
    variance, log_likelihood = montecarlo.gal_predictive(samples, y, TAU)
    total, expected, _ = montecarlo.predictive_entropy(probs)
    ours = {"mean": mean, "sd": sd, "z": z, "variance": variance, "log_likelihood": log_likelihood}
    for name, array in (ours | {"total": total, "expected": expected}).items():
        theirs = stored[f"{framework}/{dtype}/{name}"]
        assert array.dtype == theirs.dtype == dtype
        tolerance, scale = TOLERANCE[dtype], max(1.0, float(np.abs(theirs).max()))
        np.testing.assert_allclose(array, theirs, rtol=tolerance, atol=tolerance * scale, err_msg=name)


def test_standard_error_is_the_spread_of_the_mean():
    """The standard deviation of 4,000 means has a relative standard error of 1.1 %: five of them are allowed."""
    draw = np.random.default_rng(1)
    means, errors = [], []
    for _ in range(4_000):
        mean, _, se, _ = montecarlo.mc_summary(draw.normal(2, 3, (25, 1)), np.zeros(1))
        means.append(mean)
        errors.append(se**2)
    assert np.std(means) == pytest.approx(math.sqrt(np.mean(errors)), rel=0.056)


@pytest.mark.parametrize(
    ("sd", "se", "needed"),
    [
        (0.18, 0.001, 32_400),
        (0.27, 0.001, 72_900),
        (1, 0.001, 1_000_000),
        (0.3, 0.1, 9),
        (0, 0.5, 0),
        (0.1, 5, 1),
        (1e6, 0.9, 1_234_567_901_234),
        (1, 0.7, 3),
        (3, 1, 9),
    ],
)
def test_samples_needed(sd, se, needed):
    assert montecarlo.samples_needed(sd, se) == needed


@pytest.mark.parametrize(("sd", "se"), [(1, 0), (1, -1), (-0.1, 1)])
def test_samples_needed_refuses(sd, se):
    with pytest.raises(ValueError, match=r"s[de] must"):
        montecarlo.samples_needed(sd, se)


def test_verdict_sees_a_bias_that_samples_do_not_remove():
    draw = np.random.default_rng(2)
    samples = draw.normal([0, 1], 1, (10_000, 2))
    assert montecarlo.verdict(samples, np.array([0.0, 1.0])) == "sampling error"
    assert montecarlo.verdict(samples, np.array([0.0, 1.1])) == "bias"
    assert montecarlo.verdict(samples[:100], np.array([0.0, 1.1])) == "sampling error"


def test_predictive_integrates_to_one_and_has_its_variance():
    draw = np.random.default_rng(3)
    grid = np.linspace(-20, 20, 40_001)
    samples = np.tile(draw.normal(0.5, 1, (8, 1)), grid.size)
    variance, log_likelihood = montecarlo.gal_predictive(samples, grid, 1.7)
    density = np.exp(log_likelihood)
    mean = np.trapezoid(density * grid, grid)
    assert np.trapezoid(density, grid) == pytest.approx(1)
    assert np.trapezoid(density * (grid - mean) ** 2, grid) == pytest.approx(variance[0])


def test_coverage_of_gaussian_noise():
    """The share inside 1.96 standard deviations is .95, with a standard error of .0015 in 20,000 points."""
    draw = np.random.default_rng(4)
    y = draw.normal(0, 2, 20_000)
    assert montecarlo.interval_coverage(np.zeros((3, y.size)), y, 1 / 4) == pytest.approx(0.95, abs=0.01)


def test_calibration_error_by_hand():
    probs = np.array([[0.75, 0.25], [0.25, 0.75], [0.5, 0.5], [1.0, 0.0]])
    labels = np.array([0, 0, 0, 0])
    # With four bins: (.5, .75] holds one hit of two at confidence .75; (.25, .5] one hit at .5; (.75, 1] one at 1.
    assert montecarlo.expected_calibration_error(probs, labels, bins=4) == pytest.approx((2 * 0.25 + 0.5 + 0) / 4)


def test_calibrated_probabilities_have_a_small_error():
    """A bin of about 4,000 labels misses its confidence by about .006; a biased estimate stays below .02."""
    draw = np.random.default_rng(5)
    first = draw.random(40_000)
    labels = (draw.random(40_000) > first).astype(int)
    assert montecarlo.expected_calibration_error(np.stack([first, 1 - first], axis=1), labels, 10) < 0.02


def test_entropies_of_certain_and_of_opposed_members():
    agreed = np.full((5, 1, 4), 0.25)
    assert [value.item() for value in montecarlo.predictive_entropy(agreed)] == pytest.approx([math.log(4)] * 2 + [0])
    opposed = np.array([[[1.0, 0.0]], [[0.0, 1.0]]])
    assert [value.item() for value in montecarlo.predictive_entropy(opposed)] == pytest.approx(
        [math.log(2), 0, math.log(2)]
    )


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (montecarlo.mc_summary, (np.ones(3), np.ones(3))),
        (montecarlo.mc_summary, (np.ones((1, 3)), np.ones(3))),
        (montecarlo.mc_summary, (np.ones((4, 3)), np.ones((1, 3)))),
        (montecarlo.gal_predictive, (np.ones((4, 3)), np.ones(4), 1.0)),
        (montecarlo.interval_coverage, (np.ones((4, 3, 1)), np.ones(3), 1.0)),
        (montecarlo.expected_calibration_error, (np.ones((4, 3)), np.ones(3, int))),
        (montecarlo.predictive_entropy, (np.ones((4, 3)),)),
    ],
)
def test_wrong_shapes_are_refused(function, arguments):
    with pytest.raises(ValueError, match="shape"):
        function(*arguments)
