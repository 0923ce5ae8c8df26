"""Assignment 8: pooling forward and backward, and where the parameters of a convolutional net are, in NumPy."""

EXERCISES = ("max_pool2d", "average_pool2d", "count_parameters", "count_macs", "max_pool2d_backward")
"""The modules that declare them, in the order of the notebook."""
