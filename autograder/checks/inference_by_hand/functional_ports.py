"""Right answers to `keras_to_torch` that call functions, layer by layer."""

from collections import OrderedDict

import numpy as np

from autograder.checks.implementation import Built
from autograder.checks.inference_by_hand.ports import plain


def function_named(name):
    from torch.nn import functional

    if name in ("relu", "tanh", "sigmoid", "softplus", "softsign", "elu", "selu", "gelu", "silu"):
        return getattr(functional, name)
    return {"linear": lambda x: x, "softmax": lambda x: x.softmax(-1)}[name]


def data_of(layer):
    """Return what an affine layer or a normalization holds as a module."""
    import keras
    import torch
    from torch import nn

    def assign(tensor, variable, turn=np.array):
        if variable is not None:
            tensor.data = torch.tensor(turn(variable.numpy()))

    if isinstance(layer, keras.layers.Dense):
        part = nn.Linear(layer.kernel.shape[0], layer.units, bias=layer.use_bias)
        assign(part.weight, layer.kernel, lambda kernel: kernel.T.copy())
        assign(part.bias, layer.bias)
        return part
    width = layer.output.shape[-1]
    if isinstance(layer, keras.layers.BatchNormalization):
        part = nn.BatchNorm1d(width, layer.epsilon, 1 - layer.momentum)
        assign(part.running_mean, layer.moving_mean)
        assign(part.running_var, layer.moving_variance)
    else:
        part = nn.LayerNorm(width, layer.epsilon)
    assign(part.weight, layer.gamma)
    assign(part.bias, layer.beta)
    return part


@Built
def with_functions():
    """One module that keeps a list of functions beside its parts."""
    from keras import layers
    from torch import nn
    from torch.nn import functional

    class Port(nn.Module):
        def __init__(self, model):
            super().__init__()
            self.parts = nn.ModuleList()
            self.steps = []
            for layer in model.layers:
                if not isinstance(layer, layers.InputLayer):
                    self.add(layer)

        def add(self, layer):
            if isinstance(layer, (layers.Dense, layers.BatchNormalization, layers.LayerNormalization)):
                self.parts.append(data_of(layer))
                self.steps.append(self.parts[-1])
            if isinstance(layer, layers.Dropout):
                self.steps.append(lambda x, p=layer.rate: functional.dropout(x, p, training=self.training))
            elif isinstance(layer, (layers.Dense, layers.Activation)):
                self.steps.append(function_named(layer.activation.__name__))
            elif isinstance(layer, (layers.ReLU, layers.ELU, layers.Softmax)):
                self.steps.append(function_named(plain(layer)))
            elif not isinstance(layer, (layers.BatchNormalization, layers.LayerNormalization)):
                raise TypeError(layer)

        def forward(self, x):
            for step in self.steps:
                x = step(x)
            return x

    return Port


def applied(name):
    """Return a module that applies an activation, written out."""
    import torch
    from torch import nn

    functions = {
        "linear": lambda z: z,
        "relu": lambda z: z.clamp(min=0),
        "tanh": torch.tanh,
        "sigmoid": lambda z: (1 + torch.tanh(z / 2)) / 2,
        "softmax": lambda z: torch.exp(z - z.logsumexp(1, keepdim=True)),
        "softplus": lambda z: torch.logaddexp(z, torch.zeros_like(z)),
        "softsign": lambda z: z / (1 + z.abs()),
        "elu": nn.functional.elu,
        "selu": torch.selu,
        "gelu": lambda z: z * torch.special.ndtr(z),
        "silu": lambda z: z * torch.sigmoid(z),
    }

    class Apply(nn.Module):
        forward = staticmethod(functions[name])

    return Apply()


@Built
def with_names():
    """Parts under the names of the Keras layers, activations written out."""
    import keras
    import torch
    from torch import nn

    def fill(part, **variables):
        for name, variable in variables.items():
            if variable is not None:
                getattr(part, name).data.copy_(torch.as_tensor(keras.ops.convert_to_numpy(variable).copy()))
        return part

    def convert(layer):
        match type(layer).__name__:
            case "Dense":
                part = nn.Linear(int(layer.kernel.shape[0]), layer.units)
                part.bias.data.zero_()
                fill(part, weight=keras.ops.transpose(layer.kernel), bias=layer.bias)
                return nn.Sequential(part, applied(keras.activations.serialize(layer.activation)))
            case "Dropout":
                return nn.Dropout(layer.rate)
            case "BatchNormalization":
                size = layer.moving_mean.shape[0]
                part = nn.BatchNorm1d(size, eps=layer.epsilon, momentum=1.0 - layer.momentum)
                fill(part, running_mean=layer.moving_mean, running_var=layer.moving_variance)
            case "LayerNormalization":
                part = nn.LayerNorm(layer.output.shape[-1], eps=layer.epsilon)
            case "Activation":
                return applied(keras.activations.serialize(layer.activation))
            case "ReLU" | "ELU" | "Softmax":
                return applied(plain(layer))
            case other:
                raise NotImplementedError(other)
        return fill(part, weight=layer.gamma, bias=layer.beta)

    def keras_to_torch(model):
        layers = [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]
        return nn.Sequential(OrderedDict((layer.name, convert(layer)) for layer in layers))

    return keras_to_torch
