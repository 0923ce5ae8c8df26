"""Assignment 4: BatchNorm by hand, in NumPy and then as a PyTorch module."""

from autograder.checks.batchnorm.batchnorm_1d import exercise as batchnorm_1d
from autograder.checks.batchnorm.batchnorm_backward import exercise as batchnorm_backward
from autograder.checks.batchnorm.batchnorm_images import exercise as batchnorm_images
from autograder.checks.batchnorm.batchnorm_inference import exercise as batchnorm_inference
from autograder.checks.batchnorm.batchnorm_train import exercise as batchnorm_train
from autograder.checks.batchnorm.bn_running_update import exercise as bn_running_update
from autograder.checks.batchnorm.bn_shift_ratio import exercise as bn_shift_ratio
from autograder.checks.batchnorm.recalibrate import exercise as recalibrate

EXERCISES = (
    batchnorm_train,
    batchnorm_inference,
    bn_running_update,
    batchnorm_backward,
    batchnorm_images,
    bn_shift_ratio,
    batchnorm_1d,
    recalibrate,
)
