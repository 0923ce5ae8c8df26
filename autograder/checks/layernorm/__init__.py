"""Assignment 6: layer normalization and its relatives, in NumPy."""

from autograder.checks.layernorm.groupnorm import exercise as groupnorm
from autograder.checks.layernorm.layernorm import exercise as layernorm
from autograder.checks.layernorm.layernorm_backward import exercise as layernorm_backward
from autograder.checks.layernorm.ln_shrink import exercise as ln_shrink
from autograder.checks.layernorm.rmsnorm import exercise as rmsnorm

EXERCISES = (
    layernorm,
    rmsnorm,
    groupnorm,
    ln_shrink,
    layernorm_backward,
)
