"""The probe that has the BatchNorm modules of a model recalibrated."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .respond import Facts, attempt, probe


@dataclass(frozen=True)
class Account(Facts):
    """The settings of a model, module by module, norm by norm and parameter by parameter."""

    modes: list[bool]
    momentum: list[Any]
    rates: list[Any]
    trains: list[bool]
    gradients: list[bool]
    hooks: list[int]


@dataclass(frozen=True)
class Recalibrated(Facts):
    """What became of a model: mean and variance of each norm in turn, and what should be as before."""

    same: bool
    gradients: bool
    statistics: list[Any]
    free: bool
    before: Account
    after: Account
    weights: list[bool]
    inputs: list[bool]


def chain(matrices: list[Any], gains: list[Any]) -> Any:
    """Return two BatchNorms with dropout before each, the second frozen."""
    import torch
    from torch import nn

    class Half(nn.Dropout):
        """A dropout layer under another name."""

    linears = [nn.Linear(matrix.shape[1], len(matrix), bias=False) for matrix in matrices]
    norms = [nn.BatchNorm1d(len(matrices[0])), nn.BatchNorm1d(len(matrices[1]), momentum=0.3)]
    inner = nn.ModuleDict({"inner": nn.AlphaDropout(0.4)})["inner"]
    block = nn.Sequential(linears[0], norms[0], nn.ReLU(), nn.Dropout(0.5))
    with torch.no_grad():
        for linear, norm, matrix, gain in zip(linears, norms, matrices, gains, strict=True):
            linear.weight.copy_(matrix)
            norm.weight.copy_(gain[0])
            norm.bias.copy_(gain[1])
    model = nn.Sequential(block, inner, linears[1], Half(0.3), norms[1]).train()
    norms[1].eval().requires_grad_(False)
    linears[1].eval()
    return model


def images(matrices: list[Any], gains: list[Any]) -> Any:
    """Return a BatchNorm2d before other modules."""
    from torch import nn

    return nn.Sequential(nn.BatchNorm2d(len(matrices[0]), momentum=None), nn.ReLU(), nn.Dropout2d(0.5)).train()


def channels(matrices: list[Any], gains: list[Any]) -> Any:
    """Return a BatchNorm2d behind dropout of whole channels."""
    from torch import nn

    return nn.Sequential(nn.Dropout2d(0.5), nn.BatchNorm2d(len(matrices[0]))).train()


def volumes(matrices: list[Any], gains: list[Any]) -> Any:
    """Return a BatchNorm3d without parameters, in a model in eval mode."""
    from torch import nn

    return nn.Sequential(nn.BatchNorm3d(len(matrices[0]), affine=False), nn.Dropout3d(0.5)).eval()


def alone(matrices: list[Any], gains: list[Any]) -> Any:
    """Return a BatchNorm1d that is the whole model."""
    from torch import nn

    return nn.BatchNorm1d(len(matrices[0]))


KINDS: dict[str, Callable[..., Any]] = {
    "chain": chain,
    "images": images,
    "channels": channels,
    "volumes": volumes,
    "alone": alone,
}


def stale(norms: list[Any]) -> None:
    """Give BatchNorm modules statistics that no batch has, and a hook."""
    for number, norm in enumerate(norms):
        norm.running_mean.fill_(40.0 + number)
        norm.running_var.fill_(90.0 + number)
        norm.num_batches_tracked.fill_(1000)
        norm.register_forward_hook(lambda *_: None)


def account(model: Any, norms: list[Any]) -> Account:
    modules, parameters = list(model.modules()), list(model.parameters())
    return Account(
        modes=[module.training for module in modules],
        momentum=[norm.momentum for norm in norms],
        rates=[module.p for module in modules if hasattr(module, "p")],
        trains=[parameter.requires_grad for parameter in parameters],
        gradients=[parameter.grad is not None for parameter in parameters],
        hooks=[len(module._forward_hooks) + len(module._forward_pre_hooks) for module in modules],
    )


@probe
def recalibrated(subject: Any, kind: str, weights: dict[str, list[Any]], batches: list[Any]) -> Recalibrated:
    """Have a model of this kind recalibrated with an iterator that can be gone through once."""
    import torch

    model = KINDS[kind](**weights).to(batches[0].dtype)
    norms = [module for module in model.modules() if hasattr(module, "running_mean")]
    stale(norms)
    before, values = account(model, norms), [parameter.detach().clone() for parameter in model.parameters()]
    given = [x.clone() for x in batches]
    with torch.enable_grad():
        returned = attempt(subject, model, iter(batches))
        gradients = torch.is_grad_enabled()
    statistics = [value for norm in norms for value in (norm.running_mean, norm.running_var)]
    return Recalibrated(
        same=returned is model,
        gradients=gradients,
        statistics=[value.detach().clone() for value in statistics],
        free=not any(value.requires_grad for value in statistics),
        before=before,
        after=account(model, norms),
        weights=[bool(torch.equal(new, old)) for new, old in zip(model.parameters(), values, strict=True)],
        inputs=[bool(torch.equal(new, old)) for new, old in zip(batches, given, strict=True)],
    )
