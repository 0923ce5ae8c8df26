"""Assignment 1: dropout by hand, in NumPy."""

from autograder.checks.dropout_numpy.classic_dropout import exercise as classic_dropout
from autograder.checks.dropout_numpy.dropout_backward import exercise as dropout_backward
from autograder.checks.dropout_numpy.dropout_forward import exercise as dropout_forward
from autograder.checks.dropout_numpy.dropout_moments import exercise as dropout_moments
from autograder.checks.dropout_numpy.dropout_ridge import exercise as dropout_ridge
from autograder.checks.dropout_numpy.gaussian_dropout import exercise as gaussian_dropout
from autograder.checks.dropout_numpy.subnetwork_means import exercise as subnetwork_means

EXERCISES = (
    dropout_forward,
    dropout_backward,
    classic_dropout,
    gaussian_dropout,
    dropout_moments,
    dropout_ridge,
    subnetwork_means,
)
