"""Assignment 2: dropout in Keras."""

from autograder.checks.dropout_keras.build_classifier import exercise as build_classifier
from autograder.checks.dropout_keras.dense_softmax import exercise as dense_softmax
from autograder.checks.dropout_keras.fix_head import exercise as fix_head
from autograder.checks.dropout_keras.manual_dropout import exercise as manual_dropout
from autograder.checks.dropout_keras.multi_hot import exercise as multi_hot
from autograder.checks.dropout_keras.without_dropout import exercise as without_dropout

EXERCISES = (build_classifier, without_dropout, multi_hot, dense_softmax, fix_head, manual_dropout)
