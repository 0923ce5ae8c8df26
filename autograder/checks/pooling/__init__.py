"""Assignment 8: pooling forward and backward, and where the parameters of a convolutional net are, in NumPy."""

from autograder.checks.pooling.average_pool2d import exercise as average_pool2d
from autograder.checks.pooling.count_macs import exercise as count_macs
from autograder.checks.pooling.count_parameters import exercise as count_parameters
from autograder.checks.pooling.max_pool2d import exercise as max_pool2d
from autograder.checks.pooling.max_pool2d_backward import exercise as max_pool2d_backward

EXERCISES = (
    max_pool2d,
    average_pool2d,
    count_parameters,
    count_macs,
    max_pool2d_backward,
)
