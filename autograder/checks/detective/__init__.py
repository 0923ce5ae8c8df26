"""Assignment 9: find the bug, prove it, repair it."""

from autograder.checks.detective.accuracy_with_se import exercise as accuracy_with_se
from autograder.checks.detective.diagnose import exercise as diagnose
from autograder.checks.detective.differs import exercise as differs
from autograder.checks.detective.ensemble_labels import exercise as ensemble_labels
from autograder.checks.detective.fresh_mask_dropout import exercise as fresh_mask_dropout
from autograder.checks.detective.repaired_dropout_check import exercise as repaired_dropout_check
from autograder.checks.detective.repaired_predict import exercise as repaired_predict

EXERCISES = (
    accuracy_with_se,
    differs,
    diagnose,
    fresh_mask_dropout,
    ensemble_labels,
    repaired_dropout_check,
    repaired_predict,
)
