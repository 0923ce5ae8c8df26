"""Passes through a PyTorch model with dropout alone in training mode: `mc_predict_torch(model, X, T) -> (T, n, k)`."""

from typing import Any

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask, Tensor
from autograder.checks.exercise import Built, Exercise, Fingerprint, Misconception, Requirement
from autograder.checks.expect import array, close, describe_type, expect
from autograder.checks.masks import independent_entries, keeps_fraction
from autograder.checks.respond import attempt

PAGE = "montecarlo/sampling"
RATE = 0.4
WIDTH = 6


def sampled(subject: Any, kind: str, X: Any, T: int, modes: str, seed: int) -> dict[str, Any]:
    """Hand a model to the student's function; tell what came back, and what became of the model.

    `modes` is "train", "eval", or "mixed", where every second module is in training mode.
    """
    import torch
    from torch import nn

    class OwnDropout(nn.Module):
        """Dropout of another make: what is kept is doubled, too, to be told apart."""

        def forward(self, x: Any) -> Any:
            kept = torch.rand_like(x) >= 0.4
            return 2 * x * kept / 0.6 if self.training else x

    class Heir(OwnDropout):
        pass

    class Noise(nn.Dropout):
        pass

    class Raindrop(nn.Module):
        """Random in training mode, and no dropout by name."""

        def forward(self, x: Any) -> Any:
            return x + torch.randn_like(x) if self.training else x

    class DropoutBlock(nn.Module):
        """Dropout by name, at rate 0; what it contains is none."""

        def __init__(self, *inside: nn.Module) -> None:
            super().__init__()
            self.inside = nn.Sequential(*inside)

        def forward(self, x: Any) -> Any:
            return self.inside(x)

    def quiet() -> list[nn.Module]:
        return [
            nn.Linear(6, 6),
            nn.BatchNorm1d(6),
            Raindrop(),
            DropoutBlock(nn.BatchNorm1d(6), Raindrop()),
            nn.Dropout(0.0),
        ]

    kinds: dict[str, Any] = {
        "dropout": lambda: [nn.Dropout(0.4)],
        "deep": lambda: [nn.Sequential(nn.Identity(), DropoutBlock(nn.Dropout(0.4)))],
        "subclass": lambda: [Noise(0.4)],
        "own": lambda: [OwnDropout()],
        "heir": lambda: [Heir()],
        "alpha": lambda: [nn.AlphaDropout(0.4)],
        "quiet": quiet,
        "all": lambda: [*quiet(), OwnDropout(), nn.Dropout(0.4), Noise(0.4), nn.Linear(6, 3)],
        "normed": lambda: [OwnDropout(), nn.BatchNorm1d(6)],
    }
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.default_generator.manual_seed(seed)
        model = nn.Sequential(*kinds[kind]())
        for buffer in model.buffers():
            if buffer.is_floating_point():
                buffer.uniform_(0.5, 2)
        model.eval()
        deterministic = model(X).clone()
    modules = list(model.modules())
    for index, module in enumerate(modules):
        module.training = modes == "train" or (modes == "mixed" and index % 2 == 0)
    for parameter in list(model.parameters())[:1]:
        parameter.requires_grad_(False)

    def facts() -> list[Any]:
        flags = [module.training for module in modules]
        parameters = [(p.requires_grad, p.grad is None) for p in model.parameters()]
        hooks = [len(module._forward_hooks) + len(module._forward_pre_hooks) for module in modules]
        return [flags, parameters, hooks]

    before, state = facts(), {name: value.clone() for name, value in model.state_dict().items()}
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.default_generator.manual_seed(seed + 1)
        result = attempt(subject, model, X, T)
        gradients = torch.is_grad_enabled()
    after = facts()
    return {
        "value": result,
        "graph": isinstance(result, torch.Tensor) and result.requires_grad,
        "deterministic": deterministic,
        "modes kept": before[0] == after[0],
        "parameters kept": before[1:] == after[1:] and gradients,
        "state kept": all(torch.equal(value, state[name]) for name, value in model.state_dict().items()),
    }


