"""What real Keras and PyTorch gave for the same inputs and weights, stored by topic with the versions that made it.

Make the files again with `python -m autograder.reference.outputs`: each topic's module has a function `record` that
asks the frameworks.
"""

from importlib import resources

import numpy as np

TOPICS = ("dropout", "batchnorm", "inference", "layernorm", "montecarlo", "pooling", "detective")


def load(topic: str) -> dict[str, np.ndarray]:
    """Return the stored arrays of a topic; `versions` names the frameworks that made them."""
    with (
        resources.files(__package__).joinpath(f"{topic}.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as stored,
    ):
        return dict(stored)
