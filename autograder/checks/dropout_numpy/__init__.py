"""Assignment 1: dropout by hand, in NumPy."""

EXERCISES = (
    "dropout_forward",
    "dropout_backward",
    "classic_dropout",
    "gaussian_dropout",
    "dropout_moments",
    "dropout_ridge",
    "subnetwork_means",
)
"""The modules that declare them, in the order of the notebook."""
