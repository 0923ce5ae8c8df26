"""The probe that has the activations of a model measured, and sees them itself.

A trusted hook on every module keeps what it put out, so that an answer is compared with the very activations that it
measured, whatever dropout drew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .respond import Facts, attempt, probe


@dataclass(frozen=True)
class Pass(Facts):
    """One call of a model: in which modes its modules were, and what ReLU and dropout last put out, by their names."""

    modes: list[bool]
    outputs: dict[str, Any]


@dataclass(frozen=True)
class Measured(Facts):
    """What measuring a model gave, what its activations were meanwhile, and what became of it."""

    result: Any
    passes: list[Pass]
    modes: list[bool]
    flags_kept: bool
    hooks_kept: bool
    state_kept: bool
    gradients: bool


def perceptron() -> Any:
    from torch import nn

    class Halving(nn.ReLU):
        def forward(self, x: Any) -> Any:
            return super().forward(x) / 2

    first = [nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.4), nn.Linear(8, 5), nn.BatchNorm1d(5)]
    return nn.Sequential(*first, Halving(), nn.Dropout(0.25), nn.Tanh(), nn.Linear(5, 2))


def convolution() -> Any:
    from torch import nn

    stem = nn.Sequential(nn.Conv2d(2, 4, 2), nn.ReLU(), nn.Dropout2d(0.3), nn.Dropout(0.3))
    return nn.Sequential(stem, nn.ModuleDict({"gate": nn.ReLU()})["gate"], nn.Flatten(), nn.Linear(32, 3), nn.ReLU6())


def twice() -> Any:
    """Return a model that calls one ReLU and one dropout layer twice."""
    from torch import nn

    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(6, 7), nn.Linear(7, 4)
            self.act, self.drop = nn.ReLU(), nn.Dropout(0.4)
            self.same = self.act

        def forward(self, x: Any) -> Any:
            return self.drop(self.act(self.second(self.drop(self.act(self.first(x))))))

    return Twice()


MODELS: dict[str, Callable[[], Any]] = {"perceptron": perceptron, "convolution": convolution, "twice": twice}


def watched(kind: str, passes: list[Pass]) -> Any:
    """Return a model of this kind, under the name `body`, that starts a new record whenever it, or a copy, is called."""
    from torch import nn

    class Watched(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = MODELS[kind]()

        def forward(self, x: Any) -> Any:
            passes.append(Pass([module.training for module in self.modules()], {}))
            return self.body(x)

    def watch(module: Any, name: str) -> None:
        def hook(_module: Any, _inputs: Any, output: Any) -> None:
            if passes:
                passes[-1].outputs[name] = output.detach().clone()

        module.register_forward_hook(hook)

    model = Watched()
    for name, module in model.named_modules():
        if isinstance(module, nn.ReLU | nn.Dropout):
            watch(module, name)
    return model


def hooks_of(modules: list[Any]) -> list[Any]:
    """Return the numbers of hooks of modules and of all modules together, and the attributes that each module has."""
    from torch import nn

    kinds = [attribute for attribute in vars(modules[0]) if attribute.endswith("_hooks")]
    own = [len(getattr(module, kind)) for module in modules for kind in kinds]
    everywhere = vars(nn.modules.module).items()
    shared = [len(value) for name, value in everywhere if name.startswith("_global") and name.endswith("_hooks")]
    return own + shared + [sorted(vars(module)) for module in modules]


def flags_of(model: Any, modules: list[Any]) -> list[Any]:
    """Return the names of a model's modules, the modes of these modules, and which parameters require gradients."""
    names = [name for name, _ in model.named_modules()]
    return [names, [module.training for module in modules], [value.requires_grad for value in model.parameters()]]


@probe
def measured(subject: Any, kind: str, X: Any, frozen: Any, training: bool, seed: int) -> Measured:
    """Have a model of this kind measured; `frozen` names the modules that are in the other mode than `training`."""
    import torch

    passes: list[Pass] = []
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.default_generator.manual_seed(seed)
        model = watched(kind, passes).train(training)
        for name, parameter in model.named_parameters():
            if "bias" in name:
                parameter.uniform_(-0.5, 1)
    for name, module in model.named_modules():
        module.training = training != (name in frozen)
    modules = list(model.modules())
    hooks, flags = hooks_of(modules), flags_of(model, modules)
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.default_generator.manual_seed(seed + 1)
        result = attempt(subject, model, X)
        gradients = torch.is_grad_enabled()
    after = model.state_dict()
    return Measured(
        result=result,
        passes=passes,
        modes=flags[1],
        flags_kept=flags_of(model, modules) == flags,
        hooks_kept=hooks_of(modules) == hooks,
        state_kept=all(torch.equal(tensor, after[name]) for name, tensor in state.items()),
        gradients=gradients,
    )
