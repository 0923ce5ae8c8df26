"""Images and a linear classifier behind BatchNorm and dropout, with what evaluating it is right to find."""

import numpy as np

from autograder.checks.ask import Answer, Ask, Tensor
from autograder.checks.beside.dropout_pytorch import Evaluated, evaluated
from autograder.checks.expect import close, expect, number, parts

EPS = 1e-5
"""What torch's BatchNorm adds to a variance of 1."""

MODES = ([True] * 4, [False] * 4, [True, False, True, False], [False, True, False, True])
"""Training flags of the model, its BatchNorm, its dropout and its output layer."""


class Case:
    """Images, labels and a classifier, with what it is right to find: no two logits of an image are nearly equal."""

    def __init__(self, draw: np.random.Generator, n: int, scale: float = 1.0, labels: str = "int64") -> None:
        self.W = draw.normal(0, 0.1 * scale, (10, 784)).astype(np.float32)
        self.b = draw.normal(0, 0.1 * scale, 10).astype(np.float32)
        images = draw.integers(0, 256, (2 * n, 28, 28), dtype=np.uint8)
        logits = self.logits(images)
        top = np.sort(logits, axis=1)
        self.images = images[np.argsort(top[:, -2] - top[:, -1], kind="stable")[:n]]
        draw.shuffle(self.images)
        logits = self.logits(self.images)
        guessed = logits.argmax(axis=1)
        self.labels = np.where(draw.random(n) < 0.6, guessed, draw.integers(0, 10, n)).astype(labels)
        self.accuracy = float((guessed == self.labels).mean())
        largest = logits.max(axis=1, keepdims=True)
        log_total = largest[:, 0] + np.log(np.exp(logits - largest).sum(axis=1))
        self.nll = float((log_total - logits[np.arange(n), self.labels.astype(int)]).mean())

    def logits(self, images: np.ndarray) -> np.ndarray:
        pixels = images.reshape(len(images), -1) / 255 / np.sqrt(1 + EPS)
        return pixels @ self.W.T.astype(float) + self.b

    def answer(self, ask: Ask, modes: list[bool], *batch_size: int) -> Answer:
        arrays = (self.images, self.labels, self.W, self.b)
        return ask.probe_answer(evaluated, *map(Tensor, arrays), modes, *batch_size)

    def seen(self, ask: Ask, modes: list[bool] = MODES[0], *batch_size: int) -> Evaluated:
        return ask.found(evaluated, self.answer(ask, modes, *batch_size))

    def agrees(self, seen: Evaluated, message: str) -> None:
        """Raise Unmet unless accuracy and nll are right, to single precision."""
        expect(close(scores(seen), (self.accuracy, self.nll), np.float32), message)


def scores(seen: Evaluated) -> tuple[float, float]:
    accuracy, nll = parts(seen.result, ("accuracy", "nll"))
    return number(accuracy, "accuracy"), number(nll, "nll")
