"""What the notebook on Keras says of Keras."""

from pathlib import Path

import numpy as np
import pytest

SOLUTION = Path(__file__).parents[2] / "solutions/dropout_keras.py"


def test_keras_warns_of_a_softmax_over_one_unit() -> None:
    keras = pytest.importorskip("keras")
    assert "(Keras 3 warns of such a head;" in SOLUTION.read_text(encoding="utf-8")
    broken = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="softmax")])
    with pytest.warns(UserWarning, match="will always return the value 1"):
        broken(np.ones((3, 2), "float32"))
