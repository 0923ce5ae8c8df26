"""What is expected of a Keras model that comes back for a small one that was handed over."""

from dataclasses import replace

import numpy as np

from autograder.checks.beside.keras_models import Transformed
from autograder.checks.expect import array, expect

WIDTH = 6
RATE = 0.3


def inputs(draw: np.random.Generator, n: int = WIDTH) -> np.ndarray:
    return draw.normal(0.2, 1, (n, WIDTH)).astype(np.float32)


def returned(facts: Transformed) -> Transformed:
    """Return the facts about a model; raise Unmet when the student's function returned something else."""
    expect(facts.type == "Model", f"return a keras.Model, not a {facts.type}")
    return replace(facts, predicted=array(facts.predicted, facts.wanted.shape, name="the prediction"))


def shares_nothing(facts: Transformed) -> None:
    """Raise Unmet when the model returned shares a variable with the one passed in."""
    expect(facts.shared == 0, "the new model shares variables with the old one: training one would change the other")


def left_alone(facts: Transformed) -> None:
    """Raise Unmet unless the model that was passed in is what it was."""
    unchanged = all(np.array_equal(a, b) for a, b in zip(facts.before, facts.after, strict=True))
    expect(unchanged, "weights or trainable flags of the model that was passed in have changed")
    expect(facts.same_layers, "the layers of the model that was passed in have changed")
