"""Several small ReLU networks with dropout, trained side by side in PyTorch: a batched product for every layer."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

Layers = list[tuple[Tensor, Tensor]]


def make(networks: int, sizes: tuple[int, ...], seed: int = 0, spread: float = 0.0) -> Layers:
    """Return a pair W, b for each layer, of shapes (networks, n, k) and (networks, 1, k), drawn by He's rule.

    Args:
        networks: their number; they share no weight.
        sizes: number of inputs, of the units of each hidden layer, of outputs.
        seed: of the weights.
        spread: biases of the first layer are uniform in ±spread, which spreads the kinks of its ReLUs; others are 0.
    """
    g = torch.Generator().manual_seed(seed)
    layers: Layers = []
    for n, k in pairwise(sizes):
        W = torch.randn(networks, n, k, generator=g) * (2 / n) ** 0.5
        b = torch.zeros(networks, 1, k)
        if not layers:
            b += spread * (2 * torch.rand(b.shape, generator=g) - 1)
        layers.append((W.requires_grad_(), b.requires_grad_()))
    return layers


def forward(
    layers: Layers, x: Tensor, rate: float = 0.0, g: torch.Generator | None = None, *, inputs: bool = False
) -> Tensor:
    """Return outputs (networks, n, k) for x of shape (networks, n, d), with dropout behind every hidden layer.

    Args:
        layers: what `make` returned.
        x: the inputs of each network.
        rate: drop rate; 0 draws nothing.
        g: where masks come from, one for every network, row and unit.
        inputs: drop inputs as well.
    """
    for depth, (W, b) in enumerate(layers):
        if depth:
            x = torch.relu(x)
        if rate and (depth or inputs):
            x = x * torch.rand(x.shape, generator=g).ge_(rate) / (1 - rate)
        x = torch.baddbmm(b, x, W)
    return x


def train(
    layers: Layers,
    x: Tensor,
    y: Tensor,
    loss: Callable[[Tensor, Tensor], Tensor],
    rate: float,
    *,
    steps: int,
    lr: float,
    inputs: bool = False,
    seed: int = 1,
) -> Layers:
    """Train all networks at once by Adam on whole batches, and return the layers.

    The loss is a mean over the networks as well; Adam does not mind the factor.
    """
    optimizer = torch.optim.Adam([part for pair in layers for part in pair], lr=lr)
    g = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(forward(layers, x, rate, g, inputs=inputs), y).backward()
        optimizer.step()
    return layers


@torch.no_grad()
def passes(layers: Layers, x: Tensor, rate: float, T: int, *, inputs: bool = False, seed: int = 2) -> np.ndarray:
    """Return the outputs of T passes with fresh masks, shape (T, networks, n, k)."""
    g = torch.Generator().manual_seed(seed)
    return np.stack([forward(layers, x, rate, g, inputs=inputs) for _ in range(T)]).astype(float)
