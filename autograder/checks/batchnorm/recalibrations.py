"""Models whose BatchNorm modules are recalibrated, and the statistics that are right."""

import numpy as np

from autograder.checks.ask import Ask, Tensor
from autograder.checks.batchnorm.batches import batch, gains
from autograder.checks.beside.recalibration import Recalibrated, recalibrated
from autograder.checks.expect import expect, tensor
from autograder.reference.batchnorm import batchnorm_train

EPS = 1e-5
UNEVEN = (4, 210, 6)
EVEN = (6, 6)
"""Sizes of batches: which weight each has is the subject of one requirement alone."""
WIDTHS = (5, 4, 3)
STALE = 40.0
"""Where every running mean of the first BatchNorm stands before."""


def network(draw: np.random.Generator) -> dict[str, list[np.ndarray]]:
    """Draw the weights of the chain."""
    matrices = [draw.uniform(-1.5, 1.5, (WIDTHS[i + 1], WIDTHS[i])) for i in range(2)]
    return {"matrices": matrices, "gains": [np.stack(gains(draw, len(matrix))) for matrix in matrices]}


def ask_about(ask: Ask, kind: str, weights: dict[str, list[np.ndarray]], batches: list[np.ndarray]) -> Recalibrated:
    """Put one question about one kind of model."""
    wrapped = {name: [Tensor(array) for array in arrays] for name, arrays in weights.items()}
    return ask.probe(recalibrated, kind, wrapped, [Tensor(x) for x in batches])


def chain(ask: Ask, draw: np.random.Generator, sizes: tuple[int, ...] = EVEN) -> tuple[Recalibrated, list[np.ndarray]]:
    """Recalibrate the chain and return what came back with the right statistics."""
    weights, batches = network(draw), [batch(draw, (n, WIDTHS[0])) for n in sizes]
    answer = ask_about(ask, "chain", weights, batches)
    mean = tensor(answer.statistics[0], WIDTHS[1:2], name="a running mean")
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
