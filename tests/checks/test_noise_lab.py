"""What the notebook says of three noises is what their check says of them."""

from pathlib import Path

import jupytext
import pytest

from autograder.checks.ask import LocalTransport
from autograder.checks.catalogue import find
from autograder.checks.judge import judge

SOLUTION = Path(__file__).parents[2] / "solutions/noise_lab.py"


def noises() -> dict:
    torch = pytest.importorskip("torch")
    (cell,) = (cell.source for cell in jupytext.read(SOLUTION).cells if cell.source.startswith("noises = {"))
    namespace = {"torch": torch}
    exec(cell.partition("x = ")[0], namespace)
    return namespace["noises"]


def layer(noise: object) -> type:
    from torch import nn

    class NoiseLayer(nn.Module):
        def forward(self, x):
            return noise(x) if self.training else x

    return NoiseLayer


def test_two_of_three_may_call_themselves_a_noise_layer() -> None:
    verdicts = {name: judge(find("NoiseLayer"), LocalTransport(layer(noise)), 0) for name, noise in noises().items()}
    assert [name for name, verdict in verdicts.items() if not verdict.passed] == ["uniform term"]
