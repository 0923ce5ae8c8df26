"""Estimating BatchNorm statistics anew, with dropout off: `recalibrate(model, batches) -> model` in PyTorch."""

from typing import Any

import numpy as np

from autograder.checks.ask import Ask, Tensor
from autograder.checks.batchnorm.batches import batch, gains
from autograder.checks.exercise import Built, Exercise, Fingerprint, Misconception, Requirement
from autograder.checks.expect import close, expect, tensor
from autograder.checks.respond import attempt
from autograder.reference.batchnorm import batchnorm_train

PAGE = "normalization/dropout-and-batchnorm"

EPS = 1e-5
SIZES = (4, 9, 6)
WIDTHS = (5, 4, 3)
STALE = 40.0
"""Where every running mean of the first BatchNorm stands before."""


def recalibrated(subject, kind, weights, batches):
    """Build a model, recalibrate it with an iterator that can be gone through once, and tell all about it afterwards.

    Kinds: "chain" has two BatchNorms with dropout before each, the second frozen, and hooks; "images", "volumes" and
    "alone" are BatchNorm2d between other modules, BatchNorm3d without parameters, and a BatchNorm1d as the model.
    """
    import torch
    from torch import nn

    class Half(nn.Dropout):
        """A dropout layer under another name."""

    def chain():
        first, second = (nn.Linear(*matrix.shape[::-1]) for matrix in weights["matrices"])
        model = nn.Sequential(
            nn.Sequential(first, nn.BatchNorm1d(first.out_features), nn.ReLU(), nn.Dropout(0.5)),
            nn.ModuleDict({"inner": nn.AlphaDropout(0.4)})["inner"],
            second,
            Half(0.3),
            nn.BatchNorm1d(second.out_features, momentum=0.3),
        )
        with torch.no_grad():
            for layer, matrix in zip((first, second), weights["matrices"], strict=True):
                layer.weight.copy_(matrix)
                layer.bias.zero_()
            for norm, gain in zip((model[0][1], model[4]), weights["gains"], strict=True):
                norm.weight.copy_(gain[0])
                norm.bias.copy_(gain[1])
        model.train()
        model[4].eval().requires_grad_(False)
        model[2].eval()
        return model

    def images():
        channels = weights["matrices"][0].shape[0]
        return nn.Sequential(nn.Dropout2d(0.5), nn.BatchNorm2d(channels, momentum=None), nn.ReLU()).train()

    def volumes():
        channels = weights["matrices"][0].shape[0]
        return nn.Sequential(nn.BatchNorm3d(channels, affine=False), nn.Dropout3d(0.5)).eval()

    builders = {
        "chain": chain,
        "images": images,
        "volumes": volumes,
        "alone": lambda: nn.BatchNorm1d(batches[0].shape[1]),
    }
    model = builders[kind]().to(batches[0].dtype)
    norms = [module for module in model.modules() if hasattr(module, "running_mean")]
    for number, norm in enumerate(norms):
        norm.running_mean.fill_(40.0 + number)
        norm.running_var.fill_(90.0 + number)
        norm.num_batches_tracked.fill_(1000)
    for norm in norms:
        norm.register_forward_hook(lambda *_: None)

    def account():
        return {
            "modes": [module.training for module in model.modules()],
            "momentum": [norm.momentum for norm in norms],
            "rates": [module.p for module in model.modules() if hasattr(module, "p")],
            "trains": [parameter.requires_grad for parameter in model.parameters()],
            "gradients": [parameter.grad is not None for parameter in model.parameters()],
            "hooks": [len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules()],
        }

    before, values = account(), [parameter.detach().clone() for parameter in model.parameters()]
    given = [x.clone() for x in batches]
    with torch.enable_grad():
        returned = attempt(subject, model, iter(batches))
        gradients = torch.is_grad_enabled()
    return {
        "same": returned is model,
        "gradients": gradients,
        "statistics": [value.detach().clone() for norm in norms for value in (norm.running_mean, norm.running_var)],
        "free": not any(value.requires_grad for norm in norms for value in (norm.running_mean, norm.running_var)),
        "before": before,
        "after": account(),
        "weights": [bool(torch.equal(new, old)) for new, old in zip(model.parameters(), values, strict=True)],
        "inputs": [bool(torch.equal(new, old)) for new, old in zip(batches, given, strict=True)],
    }


def network(draw: np.random.Generator) -> dict[str, list[np.ndarray]]:
    """Draw the weights of the chain."""
    matrices = [draw.uniform(-1.5, 1.5, (WIDTHS[i + 1], WIDTHS[i])) for i in range(2)]
    return {"matrices": matrices, "gains": [np.stack(gains(draw, len(matrix))) for matrix in matrices]}


def ask_about(ask: Ask, kind: str, weights: dict[str, list[np.ndarray]], batches: list[np.ndarray]) -> dict[str, Any]:
    """Put one question about one kind of model."""
    wrapped = {name: [Tensor(array) for array in arrays] for name, arrays in weights.items()}
    answer: dict[str, Any] = ask.probe(recalibrated, kind, wrapped, [Tensor(x) for x in batches])
    return answer