def sample(ask: Ask, draw: np.random.Generator, kind: str, n: int, T: int, modes: str = "eval") -> dict[str, Any]:
    """Let the student's function predict; return the facts with the passes as an array under "value"."""
    X = hidden.away_from_zero(draw, (n, WIDTH), "float32")
    answer = ask.probe_answer(sampled, kind, Tensor(X), T, modes, int(draw.integers(2**31)))
    facts = ask.value(answer)
    value, deterministic = facts["value"], facts["deterministic"].array
    value = value.array if isinstance(value, Tensor) else value
    expect(isinstance(value, np.ndarray), f"return an array or a tensor, not {describe_type(value)}")
    passes = array(value, (T, *deterministic.shape))
    return facts | {"X": X, "X kept": answer.untouched, "value": passes, "deterministic": deterministic}


def masks_of(facts: dict[str, Any], factor: float = 1.0) -> np.ndarray:
    expect(
        not close(facts["value"][0], facts["X"], "float32"),
        "a dropout module is not active: it belongs in training mode",
    )
    masks = facts["value"] != 0
    kept = factor * facts["X"] / (1 - RATE)
    expect(
        close(facts["value"], masks * kept, "float32"), "with dropout alone every entry should be 0 or X / (1 - rate)"
    )
    return np.asarray(masks)


def returns_passes(ask: Ask, draw: np.random.Generator) -> None:
    for n, T in ((5, 4), (4, 1), (1, 7)):
        facts = sample(ask, draw, "all", n, T)
        expect(facts["value"].dtype == np.float32, "the passes should have the dtype of X, float32")
        expect(not facts["graph"], "the result still has a graph behind it: sample under torch.no_grad()")


def draws_anew(ask: Ask, draw: np.random.Generator) -> None:
    for modes in ("eval", "train"):
        masks = masks_of(sample(ask, draw, "dropout", 10, 60, modes))
        expect((masks != masks[0]).any(), "all passes are the same: put Dropout in training mode for every pass")
        keeps_fraction(masks, RATE)
        independent_entries(masks, RATE)


def knows_dropout_by_name(ask: Ask, draw: np.random.Generator) -> None:
    for kind, factor in (("subclass", 1.0), ("own", 2.0), ("heir", 2.0), ("deep", 1.0)):
        for modes in ("eval", "mixed"):
            masks = masks_of(sample(ask, draw, kind, 20, 8, modes), factor)
            keeps_fraction(masks, RATE)
    samples = sample(ask, draw, "alpha", 20, 4)["value"]
    expect((samples[0] != samples[1]).any(), "AlphaDropout has Dropout in its name, and should be active")


def spares_the_rest(ask: Ask, draw: np.random.Generator) -> None:
    for modes in ("eval", "train", "mixed"):
        facts = sample(ask, draw, "quiet", 9, 3, modes)
        message = (
            "only dropout modules should be in training mode, themselves and not their children: all else in eval mode"
        )
        expect(close(facts["value"], np.stack([facts["deterministic"]] * 3), "float32"), message)


def restores_modes(ask: Ask, draw: np.random.Generator) -> None:
    for modes in ("eval", "train", "mixed"):
        facts = sample(ask, draw, "all", 4, 2, modes)
        expect(facts["modes kept"], "every module should be back in the mode in which it was")


def leaves_model_alone(ask: Ask, draw: np.random.Generator) -> None:
    for modes in ("train", "mixed"):
        facts = sample(ask, draw, "all", 6, 2, modes)
        expect(facts["state kept"], "weights or running statistics of the model have changed")
        expect(facts["parameters kept"], "gradients, requires_grad or hooks of the model have changed")
        expect(facts["X kept"], "X has changed")


def measure(ask: Ask) -> list[float]:
    X = Tensor(np.random.default_rng(3).uniform(0.5, 2, (4, WIDTH)).astype(np.float32))
    numbers = []
    for kind, modes in (("normed", "mixed"), ("own", "mixed")):
        facts = ask.probe(sampled, kind, X, 5, modes, 7)
        value = facts["value"].array if isinstance(facts["value"], Tensor) else facts["value"]
        numbers += [float(facts["state kept"]), float(facts["modes kept"]), float(np.ptp(value, axis=0).max() > 0)]
    return numbers


