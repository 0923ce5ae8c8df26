"""Passes through a PyTorch model with dropout alone in training mode: `mc_predict_torch(model, X, T) -> (T, n, k)`."""

from dataclasses import dataclass

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask, Tensor, Value
from autograder.checks.beside.monte_carlo import RATE, WIDTH, Sampled, sampled
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, describe_type, expect
from autograder.checks.implementation import Built
from autograder.checks.masks import independent_entries, keeps_fraction
from autograder.checks.monte_carlo.passes import passes_first


@Built
def mc_predict_torch():
    import torch

    def is_dropout(module):
        return any("Dropout" in kind.__name__ for kind in type(module).__mro__)

    def mc_predict_torch(model, X, T):
        modes = [(module, module.training) for module in model.modules()]
        model.eval()
        for module, _ in modes:
            if is_dropout(module):
                module.training = True
        with torch.no_grad():
            samples = torch.stack([model(X) for _ in range(T)])
        for module, mode in modes:
            module.training = mode
        return samples

    return mc_predict_torch


exercise = Exercise(
    mc_predict_torch,
    page="montecarlo/sampling#PyTorch: only the dropout modules",
    onward="The figure after this samples with it again and again; try a model with BatchNorm, and look at its running mean afterwards.",
    trap=("spares_the_rest", "restores_modes"),
)


@dataclass(frozen=True)
class Passes:
    """What was predicted, the passes, what eval mode gives, and what else became known."""

    X: np.ndarray
    samples: np.ndarray
    deterministic: np.ndarray
    facts: Sampled
    X_kept: bool


def sample(
    ask: Ask, draw: np.random.Generator, kind: str, n: int, T: int, modes: str = "eval", anywhere: bool = True
) -> Passes:
    """Let the student's function predict.

    Raise Unmet unless the passes are an array or a tensor of shape (T, n, k), or T lies elsewhere where that may be.
    """
    X = hidden.away_from_zero(draw, (n, WIDTH), "float32")
    answer = ask.probe_answer(sampled, kind, Tensor(X), T, modes, hidden.seed(draw))
    facts = ask.found(sampled, answer)
    value, deterministic = plain(facts.value), facts.deterministic.array
    expect(isinstance(value, np.ndarray), f"return an array or a tensor, not {describe_type(value)}")
    shape = deterministic.shape
    samples = passes_first(value, T, shape) if anywhere else array(value, (T, *shape))
    return Passes(X, samples, deterministic, facts, answer.untouched)


def plain(value: Value) -> Value:
    return value.array if isinstance(value, Tensor) else value


def masks_of(passes: Passes, factor: float = 1.0) -> np.ndarray:
    samples, X = passes.samples, passes.X
    expect(not close(samples[0], X, "float32"), "a dropout module is not active: it belongs in training mode")
    masks = samples != 0
    message = "with dropout alone every entry should be 0 or X / (1 - rate)"
    expect(close(samples, masks * (factor * X / (1 - RATE)), "float32"), message)
    return np.asarray(masks)


@exercise.requires("returns (T, n, k) without a graph", 1)
def returns_passes(ask: Ask, draw: np.random.Generator) -> None:
    for n, T in ((5, 4), (4, 1), (1, 7), (210, 2)):
        passes = sample(ask, draw, "all", n, T, anywhere=False)
        expect(passes.samples.dtype == np.float32, "the passes should have the dtype of X, float32")
        expect(not passes.facts.graph, "the result still has a graph behind it: sample under torch.no_grad()")


@exercise.requires("drops every entry on its own, anew in every pass", 1)
def draws_anew(ask: Ask, draw: np.random.Generator) -> None:
    for modes in ("eval", "train"):
        masks = masks_of(sample(ask, draw, "dropout", 10, 60, modes))
        expect((masks != masks[0]).any(), "all passes are the same: put Dropout in training mode for every pass")
        keeps_fraction(masks, RATE)
        independent_entries(masks, RATE)


@exercise.requires("knows dropout by the name of the class or of a base", 2)
def knows_dropout_by_name(ask: Ask, draw: np.random.Generator) -> None:
    for kind, factor in (("subclass", 1.0), ("own", 2.0), ("heir", 2.0), ("deep", 1.0)):
        for modes in ("eval", "mixed"):
            masks = masks_of(sample(ask, draw, kind, 20, 8, modes), factor)
            keeps_fraction(masks, RATE)
    samples = sample(ask, draw, "alpha", 20, 4).samples
    expect((samples[0] != samples[1]).any(), "AlphaDropout has Dropout in its name, and should be active")


@exercise.requires("keeps everything else in eval mode", 1)
def spares_the_rest(ask: Ask, draw: np.random.Generator) -> None:
    for modes in ("eval", "train", "mixed"):
        passes = sample(ask, draw, "quiet", 9, 3, modes)
        message = (
            "only dropout modules should be in training mode, themselves and not their children: all else in eval mode"
        )
        expect(close(passes.samples, np.broadcast_to(passes.deterministic, passes.samples.shape), "float32"), message)


@exercise.requires("restores the mode of every module", 1.5)
def restores_modes(ask: Ask, draw: np.random.Generator) -> None:
    for modes in ("eval", "train", "mixed"):
        passes = sample(ask, draw, "all", 4, 2, modes)
        expect(passes.facts.modes_kept, "every module should be back in the mode in which it was")


@exercise.requires("leaves weights, statistics and gradients alone", 0.5)
def leaves_model_alone(ask: Ask, draw: np.random.Generator) -> None:
    for modes in ("train", "mixed"):
        passes = sample(ask, draw, "all", 6, 2, modes)
        expect(passes.facts.state_kept, "weights or running statistics of the model have changed")
        expect(passes.facts.parameters_kept, "gradients, requires_grad or hooks of the model have changed")
        expect(passes.X_kept, "X has changed")


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    X = Tensor(np.random.default_rng(3).uniform(0.5, 2, (4, WIDTH)).astype(np.float32))
    numbers = []
    for kind, modes in (("normed", "mixed"), ("own", "mixed"), ("quiet", "mixed")):
        facts = ask.probe(sampled, kind, X, 5, modes, 7)
        moved = np.ptp(plain(facts.value), axis=0).max() > 0
        numbers += [float(facts.state_kept), float(facts.modes_kept), float(moved)]
    return numbers


@exercise.mistake("whole model in train mode", edit=("model.eval()", "model.train()"))
def whole_model():
    """model.train() also wakes BatchNorm, which then normalizes by the batch and moves its statistics. Put only the
    dropout modules in training mode."""


@exercise.mistake("children of dropout put in training mode", edit=("module.training = True", "module.train()"))
def wakes_children():
    """module.train() goes on to all that a module contains, so that a BatchNorm inside a dropout block is in training mode
    as well. Set module.training of the module itself."""


@exercise.mistake("modes not restored", drop="for module, mode in modes:")
def not_restored():
    """The model comes back in other modes than it came, so the next evaluation is random. Note module.training of every
    module first, and set it back."""


@exercise.mistake(
    "own dropout classes missed",
    edit=("if is_dropout(module)", "if isinstance(module, torch.nn.modules.dropout._DropoutNd)"),
)
def own_classes_missed():
    """Only PyTorch's own dropout classes are recognized. A class of one's own may be no nn.Dropout: look for Dropout in
    the names of the class and its bases."""


@exercise.right
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


@exercise.right
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


@exercise.right
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
