"""The references of the PyTorch assignment against torch itself and closed forms."""

import math

import numpy as np
import pytest
import torch

from autograder.checks.catalogue import find
from autograder.checks.implementation import resolve
from autograder.reference.dropout import dropout_moments


def reference(name):
    return resolve(find(name).reference)


def test_layer_equals_torch_for_its_own_mask():
    x = torch.tensor(np.random.default_rng(0).normal(1, 2, (50, 40)))
    y = reference("dropout_layer")(x, 0.3, torch.Generator().manual_seed(1))
    torch.testing.assert_close(y, torch.where(y != 0, x / 0.7, 0))
    # Kept entries are binomial; six standard deviations are left by chance with probability 2e-9.
    assert abs((y != 0).double().mean().item() - 0.7) < 6 * math.sqrt(0.3 * 0.7 / x.numel())


def test_mlp_equals_a_sequential_of_torch_modules():
    model = reference("DropoutMLP")(12, [9, 5], 3, [0.3, 0.6])
    first, second, head = model.linears
    layers = [torch.nn.Flatten(), first, torch.nn.ReLU(), torch.nn.Dropout(0.3), second, torch.nn.ReLU()]
    other = torch.nn.Sequential(*layers, torch.nn.Dropout(0.6), head)
    x = torch.randn(7, 3, 4, generator=torch.Generator().manual_seed(0))
    for training in (True, False):
        outputs = []
        for module in (model, other):
            module.train(training)
            torch.manual_seed(5)
            outputs.append(module(x))
        torch.testing.assert_close(*outputs)


@pytest.mark.parametrize(("lr", "weight_decay", "steps"), [(0.1, 0.5, 40), (0.7, 2.0, 9), (0.01, 1e-3, 25)])
def test_decay_equals_the_optimizer(lr, weight_decay, steps):
    weight = torch.nn.Parameter(torch.tensor([1.7], dtype=torch.float64))
    weight.grad = torch.zeros_like(weight)
    optimizer = torch.optim.SGD([weight], lr=lr, weight_decay=weight_decay)
    for _ in range(steps):
        optimizer.step()
    assert reference("weight_after_decay")(1.7, lr, weight_decay, steps) == pytest.approx(weight.item(), rel=1e-9)


def test_decay_of_the_source_leaves_nothing():
    assert reference("weight_after_decay")(1.0, 0.1, 0.5, 2350) == pytest.approx(4e-53, rel=0.2)


def test_dropconnect_has_the_moments_of_its_law():
    """E u = W x + b and Var u = (p / q) (W*W)(x*x), without correlation; six standard errors of 40,000 draws."""
    rate, draws = 0.3, 40_000
    x, W, b = (
        torch.tensor([1.0, -2.0, 0.5]),
        torch.tensor([[0.5, 1.0, -1.0], [2.0, 0.3, 0.7]]),
        torch.tensor([0.2, -1.0]),
    )
    u = reference("dropconnect")(x.expand(draws, 3), W, b, rate, torch.Generator().manual_seed(2)).double()
    variance = rate / (1 - rate) * (W**2 @ x**2)
    se = (variance / draws).sqrt()
    assert ((u.mean(0) - (W @ x + b)).abs() < 6 * se).all()
    assert abs(torch.corrcoef(u.T)[0, 1].item()) < 6 / math.sqrt(draws)
    torch.testing.assert_close(u.var(0).float(), variance, rtol=0.06, atol=0)


def test_stochastic_relu_in_the_mean_is_relu():
    x = torch.tensor([3.0, -2.0, 0.5]).expand(20_000, 3)
    y = reference("stochastic_relu")(x, 0.25, torch.Generator().manual_seed(3))
    se = x[0].abs() * math.sqrt(0.75 / 0.25 / len(x))
    assert ((y.mean(0) - x[0].relu()).abs() <= 6 * se).all()


def test_evaluation_equals_one_large_batch():
    draw = np.random.default_rng(4)
    images = torch.tensor(draw.integers(0, 256, (50, 28, 28)).astype(np.uint8))
    labels = torch.tensor(draw.integers(0, 10, 50).astype(np.uint8))
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout(0.5), torch.nn.Linear(784, 10))
    accuracy, nll = reference("evaluate")(model, images, labels, 16)
    assert model.training
    logits = model.eval()(images / 255)
    assert accuracy == pytest.approx((logits.argmax(1) == labels).double().mean().item())
    assert nll == pytest.approx(torch.nn.functional.cross_entropy(logits, labels.long()).item(), rel=1e-6)


def test_dropout_raises_variances_as_the_moments_say():
    """Over 4,000 examples and 50 units the measured ratio is within a few percent of theory."""
    model = torch.nn.Sequential(torch.nn.Linear(20, 50), torch.nn.ReLU(), torch.nn.Dropout(0.4))
    X = torch.randn(4000, 20, generator=torch.Generator().manual_seed(0))
    variances = reference("activation_variances")(model, X)
    h = model[:2](X).detach()
    expected = np.mean([dropout_moments(unit.mean().item(), unit.var().item(), 0.4)[1] for unit in h.T])
    assert variances["1"] == pytest.approx(h.var(0, unbiased=False).mean().item(), rel=1e-5)
    assert variances["2"] == pytest.approx(expected, rel=0.05)
