"""The stored framework outputs are what the installed frameworks still give."""

from importlib import import_module

import numpy as np
import pytest

from autograder.reference.outputs import TOPICS, load

TOLERANCE = {"float32": 1e-5, "float64": 1e-6}


@pytest.mark.parametrize("topic", TOPICS)
def test_frameworks_still_agree(topic):
    recorded, stored = import_module(f"autograder.reference.outputs.{topic}").record(), load(topic)
    assert recorded.keys() == stored.keys() - {"versions"}
    for key, array in recorded.items():
        tolerance = TOLERANCE.get(str(array.dtype), 0)
        np.testing.assert_allclose(array, stored[key], rtol=tolerance, atol=tolerance, err_msg=key)


@pytest.mark.parametrize("topic", TOPICS)
def test_versions_are_named(topic):
    assert [line.split()[0] for line in load(topic)["versions"]] == ["keras", "tensorflow", "torch", "numpy"]
