"""Assignment 4: BatchNorm by hand, in NumPy and then as a PyTorch module."""

EXERCISES = (
    "batchnorm_train",
    "batchnorm_inference",
    "bn_running_update",
    "batchnorm_backward",
    "batchnorm_images",
    "bn_shift_ratio",
    "batchnorm_1d",
    "recalibrate",
)
"""The modules that declare them, in the order of the notebook."""
