"""Chains of Keras layers that a student ports, with what came back."""

import itertools
from dataclasses import dataclass

import numpy as np

from autograder.checks.ask import Ask, Tensor
from autograder.checks.batchnorm.batches import batch
from autograder.checks.beside.inference_by_hand import Ported, Spec, ported
from autograder.checks.expect import close, expect, tensor
from autograder.checks.inference_by_hand.chains import network, predict


def port(
    ask: Ask, specs: list[Spec], weights: list[list[np.ndarray]], x: np.ndarray, functional: bool = False, seed: int = 0
) -> Ported:
    """Put one question about a chain, x being both what is trained on and what is predicted."""
    flat = list(itertools.chain.from_iterable(weights))
    rows = Tensor(x.astype("float32"))
    answer = ask.probe(ported, x.shape[1], specs, flat, functional, rows, rows, seed)
    expect(answer.used.module is True, "return a torch.nn.Module")
    return answer


@dataclass(frozen=True)
class Chain:
    """A chain that was ported: its layers, its weights, what was predicted, and what came back."""

    specs: list[Spec]
    weights: list[list[np.ndarray]]
    x: np.ndarray
    answer: Ported

    def predicts(self, message: str) -> None:
        """Raise Unmet with this message unless the module predicts what Keras predicts."""
        expect(self.right(), message)

    def right(self) -> bool:
        """Tell whether the module predicts what Keras predicts; raise Unmet when that has another shape."""
        wanted = predict(self.specs, self.weights, self.x.astype("float32"))
        y = tensor(self.answer.used.y, wanted.shape, "float32", name="the output")
        return close(y, wanted, "float32", scale=max(1.0, float(np.abs(wanted).max())))


def chain(ask: Ask, draw: np.random.Generator, specs: list[Spec], functional: bool = False) -> Chain:
    """Have a chain for four features ported."""
    weights, x = network(draw, 4, specs), batch(draw, (6, 4))
    return Chain(specs, weights, x, port(ask, specs, weights, x, functional))
