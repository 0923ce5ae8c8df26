"""Assignment 6: layer normalization and its relatives, in NumPy."""

EXERCISES = ("layernorm", "rmsnorm", "groupnorm", "ln_shrink", "layernorm_backward")
"""The modules that declare them, in the order of the notebook."""