def with_modes(chosen, restore=True, whole=False):
    """Return the function that puts the modules that are chosen in training mode."""

    def mc_predict_torch(model, X, T):
        import torch

        modes = [(module, module.training) for module in model.modules()]
        model.train(whole)
        for module, _ in modes:
            if chosen(module):
                module.training = True
        with torch.no_grad():
            samples = torch.stack([model(X) for _ in range(T)])
        for module, mode in modes if restore else ():
            module.training = mode
        return samples

    return mc_predict_torch


def is_dropout(module):
    return any("Dropout" in kind.__name__ for kind in type(module).__mro__)


@Built
def reference():
    return with_modes(is_dropout)


@Built
def whole_model():
    return with_modes(is_dropout, whole=True)


@Built
def not_restored():
    return with_modes(is_dropout, restore=False)


@Built
def own_classes_missed():
    from torch import nn

    return with_modes(lambda module: isinstance(module, nn.modules.dropout._DropoutNd))


@Built
def with_dictionary():
    import torch

    @torch.inference_mode()
    def mc_predict_torch(model, X, T):
        modes = {name: module.training for name, module in model.named_modules()}
        passes = np.empty((T, *model.eval()(X).shape), np.float32)
        for module in model.modules():
            names = [base.__name__ for base in type(module).__mro__]
            module.training = "Dropout" in " ".join(names)
        for t in range(T):
            passes[t] = model(X).numpy()
        for name, module in model.named_modules():
            module.training = modes[name]
        return passes

    return mc_predict_torch


@Built
def with_deep_copy():
    """A copy may be left in any mode."""
    import copy

    import torch

    def mc_predict_torch(model, X, T):
        copied = copy.deepcopy(model).eval()
        for module in copied.modules():
            if any("dropout" in base.__name__.lower() for base in type(module).__mro__):
                module.training = True
        return torch.stack([copied(X).detach() for _ in range(T)])

    return mc_predict_torch


@Built
def in_one_batch():
    """In eval mode nothing but dropout sees the batch, so that copies of X can share one pass."""
    import torch

    def mc_predict_torch(model, X, T):
        modules = list(model.modules())
        modes = [module.training for module in modules]
        try:
            for module in modules:
                module.training = any(name.__name__.find("Dropout") >= 0 for name in module.__class__.mro())
            with torch.no_grad():
                return model(X.repeat(T, *[1] * (X.ndim - 1))).unflatten(0, (T, len(X))).numpy()
        finally:
            for module, mode in zip(modules, modes, strict=True):
                module.training = mode

    return mc_predict_torch


exercise = Exercise(
    name="mc_predict_torch",
    assignment="monte_carlo",
    page=PAGE,
    requirements=(
        Requirement("returns (T, n, k) without a graph", 1, returns_passes),
        Requirement("drops every entry on its own, anew in every pass", 1, draws_anew),
        Requirement("knows dropout by the name of the class or of a base", 2, knows_dropout_by_name),
        Requirement("keeps everything else in eval mode", 1, spares_the_rest),
        Requirement("restores the mode of every module", 1, restores_modes),
        Requirement("leaves weights, statistics and gradients alone", 1, leaves_model_alone),
    ),
    reference=reference,
    misconceptions=(
        Misconception(
            "whole model in train mode",
            "model.train() also wakes BatchNorm, which then normalizes by the batch and moves its statistics. Put "
            "only the dropout modules in training mode.",
            PAGE,
            whole_model,
        ),
        Misconception(
            "modes not restored",
            "The model comes back in other modes than it came, so the next evaluation is random. Note "
            "module.training of every module first, and set it back.",
            PAGE,
            not_restored,
        ),
        Misconception(
            "own dropout classes missed",
            "Only PyTorch's own dropout classes are recognized. A class of one's own may be no nn.Dropout: look for "
            "Dropout in the names of the class and its bases.",
            PAGE,
            own_classes_missed,
        ),
    ),
    variants=(with_dictionary, with_deep_copy, in_one_batch),
    fingerprint=Fingerprint(measure),
)
