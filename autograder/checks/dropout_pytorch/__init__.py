"""Assignment 3: dropout in PyTorch, and what goes wrong around it."""

from autograder.checks.dropout_pytorch.activation_variances import exercise as activation_variances
from autograder.checks.dropout_pytorch.dropconnect import exercise as dropconnect
from autograder.checks.dropout_pytorch.dropout_layer import exercise as dropout_layer
from autograder.checks.dropout_pytorch.dropout_mlp import exercise as dropout_mlp
from autograder.checks.dropout_pytorch.evaluate import exercise as evaluate
from autograder.checks.dropout_pytorch.stochastic_relu import exercise as stochastic_relu
from autograder.checks.dropout_pytorch.weight_after_decay import exercise as weight_after_decay

EXERCISES = (
    dropout_layer,
    dropout_mlp,
    evaluate,
    stochastic_relu,
    dropconnect,
    weight_after_decay,
    activation_variances,
)
