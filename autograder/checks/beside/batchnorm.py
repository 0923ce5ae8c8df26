"""Probes of a student's BatchNorm1d, and of what recalibrates the BatchNorm modules of a model."""

from dataclasses import dataclass
from typing import Any

from .respond import Facts, attempt, probe

Arrays = dict[str, Any]


@dataclass(frozen=True)
class Normalized(Facts):
    """The output of a module, and its running statistics afterwards."""

    y: Any
    mean: Any
    var: Any


def prepared(subject: Any, x: Any, settings: Arrays, options: dict[str, float], training: bool) -> Any:
    """Build the module for x in a mode, and set what `settings` names."""
    import torch

    layer = subject(x.shape[1], **options).to(x.dtype).train(training)
    with torch.no_grad():
        for name, value in settings.items():
            getattr(layer, name).copy_(value)
    return layer


@probe
def normalize(
    subject: Any, x: Any, settings: Arrays, options: dict[str, float], training: bool, grad: bool
) -> Normalized:
    """Pass x through a prepared module."""
    import torch

    def run() -> Normalized:
        layer = prepared(subject, x, settings, options, training)
        with torch.set_grad_enabled(grad):
            y = layer(x)
        return Normalized(y.detach(), layer.running_mean.detach(), layer.running_var.detach())

    return attempt(run)  # type: ignore[no-any-return]


@probe
def alternate(subject: Any, xs: list[Any], modes: list[bool], options: dict[str, float]) -> list[Normalized]:
    """Pass one batch after the other through one module, each in the mode beside it (True: training)."""

    def run() -> list[Normalized]:
        layer, steps = prepared(subject, xs[0], {}, options, True), []
        for x, training in zip(xs, modes, strict=True):
            y = layer.train(training)(x)
            steps.append(
                Normalized(y.detach(), layer.running_mean.detach().clone(), layer.running_var.detach().clone())
            )
        return steps

    return attempt(run)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Trained(Facts):
    """The running statistics after training, whether they carry no graph, and the mean of a copy of the module."""

    mean: Any
    var: Any
    free: bool
    copied: Any


@probe
def train(subject: Any, batches: list[Any], options: dict[str, float], copies: bool) -> Trained:
    """Train on several batches, each with a backward pass."""
    import copy

    def run() -> Trained:
        layer = subject(batches[0].shape[1], **options).to(batches[0].dtype)
        for x in batches:
            layer(x.clone().requires_grad_()).square().sum().backward()
        mean, var = layer.running_mean, layer.running_var
        free = not (mean.requires_grad or var.requires_grad)
        copied = copy.deepcopy(layer) if copies and free else layer
        return Trained(mean.detach(), var.detach(), free, copied.running_mean.detach())

    return attempt(run)  # type: ignore[no-any-return]


@probe
def differentiate(
    subject: Any, x: Any, dy: Any, settings: Arrays, options: dict[str, float], training: bool
) -> list[Any]:
    """Return the gradients of x, weight and bias."""

    def run() -> list[Any]:
        layer = prepared(subject, x, settings, options, training)
        inputs = x.clone().requires_grad_()
        layer(inputs).backward(dy)
        return [value.grad for value in (inputs, layer.weight, layer.bias)]

    return attempt(run)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Exchanged(Facts):
    """The names in a state, what it means to a new layer of the student's and to one of PyTorch, and how much of it
    are parameters."""

    names: list[Any]
    outputs: list[Any]
    parameters: int


def by_formula(norm: Any, x: Any) -> Any:
    """Return what a BatchNorm1d of PyTorch gives in eval mode, which may be missing where an answer is asked apart."""
    return (x - norm.running_mean) / (norm.running_var + norm.eps).sqrt() * norm.weight + norm.bias


@probe
def exchange_state(subject: Any, x: Any, settings: Arrays) -> Exchanged:
    """Load the state of a BatchNorm1d of PyTorch into the student's, and load it back."""
    import torch

    def run() -> Exchanged:
        theirs = torch.nn.BatchNorm1d(x.shape[1])
        given = dict(theirs.state_dict(), **settings)
        layer = subject(x.shape[1])
        layer.load_state_dict(given, strict=True)
        theirs.load_state_dict(layer.state_dict(), strict=True)
        with torch.no_grad():
            outputs = [layer.eval()(x), by_formula(theirs, x)]
        return Exchanged(list(layer.state_dict()), outputs, len(list(layer.parameters())))

    return attempt(run)  # type: ignore[no-any-return]


@probe
def pass_through(subject: Any, features: int, x: Any, training: bool) -> Any:
    """Build the module and pass x through; only what that last call raises counts."""
    layer = attempt(lambda: subject(features).to(x.dtype).train(training))
    return attempt(layer, x).detach()


@probe
def count_state(subject: Any, features: int) -> int:
    """Return how many running statistics are in the state."""

    def run() -> int:
        return sum(name in subject(features).state_dict() for name in ("running_mean", "running_var"))

    return attempt(run)  # type: ignore[no-any-return]


@probe
def remembers(subject: Any, x: Any) -> bool:
    """Return whether a running statistic carries a graph after one step; a plain one carries none."""

    def run() -> bool:
        layer = subject(x.shape[1]).to(x.dtype)
        layer(x.clone().requires_grad_())
        return any(statistic.requires_grad for statistic in (layer.running_mean, layer.running_var))

    return attempt(run)  # type: ignore[no-any-return]