def chain(ask: Ask, draw: np.random.Generator) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Recalibrate the chain and return what came back with the right statistics."""
    weights, batches = network(draw), [batch(draw, (n, WIDTHS[0])) for n in SIZES]
    answer = ask_about(ask, "chain", weights, batches)
    mean = tensor(answer["statistics"][0], WIDTHS[1:2], name="a running mean")
    expect(not np.isclose(mean, STALE).any(), "the running statistics are still the old ones")
    return answer, expected(weights, batches)


def expected(weights: dict[str, list[np.ndarray]], batches: list[np.ndarray]) -> list[np.ndarray]:
    """Return mean and variance of both BatchNorms: plain means of what each batch gives without dropout."""
    collected = []
    for x in batches:
        first = x @ weights["matrices"][0].T
        gamma, beta = weights["gains"][0]
        rectified = np.maximum(batchnorm_train(first, gamma, beta, EPS)[0], 0)
        second = rectified @ weights["matrices"][1].T
        collected.append([first.mean(0), first.var(0, ddof=1), second.mean(0), second.var(0, ddof=1)])
    return [np.mean(values, axis=0) for values in zip(*collected, strict=True)]


def agrees(value: Any, wanted: np.ndarray, message: str) -> None:
    expect(close(tensor(value, wanted.shape, name="a running statistic"), wanted), message)


def averages_first(ask: Ask, draw: np.random.Generator) -> None:
    answer, wanted = chain(ask, draw)
    message = "the running {} of a BatchNorm should be the plain mean over the batches of each batch's {}"
    agrees(answer["statistics"][0], wanted[0], message.format("mean", "mean"))
    agrees(answer["statistics"][1], wanted[1], message.format("variance", "unbiased variance"))


def averages_behind_dropout(ask: Ask, draw: np.random.Generator) -> None:
    answer, wanted = chain(ask, draw)
    message = "a BatchNorm behind dropout and behind another BatchNorm should be estimated with all dropout off "
    message += "and every BatchNorm in training mode at once, frozen ones too"
    agrees(answer["statistics"][2], wanted[2], message)
    agrees(answer["statistics"][3], wanted[3], message)


def knows_all_dimensions(ask: Ask, draw: np.random.Generator) -> None:
    for kind, sizes in (("alone", ()), ("images", (3, 2)), ("volumes", (2, 1, 3))):
        channels = 4
        batches = [batch(draw, (n, *sizes, channels)) for n in (3, 5)]
        rows = [x.reshape(-1, channels) for x in batches]
        weights = {"matrices": [np.zeros((channels, 1))], "gains": [np.zeros((2, channels))]}
        answer = ask_about(ask, kind, weights, [np.moveaxis(x, -1, 1).copy() for x in batches])
        message = f"BatchNorm{max(len(sizes), 1)}d should be recalibrated like the others"
        agrees(answer["statistics"][0], np.mean([x.mean(0) for x in rows], axis=0), message)
        agrees(answer["statistics"][1], np.mean([x.var(0, ddof=1) for x in rows], axis=0), message)


def restores_modes(ask: Ask, draw: np.random.Generator) -> None:
    answer, _ = chain(ask, draw)
    expect(
        answer["after"]["modes"] == answer["before"]["modes"],
        "every module should be in the mode, training or eval, in which it was before",
    )


def restores_momentum(ask: Ask, draw: np.random.Generator) -> None:
    answer, _ = chain(ask, draw)
    expect(answer["after"]["momentum"] == answer["before"]["momentum"], "every BatchNorm should get its momentum back")


def leaves_rest_alone(ask: Ask, draw: np.random.Generator) -> None:
    answer, _ = chain(ask, draw)
    before, after = answer["before"], answer["after"]
    expect(answer["same"] is True, "the very model that was passed in should be returned")
    expect(all(answer["weights"]) and all(answer["inputs"]), "no weight and no input should change")
    expect(after["rates"] == before["rates"], "every dropout layer should keep its rate")
    expect(after["trains"] == before["trains"], "every parameter should keep requires_grad")
    expect(after["gradients"] == before["gradients"], "no gradients should be computed")
    expect(after["hooks"] == before["hooks"], "other hooks should stay, and none of yours be left")
    expect(answer["free"] is True, "the running statistics should carry no graph")
    expect(answer["gradients"], "gradients should be on again afterwards: use `with torch.no_grad():`")


def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(4)
    answer, _ = chain(ask, draw)
    numbers = [float(value) for statistic in answer["statistics"][:2] for value in statistic.array]
    numbers.append(float(answer["before"]["modes"] == answer["after"]["modes"]))
    ones = [np.ones((3000, 1, 1, 1)) for _ in range(2)]
    weights = {"matrices": [np.zeros((1, 1))], "gains": [np.zeros((2, 1))]}
    inflated = ask_about(ask, "images", weights, ones)["statistics"][1].array
    return [*numbers, float(np.round(2 * inflated[0]) / 2)]


def recalibrating(drops: bool = False, averages: bool = True, restores: bool = True) -> Any:
    """Return the function, right or with one mistake."""
    import torch
    from torch.nn.modules.batchnorm import _BatchNorm

    def recalibrate(model, batches):
        modes = {module: module.training for module in model.modules()}
        norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
        momentum = [norm.momentum for norm in norms]
        model.train(drops)
        for norm in norms:
            norm.train()
            if averages:
                norm.reset_running_stats()
                norm.momentum = None
            elif norm.momentum is None:
                norm.momentum = 0.1
        with torch.no_grad():
            for x in batches:
                model(x)
        for norm, old in zip(norms, momentum, strict=True):
            norm.momentum = old
        if restores:
            for module, mode in modes.items():
                module.training = mode
        return model

    return recalibrate


@Built
def reference():
    return recalibrating()


@Built
def dropout_left_on():
    return recalibrating(drops=True)


@Built
def exponential_average():
    return recalibrating(averages=False)


@Built
def mode_not_restored():
    return recalibrating(restores=False)


@Built
def with_hooks():
    """Collect what goes into each BatchNorm by hooks, and write the means by hand."""
    import torch
    from torch import nn

    def recalibrate(model, batches):
        norms = [m for m in model.modules() if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d))]
        modes = [(m, m.training) for m in model.modules()]
        seen = {m: [] for m in norms}

        def listen(module, inputs):
            (x,) = inputs
            rows = x.detach().transpose(0, 1).flatten(1)
            seen[module].append((rows.mean(1), rows.var(1)))

        handles = [m.register_forward_pre_hook(listen) for m in norms]
        for m, _ in modes:
            m.training = m in seen
        with torch.no_grad():
            for x in batches:
                model(x)
        for handle in handles:
            handle.remove()
        for m, mode in modes:
            m.training = mode
        for m in norms:
            means, variances = zip(*seen[m], strict=True)
            m.running_mean.copy_(torch.stack(means).mean(0))
            m.running_var.copy_(torch.stack(variances).mean(0))
        return model

    return recalibrate


@Built
def with_counting_momentum():
    """Momentum 1 / k at batch k is a plain mean."""
    import torch
    from torch import nn

    def recalibrate(model, batches):
        state = [(m, m.training, getattr(m, "momentum", None)) for m in model.modules()]
        kinds = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
        model.eval()
        try:
            for k, x in enumerate(batches, start=1):
                for m, _, _ in state:
                    if isinstance(m, kinds):
                        m.train().momentum = 1 / k
                with torch.inference_mode():
                    model(x)
        finally:
            for m, training, momentum in state:
                m.training = training
                if isinstance(m, kinds):
                    m.momentum = momentum
        return model

    return recalibrate


@Built
def on_a_copy():
    """Recalibrate a copy without dropout, and carry its statistics over."""
    import copy

    import torch

    def recalibrate(model, batches):
        twin = copy.deepcopy(model).train()
        for module in twin.modules():
            if "Dropout" in "".join(kind.__name__ for kind in type(module).__mro__):
                module.eval()
            if "BatchNorm" in type(module).__name__:
                module.momentum = None
                module.reset_running_stats()
        with torch.no_grad():
            for x in batches:
                twin(x)
        for mine, theirs in zip(model.modules(), twin.modules(), strict=True):
            if "BatchNorm" in type(mine).__name__:
                for buffer in ("running_mean", "running_var", "num_batches_tracked"):
                    getattr(mine, buffer).copy_(getattr(theirs, buffer))
        return model

    return recalibrate


exercise = Exercise(
    name="recalibrate",
    assignment="batchnorm",
    page=PAGE,
    requirements=(
        Requirement("averages mean and unbiased variance over the batches", 3, averages_first),
        Requirement("has dropout off and every BatchNorm in training mode", 3, averages_behind_dropout),
        Requirement("reaches BatchNorm of every dimension, also alone", 1, knows_all_dimensions),
        Requirement("restores every module's mode", 1, restores_modes),
        Requirement("restores every momentum", 1, restores_momentum),
        Requirement("leaves the rest of the model alone and returns it", 1, leaves_rest_alone),
    ),
    reference=reference,
    misconceptions=(
        Misconception(
            "dropout left on",
            "The whole model is in training mode, dropout included, so the variances are those of dropped-out "
            "activations: the shift that recalibration is there to remove. Put only the BatchNorm modules into "
            "training mode.",
            PAGE,
            dropout_left_on,
        ),
        Misconception(
            "exponential average from the old values",
            "The statistics move from their old values by momentum, so after a few batches most of the old is still "
            "there. Reset them and set momentum to None: then they are plain means over the batches.",
            PAGE,
            exponential_average,
        ),
        Misconception(
            "mode not restored",
            "Some module is left in another mode than before, so the caller's model trains or drops where it did not.",
            PAGE,
            mode_not_restored,
        ),
    ),
    variants=(with_hooks, with_counting_momentum, on_a_copy),
    fingerprint=Fingerprint(measure),
    challenge=True,
)
