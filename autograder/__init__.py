"""Checks and grading for the course on dropout, normalization and uncertainty."""

from autograder.checks.begin import begin
from autograder.checks.gradients import check_gradient
from autograder.checks.notebook import check

__all__ = ["begin", "check", "check_gradient"]
