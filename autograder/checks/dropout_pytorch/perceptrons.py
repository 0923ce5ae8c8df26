"""Answers to `DropoutMLP`: the reference, others that are written in another way, and one with a mistake."""

from itertools import pairwise

from autograder.checks.implementation import Built


def make(forward):
    """Build the module of the exercise around a forward pass, for the implementations below."""
    import torch
    from torch import nn

    class DropoutMLP(nn.Module):
        def __init__(self, num_inputs, num_hiddens, num_outputs, rates):
            super().__init__()
            if any(not 0 <= rate <= 1 for rate in rates):
                raise ValueError(f"rates must lie in [0, 1], got {rates}")
            sizes = [num_inputs, *num_hiddens, num_outputs]
            self.linears = nn.ModuleList(nn.Linear(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1))
            self.rates = list(rates)

        def forward(self, X):
            X = torch.flatten(X, start_dim=1)
            if X.shape[1] != self.linears[0].in_features:
                raise ValueError(f"the flattened input has shape {tuple(X.shape)}")
            return forward(self, X)

    return DropoutMLP


@Built
def DropoutMLP():
    from torch.nn.functional import dropout, relu

    def forward(self, X):
        for linear, rate in zip(self.linears[:-1], self.rates, strict=True):
            X = dropout(relu(linear(X)), rate, training=self.training)
        return self.linears[-1](X)

    return make(forward)


@Built
def with_dropout_modules():
    from torch import nn

    class DropoutMLP(nn.Module):
        def __init__(self, num_inputs, num_hiddens, num_outputs, rates):
            super().__init__()
            for rate in rates:
                if rate < 0 or rate > 1:
                    raise ValueError("each rate must be a probability")
            self.num_inputs = num_inputs
            self.linears = nn.ModuleList()
            self.dropouts = nn.ModuleList([nn.Dropout(rate) for rate in rates])
            for width in num_hiddens:
                self.linears.append(nn.Linear(num_inputs, width))
                num_inputs = width
            self.linears.append(nn.Linear(num_inputs, num_outputs))

        def forward(self, X):
            H = X.reshape(X.shape[0], -1)
            if H.shape[1] != self.num_inputs:
                raise ValueError("X has the wrong shape")
            for linear, drop in zip(self.linears, self.dropouts, strict=False):
                H = drop(linear(H).clamp(min=0))
            return self.linears[-1](H)

    return DropoutMLP


@Built
def with_masks_of_its_own():
    import torch

    def forward(self, X):
        for i, linear in enumerate(self.linears):
            X = linear(X)
            if i < len(self.rates):
                X = X * (X > 0)
                if self.training:
                    keep = 1 - self.rates[i]
                    X = X * torch.bernoulli(torch.full_like(X, keep)) * (1 / keep if keep > 0 else 0)
        return X

    return make(forward)


@Built
def with_sequential():
    """The layers live in a Sequential as well; a parameter that is reached by two names is one parameter."""
    from torch import nn

    class DropoutMLP(nn.Module):
        def __init__(self, num_inputs, num_hiddens, num_outputs, rates):
            super().__init__()
            if min(rates) < 0 or max(rates) > 1:
                raise ValueError("rates outside [0, 1]")
            sizes, layers = [num_inputs, *num_hiddens], [nn.Flatten()]
            for (fan_in, fan_out), rate in zip(pairwise(sizes), rates, strict=True):
                layers += [nn.Linear(fan_in, fan_out), nn.ReLU(), nn.Dropout(rate)]
            layers.append(nn.Linear(sizes[-1], num_outputs))
            self.net = nn.Sequential(*layers)
            self.linears = nn.ModuleList(layer for layer in layers if isinstance(layer, nn.Linear))

        def forward(self, X):
            try:
                return self.net(X)
            except RuntimeError as error:
                raise ValueError("X does not have the shape of the input") from error

    return DropoutMLP


@Built
def mode_from_gradients():
    """Nothing is dropped where no gradients are recorded. The mode is self.training alone: Monte Carlo dropout is training
    mode without a graph."""
    import torch

    def forward(self, X):
        for linear, rate in zip(self.linears[:-1], self.rates, strict=True):
            X = torch.dropout(linear(X).relu(), rate, self.training and torch.is_grad_enabled())
        return self.linears[-1](X)

    return make(forward)
