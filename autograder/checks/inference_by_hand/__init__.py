"""Assignment 5: a trained network by hand, from its weights to a port into another framework."""

from autograder.checks.inference_by_hand.block_inference import exercise as block_inference
from autograder.checks.inference_by_hand.extract_weights import exercise as extract_weights
from autograder.checks.inference_by_hand.fold_bn_into_next import exercise as fold_bn_into_next
from autograder.checks.inference_by_hand.keras_to_torch import exercise as keras_to_torch
from autograder.checks.inference_by_hand.predict_by_hand import exercise as predict_by_hand

EXERCISES = (
    block_inference,
    extract_weights,
    predict_by_hand,
    fold_bn_into_next,
    keras_to_torch,
)
