"""A single slip, as students make it, is judged by the requirement that names it and by no other.

What else is asked holds of each of these answers, so that nothing else is said.
"""

from itertools import pairwise

import keras
import numpy as np
import pytest
import torch

from autograder.checks.ask import LocalTransport
from autograder.checks.catalogue import find
from autograder.checks.exercise import Unmet
from autograder.checks.implementation import Edited, resolve
from autograder.checks.judge import judge
from autograder.checks.layernorm.ln_shrink import unbiased
from autograder.checks.masks import keeps_fraction
from autograder.checks.monte_carlo.expected_calibration_error import middle_of_bin
from autograder.reference.batchnorm import batchnorm_train
from autograder.reference.detective import FreshMaskDropout
from autograder.reference.montecarlo import interval_coverage, mc_summary

SEEDS = range(3)

pytestmark = pytest.mark.filterwarnings("ignore")  # wrong answers divide by zero, and may


def edited(name, old, new):
    """Return the reference of an exercise with one edit."""
    return Edited(find(name).reference, old, new)


def along_axis_1(x, gamma, beta, eps=1e-3):
    """Vectors lie along the last axis, which is axis 1 of a matrix alone."""
    if gamma.shape != x.shape[-1:] or beta.shape != x.shape[-1:]:
        raise ValueError("gamma or beta")
    centered = x - x.mean(axis=1, keepdims=True)
    return (gamma * centered / np.sqrt(x.var(axis=1, keepdims=True) + eps) + beta).astype(x.dtype)


def rms_as_a_column(x, gamma, eps=1e-6):
    if gamma.shape != x.shape[-1:]:
        raise ValueError("gamma")
    return (gamma * x / np.sqrt((x**2).mean(-1).reshape(-1, 1) + eps)).astype(x.dtype)


def statistics_as_rows(*given, **eps):
    return tuple(np.atleast_2d(part) for part in batchnorm_train(*given, **eps))


def spread_over_outputs(samples, deterministic):
    mean, *_, z = mc_summary(samples, deterministic)
    sd = samples.std(axis=1, ddof=1)
    se = sd / np.sqrt(len(samples))
    return mean, sd, se, (mean - deterministic) / se if se.shape == mean.shape else z


def unbiased_variance(samples, y, tau, z=1.96):
    share = interval_coverage(samples, y, tau, z)  # refuses wrong shapes
    deviation = np.sqrt(samples.var(axis=0, ddof=1) + 1 / tau) if len(samples) > 1 else 0
    return float((np.abs(y - samples.mean(axis=0)) <= z * deviation).mean()) if len(samples) > 1 else share


def one_pass_too_many(model, X, T):
    return resolve(find("mc_predict").reference)(model, X, T + 1)


class HeadApart(torch.nn.Module):
    """Its output layer stands beside `linears`, and before it."""

    def __init__(self, num_inputs, num_hiddens, num_outputs, rates):
        super().__init__()
        if not all(0 <= rate <= 1 for rate in rates):
            raise ValueError("rates")
        sizes = list(pairwise([num_inputs, *num_hiddens]))
        self.head = torch.nn.Linear(num_hiddens[-1], num_outputs)
        self.linears = torch.nn.ModuleList(torch.nn.Linear(*size) for size in sizes)
        self.rates = rates

    def forward(self, X):
        X = X.flatten(1)
        if X.shape[1] != self.linears[0].in_features:
            raise ValueError("the shape of X")
        for linear, rate in zip(self.linears, self.rates, strict=True):
            X = torch.nn.functional.dropout(torch.relu(linear(X)), rate, self.training)
        return self.head(X)


class OneMaskForAllRows(FreshMaskDropout):
    """Its masks are drawn anew, and by each layer for itself."""

    def __call__(self, x, training=True):
        return x * super().__call__(np.ones(x.shape[-1:], x.dtype), training)


