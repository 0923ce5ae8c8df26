"""Assignment 10: a noise technique of one's own. Its design and its experiment are graded by hand."""

from autograder.checks.noise_lab.noise_layer import exercise as noise_layer

EXERCISES = (noise_layer,)
