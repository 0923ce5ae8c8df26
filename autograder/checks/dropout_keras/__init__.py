"""Assignment 2: dropout in Keras."""

EXERCISES = ("build_classifier", "without_dropout", "multi_hot", "dense_softmax", "fix_head", "manual_dropout")
"""The modules that declare them, in the order of the notebook."""