SLIPS = [
    ("layernorm", along_axis_1, {"takes_any_dimensions"}),
    ("rmsnorm", rms_as_a_column, {"takes_any_dimensions"}),
    ("layernorm_backward", edited("layernorm_backward", "through_var) * inverse", "through_var)"), {"is_exact"}),
    ("layernorm_backward", edited("layernorm_backward", "g = gamma * dy", "g = dy"), {"is_exact"}),
    ("batchnorm_backward", edited("batchnorm_backward", "gamma / np.sqrt(var + eps)", "gamma"), {"is_exact"}),
    ("batchnorm_backward", edited("batchnorm_backward", "gamma / np", "1 / np"), {"is_exact"}),
    ("batchnorm_train", statistics_as_rows, {"returns_statistics"}),
    ("ln_shrink", unbiased, {"takes_biased_variance"}),
    ("ln_shrink", edited("ln_shrink", "(h**2).mean()", "h.mean() ** 2"), {"compares_variances"}),
    (
        "dropout_ridge",
        edited("dropout_ridge", "np.diag(np.diag(gram))", "np.diag(np.diag(gram)) ** 0.5"),
        {"adapts_to_scale"},
    ),
    ("mc_summary", spread_over_outputs, {"measures_spread"}),
    (
        "predictive_entropy",
        edited("predictive_entropy", "probs.mean(axis=0)", "probs.mean(axis=1)"),
        {"measures_total"},
    ),
    (
        "predictive_entropy",
        edited("predictive_entropy", "(probs).mean(axis=0)", "(probs).mean(axis=1)"),
        {"measures_expected"},
    ),
    ("expected_calibration_error", middle_of_bin, {"weighs_bins"}),
    ("fold_bn_into_next", edited("fold_bn_into_next", "scale) @ W", "scale)[:, None] * W"), {"keeps_output_at_mean"}),
    ("FreshMaskDropout", OneMaskForAllRows, {"draws_each_call"}),
    ("diagnose", edited("diagnose", "- CHANCE_NLL", "- math.log2(10)"), {"finds_single_faults", "keeps_borders"}),
    ("mc_predict_torch", edited("mc_predict_torch", "range(T)])", "range(T)], dim=1)"), {"returns_passes"}),
    ("mc_predict_torch", edited("mc_predict_torch", "range(T)", "range(T - 1)"), {"returns_passes"}),
    ("mc_predict", one_pass_too_many, {"returns_passes"}),
    ("interval_coverage", unbiased_variance, {"counts_inside"}),
    ("DropoutMLP", HeadApart, {"has_linears"}),
    ("build_classifier", edited("build_classifier", "range(n_layers)", "range(n_layers - 1)"), {"is_right_size"}),
    ("build_classifier", edited("build_classifier", "range(n_layers)", "range(n_layers + 1)"), {"is_right_size"}),
]


@pytest.mark.parametrize(("name", "answer", "fails"), SLIPS)
def test_slip_is_judged_by_the_requirement_that_names_it(name, answer, fails):
    """Refusals, dtypes and arguments aside, of which some edits break a rule, too."""
    for seed in SEEDS:
        verdict = judge(find(name), LocalTransport(resolve(answer)), seed)
        aside = {item.key for item in find(name).requirements if item.aside}
        assert {item.key for item in verdict.requirements if item.judged and not item.passed} - aside == fails
        assert 2 * verdict.points >= verdict.max_points


def dropped_inputs(n_layers=3, width=64, n_classes=2, rate=None):
    """Dropout stands before every hidden layer, and so on the input, in place of behind."""
    if rate is not None and not 0 <= rate <= 1:
        raise ValueError("rate")
    layers = [keras.Input((2,))]
    for _ in range(n_layers):
        layers += [] if rate is None else [keras.layers.Dropout(rate)]
        layers.append(keras.layers.Dense(width, activation="relu"))
    return keras.Sequential([*layers, keras.layers.Dense(n_classes, activation="softmax")])


def test_dropout_before_layers_drops_inputs():
    verdict = judge(find("build_classifier"), LocalTransport(dropped_inputs), 0)
    assert "spares_input" in {item.key for item in verdict.requirements if not item.passed}


def test_scaled_test_mode_is_not_called_random():
    """The mean over masks is multiplied by 1 - rate once more: it is wrong, and the same at every call."""
    wrong = edited("dropconnect", "return x @ W.T + b", "return x @ W.T * (1 - rate) + b")
    assert judge(find("dropconnect"), LocalTransport(resolve(wrong)), 0).misconceptions == ()


@pytest.mark.parametrize(("kept", "said"), [(True, "but all of 12,000"), (False, "but none of 12,000")])
def test_share_is_not_read_as_a_count(kept, said):
    with pytest.raises(Unmet, match=said):
        keeps_fraction(np.full(12_000, kept), 0.4)
