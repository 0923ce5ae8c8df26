"""Networks side by side are the networks that they would be alone, and dropout is where it is said to be."""

import numpy as np
import pytest
import torch
from coursebook.networks import forward, make, passes, train
from torch import nn
from torch.nn.functional import mse_loss

NETWORKS, SIZES = 3, (5, 7, 4, 2)


def alone(layers: list[tuple[torch.Tensor, torch.Tensor]], k: int) -> nn.Sequential:
    """Return network k as a chain of modules."""
    modules: list[nn.Module] = []
    for W, b in layers:
        linear = nn.Linear(*W.shape[1:])
        with torch.no_grad():
            linear.weight.copy_(W[k].T)
            linear.bias.copy_(b[k, 0])
        modules += [linear, nn.ReLU()]
    return nn.Sequential(*modules[:-1])


def test_each_network_is_a_chain_of_its_own() -> None:
    layers = make(NETWORKS, SIZES, spread=1.0)
    x = torch.randn(NETWORKS, 6, SIZES[0], generator=torch.Generator().manual_seed(0))
    together = forward(layers, x)
    for k in range(NETWORKS):
        torch.testing.assert_close(together[k], alone(layers, k)(x[k]))


def test_training_side_by_side_is_training_alone() -> None:
    g = torch.Generator().manual_seed(0)
    x, y = (torch.randn(NETWORKS, 20, size, generator=g) for size in (SIZES[0], SIZES[-1]))
    layers = make(NETWORKS, SIZES)
    chains = [alone(layers, k) for k in range(NETWORKS)]
    train(layers, x, y, mse_loss, 0.0, steps=5, lr=0.01)
    for k, chain in enumerate(chains):
        optimizer = torch.optim.Adam(chain.parameters(), lr=0.01)
        for _ in range(5):
            optimizer.zero_grad()
            mse_loss(chain(x[k]), y[k]).backward()
            optimizer.step()
        torch.testing.assert_close(forward(layers, x)[k], chain(x[k]), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("inputs", [False, True])
def test_masks_fall_on_hidden_units_and_on_inputs_only_when_asked(inputs: bool) -> None:
    """With identities for weights an output counts the masks that its one input went through."""
    layers = [(torch.eye(2).expand(1, 2, 2), torch.zeros(1, 1, 2)) for _ in range(2)]
    y = passes(layers, torch.ones(1, 100, 2), 0.5, 50, inputs=inputs)
    masks = 2 if inputs else 1
    assert set(np.unique(y)) == {0.0, 2.0**masks}
    share, error = 0.5**masks, 0.5 / np.sqrt(y.size)
    assert abs((y > 0).mean() - share) < 7 * error


def test_passes_are_fresh_and_come_again_with_their_seed() -> None:
    layers, x = make(NETWORKS, SIZES), torch.ones(NETWORKS, 6, SIZES[0])
    first, again = (passes(layers, x, 0.3, 2) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first[0], first[1])
    assert np.array_equal(*passes(layers, x, 0.0, 2))
