"""Assignment 5: a trained network by hand, from its weights to a port into another framework."""

EXERCISES = ("block_inference", "extract_weights", "predict_by_hand", "fold_bn_into_next", "keras_to_torch")
"""The modules that declare them, in the order of the notebook."""
