"""Probes of dropout in PyTorch: gradients, draws without a generator, a perceptron, a classifier that is evaluated."""

from dataclasses import dataclass
from typing import Any

from .respond import Facts, attempt, probe


@probe
def gradients(subject: Any, dy: Any, wanted: int, *args: Any, **kwargs: Any) -> Any:
    """Call the subject and return its result y with the gradients of (dy * y).sum() for the first `wanted` arguments.

    The gradients are None where the result does not depend on its arguments through the graph.
    """
    leaves = [tensor.requires_grad_() for tensor in args[:wanted]]
    y = attempt(subject, *args, **kwargs)
    if getattr(y, "requires_grad", False):
        attempt(y.backward, dy)
    return y, [leaf.grad for leaf in leaves]


@probe
def unguided(subject: Any, seed: int, times: int, *args: Any) -> list[Any]:
    """Call the subject several times without a generator, so that it draws from torch's own, here in a known state."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return [attempt(subject, *args) for _ in range(times)]


@dataclass(frozen=True)
class Structure(Facts):
    """The layers of a perceptron."""

    is_module: bool
    is_list: bool
    are_linear: bool
    shapes: list[list[int]]
    parameters: int


@probe
def structure(subject: Any, num_inputs: int, num_hiddens: Any, num_outputs: int, rates: Any) -> Structure:
    """Build a perceptron and describe its layers."""
    from torch import nn

    model = attempt(subject, num_inputs, num_hiddens, num_outputs, rates)
    linears: Any = getattr(model, "linears", None)
    is_list = isinstance(linears, nn.ModuleList)
    layers = list(linears) if is_list else []
    return Structure(
        is_module=isinstance(model, nn.Module),
        is_list=is_list,
        are_linear=all(isinstance(layer, nn.Linear) and layer.bias is not None for layer in layers),
        shapes=[list(getattr(getattr(layer, "weight", None), "shape", ())) for layer in layers],
        parameters=sum(value.numel() for value in model.parameters()) if isinstance(model, nn.Module) else 0,
    )


def linear_layers(model: Any) -> list[Any]:
    """Return the Linear layers of a perceptron: those of `linears` in order, then the ones that should be there, too."""
    from torch import nn

    listed = [layer for layer in getattr(model, "linears", ()) if isinstance(layer, nn.Linear)]
    return [*listed, *(item for item in model.modules() if isinstance(item, nn.Linear) and item not in listed)]


def loaded(subject: Any, sizes: Any, rates: Any, weights: Any, dtype: Any) -> Any:
    """Build a perceptron with given weights."""
    import torch

    num_inputs, *num_hiddens, num_outputs = sizes
    model = attempt(subject, num_inputs, num_hiddens, num_outputs, rates)

    def load() -> None:
        model.to(dtype)
        with torch.no_grad():
            for layer, (weight, bias) in zip(linear_layers(model), weights, strict=True):
                layer.weight.copy_(weight)
                layer.bias.copy_(bias)

    attempt(load)
    return model


@probe
def run(subject: Any, seed: int, sizes: Any, rates: Any, weights: Any, X: Any, modes: Any) -> list[Any]:
    """Call a perceptron once for each of the modes (True: training) and return the logits.

    torch's own generator is in a known state meanwhile.
    """
    import torch

    model, logits = loaded(subject, sizes, rates, weights, X.dtype), []
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        for training in modes:
            attempt(model.train, training)
            logits.append(attempt(model, X))
    return logits


@dataclass(frozen=True)
class Differentiated(Facts):
    """The logits of a perceptron in training, and the gradients of its weights and biases."""

    logits: Any
    gradients: list[Any]


@probe
def differentiate(subject: Any, seed: int, sizes: Any, rates: Any, weights: Any, X: Any, dy: Any) -> Differentiated:
    """Call a perceptron in training and return the gradients of (dy * logits).sum()."""
    import torch

    model = loaded(subject, sizes, rates, weights, X.dtype)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        attempt(model.train)
        logits = attempt(model, X)
    if not getattr(logits, "requires_grad", False):
        return Differentiated(logits, [])
    attempt(logits.backward, dy)
    return Differentiated(
        logits, [grad for layer in linear_layers(model) for grad in (layer.weight.grad, layer.bias.grad)]
    )


@dataclass(frozen=True)
class Call(Facts):
    """What a classifier was called with, in which modes of its modules, and whether that built a graph."""

    shape: list[int]
    dtype: str
    low: float
    high: float
    modes: list[bool]
    graph: bool


@dataclass(frozen=True)
class Evaluated(Facts):
    """What evaluating a classifier gave, how it was called, and what became of it."""

    result: Any
    calls: list[Call]
    modes: list[bool]
    unchanged: bool
    takes_gradients: bool
    gradients: bool


def classifier(calls: list[Call]) -> Any:
    """Return a linear classifier behind BatchNorm and dropout that notes every call."""
    import torch

    class Classifier(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = torch.nn.BatchNorm1d(784, affine=False)
            self.drop = torch.nn.Dropout(0.5)
            self.head = torch.nn.utils.skip_init(torch.nn.Linear, 784, 10)

        def forward(self, x: Any) -> Any:
            logits = self.head(self.drop(self.norm(x.flatten(1).float())))
            modes = [module.training for module in (self, self.norm, self.drop, self.head)]
            calls.append(Call(list(x.shape), str(x.dtype), float(x.min()), float(x.max()), modes, logits.requires_grad))
            return logits

    return Classifier()


@probe
def evaluated(subject: Any, images: Any, labels: Any, W: Any, b: Any, modes: Any, *batch_size: int) -> Evaluated:
    """Have a classifier evaluated; modes are the training flags of the whole, its BatchNorm, dropout and output."""
    import torch

    calls: list[Call] = []
    model = classifier(calls)
    with torch.no_grad():
        model.head.weight.copy_(W)
        model.head.bias.copy_(b)
    modules = (model, model.norm, model.drop, model.head)
    for module, mode in zip(modules, modes, strict=True):
        module.training = mode
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.default_generator.manual_seed(0)
        result = attempt(subject, model, images, labels, *batch_size)
        gradients = torch.is_grad_enabled()
    after = model.state_dict()
    return Evaluated(
        result=result,
        calls=calls,
        modes=[module.training for module in modules],
        unchanged=before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before),
        takes_gradients=all(parameter.requires_grad for parameter in model.parameters()),
        gradients=gradients,
    )
