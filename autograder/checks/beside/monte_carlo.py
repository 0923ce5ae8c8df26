"""The probe that has Monte Carlo passes drawn through a PyTorch model."""

from dataclasses import dataclass
from typing import Any

from .respond import Facts, attempt, probe

WIDTH = 6
RATE = 0.4


@dataclass(frozen=True)
class Sampled(Facts):
    """What came back, whether it has a graph behind it, what eval mode gives, and what became of the model."""

    value: Any
    graph: bool
    deterministic: Any
    modes_kept: bool
    parameters_kept: bool
    state_kept: bool


def own_dropout() -> Any:
    """Return dropout of another make: what is kept is doubled, too, to be told apart."""
    import torch
    from torch import nn

    class OwnDropout(nn.Module):
        def forward(self, x: Any) -> Any:
            kept = torch.rand_like(x) >= RATE
            return 2 * x * kept / (1 - RATE) if self.training else x

    return OwnDropout


def heir() -> Any:
    """Return dropout by the name of its base."""

    class Heir(own_dropout()):  # type: ignore[misc]
        pass

    return Heir()


def noise() -> Any:
    """Return PyTorch's own dropout under another name."""
    from torch import nn

    class Noise(nn.Dropout):
        pass

    return Noise(RATE)


def raindrop() -> Any:
    """Return a module that is random in training mode, and no dropout by name."""
    import torch
    from torch import nn

    class Raindrop(nn.Module):
        def forward(self, x: Any) -> Any:
            return x + torch.randn_like(x) if self.training else x

    return Raindrop()


def block(*inside: Any) -> Any:
    """Return dropout by name, at rate 0; what it contains is none."""
    from torch import nn

    class DropoutBlock(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inside = nn.Sequential(*inside)

        def forward(self, x: Any) -> Any:
            return self.inside(x)

    return DropoutBlock()


def quiet() -> list[Any]:
    """Return layers none of which drops anything."""
    from torch import nn

    first = [nn.Linear(WIDTH, WIDTH), nn.BatchNorm1d(WIDTH), raindrop()]
    return [*first, block(nn.BatchNorm1d(WIDTH), raindrop()), nn.Dropout(0.0)]


def layers(kind: str) -> list[Any]:
    """Return the layers of a model of this kind."""
    from torch import nn

    kinds: dict[str, Any] = {
        "dropout": lambda: [nn.Dropout(RATE)],
        "deep": lambda: [nn.Sequential(nn.Identity(), block(nn.Dropout(RATE)))],
        "subclass": lambda: [noise()],
        "own": lambda: [own_dropout()()],
        "heir": lambda: [heir()],
        "alpha": lambda: [nn.AlphaDropout(RATE)],
        "quiet": quiet,
        "all": lambda: [*quiet(), own_dropout()(), nn.Dropout(RATE), noise(), nn.Linear(WIDTH, 3)],
        "normed": lambda: [own_dropout()(), nn.BatchNorm1d(WIDTH)],
    }
    return list(kinds[kind]())


def made(kind: str, seed: int) -> Any:
    """Return a model with statistics of its own."""
    import torch

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.default_generator.manual_seed(seed)
        model = torch.nn.Sequential(*layers(kind))
        for buffer in model.buffers():
            if buffer.is_floating_point():
                buffer.uniform_(0.5, 2)
    return model


def account(model: Any, modules: list[Any]) -> tuple[list[bool], list[Any], list[int]]:
    """Return the modes of modules, what is known of the parameters, and the numbers of hooks."""
    modes = [module.training for module in modules]
    parameters = [(parameter.requires_grad, parameter.grad is None) for parameter in model.parameters()]
    return modes, parameters, [len(module._forward_hooks) + len(module._forward_pre_hooks) for module in modules]


@probe
def sampled(subject: Any, kind: str, X: Any, T: int, modes: str, seed: int) -> Sampled:
    """Hand over a model whose modes are "train", "eval", or "mixed": every second module in training mode."""
    import torch

    model = made(kind, seed).eval()
    with torch.no_grad():
        deterministic = model(X).clone()
    modules = list(model.modules())
    for index, module in enumerate(modules):
        module.training = modes == "train" or (modes == "mixed" and index % 2 == 0)
    for parameter in list(model.parameters())[:1]:
        parameter.requires_grad_(False)
    before, state = account(model, modules), {name: value.clone() for name, value in model.state_dict().items()}
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.default_generator.manual_seed(seed + 1)
        result = attempt(subject, model, X, T)
        gradients = torch.is_grad_enabled()
    after = account(model, modules)
    return Sampled(
        value=result,
        graph=isinstance(result, torch.Tensor) and result.requires_grad,
        deterministic=deterministic,
        modes_kept=before[0] == after[0],
        parameters_kept=before[1:] == after[1:] and gradients,
        state_kept=all(torch.equal(value, state[name]) for name, value in model.state_dict().items()),
    )
