"""Assignment 10: a noise technique of one's own. Its design and its experiment are graded by hand."""

EXERCISES = ("noise_layer",)
"""The modules that declare them, in the order of the notebook."""
