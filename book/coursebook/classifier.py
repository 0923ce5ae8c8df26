"""The small image classifier of the PyTorch pages: its data as tensors, its layers, its training and its scores.

Several networks are trained side by side, so that every score comes with its spread over seeds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from coursebook.data import fashion_mnist

NETWORKS = 5
CLASSES = 10

torch.set_num_threads(1)  # matrices this small are slower on several threads


@dataclass(frozen=True)
class Images:
    """Flattened images (n, pixels) as float32 in [0, 1] with labels (n,), for training and for test."""

    x_train: Tensor
    y_train: Tensor
    x_test: Tensor
    y_test: Tensor
    label: str


def images(n: int = 2000) -> Images:
    """Return the first n training images and all test images of `coursebook.data.fashion_mnist` as tensors."""
    data = fashion_mnist()
    pixels = [torch.tensor(x.reshape(len(x), -1), dtype=torch.float32) / 255 for x in (data.x_train[:n], data.x_test)]
    labels = [torch.tensor(y.astype(np.int64)) for y in (data.y_train[:n], data.y_test)]
    return Images(pixels[0], labels[0], pixels[1], labels[1], data.label)


class Linear(nn.Module):
    """`nn.Linear` for several networks: x of shape (..., n, inputs) gives (networks, n, outputs)."""

    def __init__(self, inputs: int, outputs: int, networks: int = NETWORKS) -> None:
        super().__init__()
        bound = inputs**-0.5
        self.weight = nn.Parameter(torch.empty(networks, inputs, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(networks, 1, outputs).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        return torch.baddbmm(self.bias, x.expand(len(self.weight), *x.shape[-2:]), self.weight)


class Norm(nn.BatchNorm1d):
    """`nn.BatchNorm1d` for several networks, each with statistics of its own: x has the shape (networks, n, units)."""

    def __init__(self, units: int, networks: int = NETWORKS, momentum: float = 0.1) -> None:
        super().__init__(networks * units, momentum=momentum)

    def forward(self, x: Tensor) -> Tensor:
        networks, n, units = x.shape
        flat = x.transpose(0, 1).reshape(n, networks * units)
        return super().forward(flat).view(n, networks, units).transpose(0, 1)


def mlp(
    inputs: int, rates: Sequence[float], width: int = 128, dropout: Callable[[float], nn.Module] = nn.Dropout
) -> nn.Sequential:
    """Return networks with one hidden ReLU layer for each rate, dropout behind each, and ten logits."""
    layers: list[nn.Module] = []
    for rate in rates:
        layers += [Linear(inputs, width), nn.ReLU(), dropout(rate)]
        inputs = width
    return nn.Sequential(*layers, Linear(inputs, CLASSES))


def fit(
    model: nn.Module, data: Images, epochs: int = 20, lr: float = 0.05, batch: int = 64, weight_decay: float = 0.0
) -> nn.Module:
    """Train by SGD with momentum 0.9 on the cross entropy and return the model, in training mode.

    Each network has an order of its own. The learning rate falls to 0 along half a cosine, so that a network is where
    it stays when its epochs are over.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    model.train()
    for _ in range(epochs):
        orders = torch.rand(NETWORKS, len(data.x_train)).argsort(1)
        for rows in orders.split(batch, 1):
            optimizer.zero_grad()
            losses(model(data.x_train[rows]), data.y_train[rows]).sum().backward()
            optimizer.step()
        schedule.step()
    return model


def losses(logits: Tensor, y: Tensor) -> Tensor:
    """Return the cross entropy of each network, (networks,), for logits (networks, n, 10) and labels (..., n)."""
    each = cross_entropy(logits.flatten(0, 1), y.expand(logits.shape[:2]).flatten(), reduction="none")
    return each.view(logits.shape[:2]).mean(1)


@torch.no_grad()
def score(model: nn.Module, x: Tensor, y: Tensor, training: bool = False) -> np.ndarray:
    """Return accuracy and mean loss in nats of each network, (2, networks), in eval mode unless told otherwise."""
    model.train(training)
    logits = model(x)
    return torch.stack([(logits.argmax(-1) == y).double().mean(1), losses(logits, y).double()]).numpy()
