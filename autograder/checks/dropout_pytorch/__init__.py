"""Assignment 3: dropout in PyTorch, and what goes wrong around it."""

EXERCISES = (
    "dropout_layer",
    "dropout_mlp",
    "evaluate",
    "stochastic_relu",
    "dropconnect",
    "weight_after_decay",
    "activation_variances",
)
"""The modules that declare them, in the order of the notebook."""
