"""Estimating BatchNorm statistics anew, with dropout off: `recalibrate(model, batches) -> model` in PyTorch."""

from typing import Any

import numpy as np

from autograder.checks.ask import Ask
from autograder.checks.batchnorm.batches import batch
from autograder.checks.batchnorm.recalibrations import UNEVEN, ask_about, chain
from autograder.checks.batchnorm.recalibrators import on_a_copy, with_counting_momentum, with_hooks
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, tensor
from autograder.checks.implementation import Built


@Built
def recalibrate():
    import torch
    from torch.nn.modules.batchnorm import _BatchNorm

    def recalibrate(model, batches):
        modes = {module: module.training for module in model.modules()}
        norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
        momentum = [norm.momentum for norm in norms]
        model.eval()
        for norm in norms:
            norm.train().reset_running_stats()
            norm.momentum = None
        with torch.no_grad():
            for x in batches:
                model(x)
        for norm, old in zip(norms, momentum, strict=True):
            norm.momentum = old
        for module, mode in modes.items():
            module.training = mode
        return model

    return recalibrate


exercise = Exercise(
    recalibrate,
    page="normalization/dropout-and-batchnorm#Whether removing the shift helps depends on the network",
    onward="It is what weight averaging calls `update_bn`; try it twice, and see whether the second time changes anything.",
    trap=("averages_behind_dropout", "restores_modes"),
    challenge=True,
)


def agrees(value: Any, wanted: np.ndarray, message: str) -> None:
    expect(close(tensor(value, wanted.shape, name="a running statistic"), wanted), message)


def alone(ask: Ask, draw: np.random.Generator, kind: str, sizes: tuple[int, ...], message: str) -> None:
    """Raise Unmet unless the one BatchNorm of a model gets the statistics of its inputs, from batches of equal size."""
    channels = 4
    batches = [batch(draw, (4, *sizes, channels)) for _ in range(2)]
    rows = [x.reshape(-1, channels) for x in batches]
    weights = {"matrices": [np.zeros((channels, 1))], "gains": [np.zeros((2, channels))]}
    answer = ask_about(ask, kind, weights, [np.moveaxis(x, -1, 1).copy() for x in batches])
    agrees(answer.statistics[0], np.mean([x.mean(0) for x in rows], axis=0), message)
    agrees(answer.statistics[1], np.mean([x.var(0, ddof=1) for x in rows], axis=0), message)


@exercise.requires("averages mean and unbiased variance over the batches", 2.5)
def averages_first(ask: Ask, draw: np.random.Generator) -> None:
    answer, wanted = chain(ask, draw, UNEVEN)
    message = "the running {} of a BatchNorm should be the plain mean over the batches of each batch's {}"
    agrees(answer.statistics[0], wanted[0], message.format("mean", "mean"))
    agrees(answer.statistics[1], wanted[1], message.format("variance", "unbiased variance"))


@exercise.requires("has dropout off and every BatchNorm in training mode", 2, after="averages_first")
def averages_behind_dropout(ask: Ask, draw: np.random.Generator) -> None:
    answer, wanted = chain(ask, draw)
    message = "a BatchNorm behind dropout and behind another BatchNorm should be estimated with all dropout off "
    message += "and every BatchNorm in training mode at once, frozen ones too"
    agrees(answer.statistics[2], wanted[2], message)
    agrees(answer.statistics[3], wanted[3], message)
    alone(ask, draw, "channels", (3, 2), "a BatchNorm2d behind Dropout2d should be estimated with Dropout2d off")


@exercise.requires("reaches BatchNorm of every dimension, also alone", 0.5, after="averages_first")
def knows_all_dimensions(ask: Ask, draw: np.random.Generator) -> None:
    for kind, sizes in (("alone", ()), ("images", (3, 2)), ("volumes", (2, 1, 3))):
        alone(ask, draw, kind, sizes, f"BatchNorm{max(len(sizes), 1)}d should be recalibrated like the others")


