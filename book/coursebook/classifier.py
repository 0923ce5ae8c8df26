"""The small image classifier of the PyTorch pages: its data as tensors, its layers, its training and its scores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from coursebook.data import fashion_mnist

torch.set_num_threads(1)  # matrices this small are slower on several threads


@dataclass(frozen=True)
class Images:
    """Flattened images (n, pixels) as float32 in [0, 1] with labels (n,), for training and for test."""

    x_train: Tensor
    y_train: Tensor
    x_test: Tensor
    y_test: Tensor
    label: str


def images() -> Images:
    """Return Fashion-MNIST from COURSE_DATA, or scikit-learn's digits, as tensors."""
    data = fashion_mnist()
    pixels = [torch.tensor(x.reshape(len(x), -1), dtype=torch.float32) / 255 for x in (data.x_train, data.x_test)]
    labels = [torch.tensor(y.astype(np.int64)) for y in (data.y_train, data.y_test)]
    return Images(pixels[0], labels[0], pixels[1], labels[1], data.label)


def mlp(
    inputs: int, rates: Sequence[float], width: int = 128, dropout: Callable[[float], nn.Module] = nn.Dropout
) -> nn.Sequential:
    """Return a network with one hidden ReLU layer for each rate, dropout behind each, and ten logits."""
    layers: list[nn.Module] = []
    for rate in rates:
        layers += [nn.Linear(inputs, width), nn.ReLU(), dropout(rate)]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, 10))


def fit(
    model: nn.Module, data: Images, epochs: int = 20, lr: float = 0.1, batch: int = 64, weight_decay: float = 0.0
) -> nn.Module:
    """Train by plain SGD on the cross entropy and return the model, in training mode."""
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, weight_decay=weight_decay)
    model.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(data.x_train)).split(batch):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(data.x_train[rows]), data.y_train[rows]).backward()
            optimizer.step()
    return model


@torch.no_grad()
def score(model: nn.Module, x: Tensor, y: Tensor, training: bool = False) -> tuple[float, float]:
    """Return accuracy and mean negative log-likelihood in nats, in eval mode unless told otherwise."""
    model.train(training)
    logits = model(x)
    return (logits.argmax(1) == y).double().mean().item(), nn.functional.cross_entropy(logits, y).item()
