"""Right answers to `keras_to_torch`: the reference, and others that are written in another way."""

from collections import OrderedDict

import numpy as np

from autograder.checks.implementation import Built


def copied(module, **sources):
    """Copy what there is into the tensors of a module."""
    import torch

    with torch.no_grad():
        for name, source in sources.items():
            if source is not None:
                getattr(module, name).copy_(torch.tensor(np.array(source)))
    return module


def activation(function):
    """Return the module of an activation function."""
    import keras
    from torch import nn

    name = keras.activations.serialize(function)
    if name == "softmax":
        return nn.Softmax(dim=-1)
    modules = {
        "linear": nn.Identity,
        "relu": nn.ReLU,
        "tanh": nn.Tanh,
        "sigmoid": nn.Sigmoid,
        "softplus": nn.Softplus,
        "softsign": nn.Softsign,
        "elu": nn.ELU,
        "selu": nn.SELU,
        "gelu": nn.GELU,
        "silu": nn.SiLU,
    }
    if name not in modules:
        raise ValueError(f"model has the activation {name}, which cannot be ported")
    return modules[name]()


def plain(layer):
    """Return the name of the function that an activation layer applies; raise ValueError for options that change it."""
    changed = {"max_value": None, "negative_slope": 0, "threshold": 0, "alpha": 1, "axis": -1}
    if any(getattr(layer, option, usual) != usual for option, usual in changed.items()):
        raise ValueError(f"model has a {type(layer).__name__} with options")
    return type(layer).__name__.lower()


def of_activation(layer):
    """Return the module of an activation layer."""
    from keras import activations, layers
    from torch import nn

    if isinstance(layer, layers.ELU):
        return nn.ELU(layer.alpha)
    own = layer.activation if isinstance(layer, layers.Activation) else activations.get(plain(layer))
    return activation(own)


@Built
def keras_to_torch():
    from keras import layers
    from torch import nn

    def of_dense(layer):
        linear = nn.Linear(*layer.kernel.shape, bias=layer.use_bias)
        return [copied(linear, weight=np.array(layer.kernel).T, bias=layer.bias), activation(layer.activation)]

    def of_batchnorm(layer):
        norm = nn.BatchNorm1d(layer.output.shape[-1], eps=layer.epsilon, momentum=1 - layer.momentum)
        copied(norm, running_mean=layer.moving_mean, running_var=layer.moving_variance)
        return copied(norm, weight=layer.gamma, bias=layer.beta)

    def of_layernorm(layer):
        norm = nn.LayerNorm(layer.output.shape[-1], eps=layer.epsilon)
        return copied(norm, weight=layer.gamma, bias=layer.beta)

    def convert(layer):
        match layer:
            case layers.InputLayer():
                return []
            case layers.Dense():
                return of_dense(layer)
            case layers.Dropout():
                return [nn.Dropout(layer.rate)]
            case layers.BatchNormalization():
                return [of_batchnorm(layer)]
            case layers.LayerNormalization():
                return [of_layernorm(layer)]
        return [of_activation(layer)]

    def keras_to_torch(model):
        return nn.Sequential(*(module for layer in model.layers for module in convert(layer)))

    return keras_to_torch


def module_named(name):
    from torch import nn

    if name == "softmax":
        return nn.Softmax(1)
    names = ("Identity", "ReLU", "Tanh", "Sigmoid", "Softplus", "Softsign", "ELU", "SELU", "GELU", "SiLU")
    return {kind.lower(): getattr(nn, kind) for kind in names}[{"linear": "identity"}.get(name, name)]()


def with_state(module, *arrays):
    import torch

    keys = [key for key in module.state_dict() if key != "num_batches_tracked"]
    tensors = {key: torch.from_numpy(np.array(value)) for key, value in zip(keys, arrays, strict=True)}
    module.load_state_dict(tensors, strict=False)
    return module


def of_normalization(layer, weights):
    from torch import nn

    n = layer.output.shape[1]
    gamma = weights.pop(0) if layer.scale else np.ones(n, "float32")
    beta = weights.pop(0) if layer.center else np.zeros(n, "float32")
    if type(layer).__name__ == "LayerNormalization":
        return with_state(nn.LayerNorm(n, layer.epsilon), gamma, beta)
    return with_state(nn.BatchNorm1d(n, layer.epsilon, 1 - layer.momentum), gamma, beta, *weights)


@Built
def with_state_dicts():
    """Look the layers up by the names of their classes, and load get_weights() as state."""
    import keras
    from torch import nn

    def keras_to_torch(model):
        modules = []
        for layer in model.layers:
            kind, weights = type(layer).__name__, layer.get_weights()
            if kind == "Dense":
                W = weights[0]
                linear = nn.Linear(*W.shape, bias=len(weights) == 2)
                modules.append(with_state(linear, W.T, *weights[1:]))
                modules.append(module_named(layer.get_config()["activation"]))
            elif kind == "Dropout":
                modules.append(nn.Dropout(p=layer.rate))
            elif kind in ("BatchNormalization", "LayerNormalization"):
                modules.append(of_normalization(layer, weights))
            elif kind == "Activation":
                modules.append(module_named(layer.get_config()["activation"]))
            elif kind in ("ReLU", "ELU", "Softmax"):
                modules.append(module_named(plain(layer)))
            elif not isinstance(layer, keras.layers.InputLayer):
                raise ValueError(f"unknown layer {kind}")
        return nn.Sequential(*modules)

    return keras_to_torch


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
