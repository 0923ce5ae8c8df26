"""Right answers to `keras_to_torch`: the reference, and others that are written in another way."""

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
