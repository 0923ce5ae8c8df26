"""Chains of Keras layers that a student's function has read."""

from dataclasses import dataclass
from itertools import chain

import numpy as np

from autograder.checks.ask import Ask, Value
from autograder.checks.beside.inference_by_hand import Extracted, Spec, extracted
from autograder.checks.expect import array, close, expect
from autograder.checks.inference_by_hand.chains import network

WIDTH = 5
KINDS = {"Dense": "dense", "BatchNormalization": "batchnorm"}


@dataclass(frozen=True)
class Read:
    """A chain that was read: its layers, the weights of each, and what came back."""

    specs: list[Spec]
    weights: list[list[np.ndarray]]
    answer: Extracted

    def layers(self) -> list[dict[str, Value]]:
        """Return the dicts that the model gave; raise Unmet unless they are of the right kinds."""
        value = self.answer.value
        expect(isinstance(value, list | tuple), "return a list with a dict for each layer")
        expect(all(isinstance(layer, dict) for layer in value), "every entry of the list should be a dict")
        found = [layer.get("kind") for layer in value]
        names = [name for name, _ in self.specs]
        expect(
            all(isinstance(kind, str) for kind in found) and found == [KINDS[name] for name in names if name in KINDS],
            f"the layers {', '.join(names)} should give a dict for each Dense and each BatchNormalization, "
            f'of kind "dense" or "batchnorm", and nothing for Dropout, but the kinds are {found}',
        )
        return list(value)


def read(ask: Ask, draw: np.random.Generator, specs: list[Spec]) -> Read:
    weights = network(draw, WIDTH, specs)
    return Read(specs, weights, ask.probe(extracted, WIDTH, specs, list(chain.from_iterable(weights))))


def holds(layer: dict[str, Value], name: str, wanted: np.ndarray, message: str) -> None:
    expect(name in layer, f'a dict of kind "{layer.get("kind")}" should have the key "{name}"')
    expect(close(array(layer[name], wanted.shape, name=name), wanted, "float32"), message)
