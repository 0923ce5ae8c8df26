"""Assignment 9: find the bug, prove it, repair it."""

EXERCISES = (
    "accuracy_with_se",
    "differs",
    "diagnose",
    "fresh_mask_dropout",
    "ensemble_labels",
    "repaired_dropout_check",
    "repaired_predict",
)
"""The modules that declare them, in the order of the notebook."""
