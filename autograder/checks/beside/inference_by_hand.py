"""The probes that hand a Keras model, a chain of layers, to a student's function that reads or ports it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .respond import Facts, attempt, probe

Spec = tuple[str, dict[str, Any]]
"""The name of a Keras layer and its keyword arguments."""


def chain(features: int, layers: list[Spec], weights: list[np.ndarray], functional: bool = False) -> Any:
    """Build a model with given weights."""
    import keras

    # Random numbers for kernels that are overwritten would take as long as the rest of a layer.
    quick = {"Dense": {"kernel_initializer": "zeros"}}
    stack = [getattr(keras.layers, name)(**quick.get(name, {}), **options) for name, options in layers]
    if functional:
        inputs = outputs = keras.Input((features,))
        for layer in stack:
            outputs = layer(outputs)
        model = keras.Model(inputs, outputs)
    else:
        model = keras.Sequential([keras.Input((features,)), *stack])
    model.set_weights(weights)
    return model


@dataclass(frozen=True)
class Extracted(Facts):
    """What was read from a model, and the weights that it has afterwards."""

    value: Any
    weights: list[Any]


@probe
def extracted(subject: Any, features: int, layers: list[Spec], weights: list[np.ndarray]) -> Extracted:
    """Have a sequential model read."""
    model = chain(features, layers, weights)
    value = attempt(subject, model)
    return Extracted(value, model.get_weights())


@dataclass(frozen=True)
class Used(Facts):
    """What a ported model gives in eval mode, in training mode and in eval mode again, and what its parameters are."""

    module: bool
    y: Any
    gradients: list[bool]
    sizes: list[int]
    training: Any
    later: Any


@dataclass(frozen=True)
class Ported(Facts):
    """A ported model in use, and the weights of the Keras model after every tensor of the port was overwritten."""

    used: Used
    weights: list[Any]


def use(module: Any, x: Any, z: Any, seed: int) -> Used:
    """Predict for x in eval mode with gradients, pass x in training mode, predict for z, and overwrite all tensors."""
    import torch

    module.eval()
    y = module(x)
    parameters = list(module.parameters())
    if parameters:
        y.square().sum().backward()
    gradients = [parameter.requires_grad and parameter.grad is not None for parameter in parameters]
    sizes = [parameter.numel() for parameter in parameters]
    is_module, y = isinstance(module, torch.nn.Module), y.detach()
    module.train()
    with torch.no_grad():
        torch.default_generator.manual_seed(seed)
        training = module(x)
        module.eval()
        later = module(z)
        for value in (*module.parameters(), *module.buffers()):
            value.fill_(3)
    return Used(is_module, y, gradients, sizes, training, later)


@probe
def ported(
    subject: Any,
    features: int,
    layers: list[Spec],
    weights: list[np.ndarray],
    functional: bool,
    x: Any,
    z: Any,
    seed: int,
) -> Ported:
    """Have a model ported to PyTorch, and use the port."""
    model = chain(features, layers, weights, functional)
    module = attempt(subject, model)
    used = attempt(use, module, x, z, seed)
    return Ported(used, model.get_weights())
