"""Images and a linear classifier behind BatchNorm and dropout, with what evaluating it is right to find."""

import numpy as np

from autograder.checks.ask import Answer, Ask, Tensor
from autograder.checks.beside.dropout_pytorch import Evaluated, evaluated
from autograder.checks.expect import number, parts

EPS = 1e-5
"""What torch's BatchNorm adds to a variance of 1."""

MODES = ([True] * 4, [False] * 4, [True, False, True, False], [False, True, False, True])
"""Training flags of the model, its BatchNorm, its dropout and its output layer."""


class Case:
    """Images, labels and a classifier: no two logits of an image are nearly equal."""

    def __init__(self, draw: np.random.Generator, n: int, scale: float = 1.0, labels: str = "int64") -> None:
        self.W = draw.normal(0, 0.1 * scale, (10, 784)).astype(np.float32)
        self.b = draw.normal(0, 0.1 * scale, 10).astype(np.float32)
        images = draw.integers(0, 256, (2 * n, 28, 28), dtype=np.uint8)
        logits = self.logits(images)
        top = np.sort(logits, axis=1)
        self.images = images[np.argsort(top[:, -2] - top[:, -1], kind="stable")[:n]]
        draw.shuffle(self.images)
        guessed = self.logits(self.images).argmax(axis=1)
        self.labels = np.where(draw.random(n) < 0.6, guessed, draw.integers(0, 10, n)).astype(labels)

    def logits(self, images: np.ndarray, scale: float = 1.0) -> np.ndarray:
        pixels = images.reshape(len(images), -1) / 255 * scale / np.sqrt(1 + EPS)
        return pixels @ self.W.T.astype(float) + self.b

    def answer(self, ask: Ask, modes: list[bool], *batch_size: int) -> Answer:
        arrays = (self.images, self.labels, self.W, self.b)
        return ask.probe_answer(evaluated, *map(Tensor, arrays), modes, *batch_size)

    def seen(self, ask: Ask, modes: list[bool] = MODES[0], *batch_size: int) -> Evaluated:
        return ask.found(evaluated, self.answer(ask, modes, *batch_size))

    def expected(self, seen: Evaluated) -> tuple[float, float]:
        """Return the accuracy and the nll that are right for the pixels that the model was given, of whatever scale."""
        scale = max((call.high for call in seen.calls), default=1.0) * 255 / self.images.max()
        logits = self.logits(self.images, scale)
        own = logits[np.arange(len(logits)), self.labels.astype(int)]
        largest = logits.max(axis=1)
        log_total = largest + np.log(np.exp(logits - largest[:, None]).sum(axis=1))
        return float((logits.argmax(axis=1) == self.labels).mean()), float((log_total - own).mean())


def scores(seen: Evaluated) -> tuple[float, float]:
    accuracy, nll = parts(seen.result, ("accuracy", "nll"))
    return number(accuracy, "accuracy"), number(nll, "nll")