@exercise.requires("restores every module's mode", 2)
def restores_modes(ask: Ask, draw: np.random.Generator) -> None:
    answer, _ = chain(ask, draw)
    expect(
        answer.after.modes == answer.before.modes,
        "every module should be in the mode, training or eval, in which it was before",
    )


@exercise.requires("restores every momentum", 2)
def restores_momentum(ask: Ask, draw: np.random.Generator) -> None:
    answer, _ = chain(ask, draw)
    expect(answer.after.momentum == answer.before.momentum, "every BatchNorm should get its momentum back")


@exercise.requires("leaves the rest of the model alone and returns it", 1)
def leaves_rest_alone(ask: Ask, draw: np.random.Generator) -> None:
    answer, _ = chain(ask, draw)
    before, after = answer.before, answer.after
    expect(answer.same is True, "the very model that was passed in should be returned")
    expect(all(answer.weights) and all(answer.inputs), "no weight and no input should change")
    expect(after.rates == before.rates, "every dropout layer should keep its rate")
    expect(after.trains == before.trains, "every parameter should keep requires_grad")
    expect(after.gradients == before.gradients, "no gradients should be computed")
    expect(after.hooks == before.hooks, "other hooks should stay, and none of yours be left")
    expect(answer.free is True, "the running statistics should carry no graph")
    expect(answer.gradients, "gradients should be on again afterwards: use `with torch.no_grad():`")


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(4)
    answer, _ = chain(ask, draw, UNEVEN)
    numbers = [float(value) for statistic in answer.statistics[:2] for value in statistic.array]
    numbers.append(float(answer.before.modes == answer.after.modes))
    ones = [np.ones((3000, 1, 1, 1)) for _ in range(2)]
    weights = {"matrices": [np.zeros((1, 1))], "gains": [np.zeros((2, 1))]}
    inflated = ask_about(ask, "channels", weights, ones).statistics[1].array
    return [*numbers, float(np.round(2 * inflated[0]) / 2)]


@exercise.mistake("dropout left on", edit=("model.eval()", "model.train()"))
def dropout_left_on():
    """The whole model is in training mode, dropout included, so the variances are those of dropped-out activations: the
    shift that recalibration is there to remove. Put only the BatchNorm modules into training mode."""


@exercise.mistake("weighted by batch size")
@Built
def weighted_by_batch_size():
    """A batch counts by its size, so that large ones count for more. Here every batch counts the same, as with momentum
    None in PyTorch."""
    import torch
    from torch.nn.modules.batchnorm import _BatchNorm

    def recalibrate(model, batches):
        state = [(module, module.training, getattr(module, "momentum", None)) for module in model.modules()]
        norms = [item for item in state if isinstance(item[0], _BatchNorm)]
        model.eval()
        for norm, _, _ in norms:
            norm.train().reset_running_stats()
        seen = 0
        with torch.no_grad():
            for x in batches:
                seen += len(x)
                for norm, _, _ in norms:
                    norm.momentum = len(x) / seen
                model(x)
        for module, training, _ in state:
            module.training = training
        for norm, _, momentum in norms:
            norm.momentum = momentum
        return model

    return recalibrate


@exercise.mistake(
    "exponential average from the old values",
    edit=(
        "norm.train().reset_running_stats()\n            norm.momentum = None",
        "norm.train().momentum = norm.momentum or 0.1",
    ),
)
def exponential_average():
    """The statistics move from their old values by momentum, so after a few batches most of the old is still there.
    Reset them and set momentum to None: then they are plain means over the batches."""


@exercise.mistake("mode not restored", drop="for module, mode in modes.items():")
def mode_not_restored():
    """Some module is left in another mode than before, so the caller's model trains or drops where it did not."""


exercise.right(with_hooks)
exercise.right(with_counting_momentum)
exercise.right(on_a_copy)
