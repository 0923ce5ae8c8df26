"""What wrong answers deserve: the points of an answer with a misconception, by exercise.

The first assignment states every misconception, a later one at least one for each exercise: one that loses the same
points whatever the hidden inputs are.

Partial credit comes from the requirements that hold. None of these answers looks at its arguments, so each also loses
the points for refusing bad ones; most divide by 1 - rate without a thought for rate 1, and lose those for the extremes.
"""

POINTS: dict[str, dict[str, float]] = {
    "dropout_forward": {  # of 10
        "normal mask instead of uniform": 4.5,
        "divides by rate": 6.5,
        "no scaling": 7.5,
        "multiplies by keep": 7.5,
        "keep and drop swapped": 2.5,
        "one mask shared over the batch": 6.5,
        "scales at test too": 7.5,
        "active at test": 7.5,
        "reseeds on every call": 5.5,
    },
    "dropout_backward": {  # of 8
        "ignores the mask": 3,
        "no scaling": 4,
        "multiplies by keep": 4,
        "divides by rate": 4,
        "draws a fresh mask": 1,
    },
    "classic_dropout": {  # of 8
        "scaled in both": 5,
        "scaled in neither": 5,
        "times rate at test": 5,
    },
    "gaussian_dropout": {  # of 8
        "p/q used as the standard deviation": 1.5,
        "additive noise": 1.5,
        "active at test": 5.5,
    },
    "dropout_moments": {  # of 5
        "the unscaled formula": 0.5,
        "forgets mu^2": 2,
        "rate and keep swapped": 0,
        "mean not preserved": 2,
        "variance shrinks by q": 1,
        "variance unchanged": 1,
    },
    "dropout_ridge": {  # of 6
        "plain ridge with p/q": 0.5,
        "plain ridge with n p/q": 0.5,
        "odds inverted": 1.5,
        "p q of the unscaled mask": 2,
        "mean instead of sum": 2,
        "ordinary least squares": 2,
    },
    "subnetwork_means": {  # of 8
        "masks weighted equally whatever the rate": 0.5,
        "masks not rescaled": 2.5,
        "geometric mean not normalized": 2.5,
    },
    "dropout_layer": {"torch.randn mask": 4.5},
    "DropoutMLP": {"active in eval": 8},
    "evaluate": {"raw 0-255 pixels": 3.5},
    "stochastic_relu": {"no scaling": 7.5},
    "dropconnect": {"drops the bias": 2.5},
    "weight_after_decay": {"(1 - wd)^steps": 0},
    "activation_variances": {"variance over units": 5},
    "batchnorm_train": {"no root": 4.5},
    "batchnorm_inference": {"batch statistics": 1.5},
    "bn_running_update": {"each momentum read as the other's": 0.5},
    "batchnorm_backward": {"statistics treated as constants": 2.5},
    "batchnorm_images": {"per pixel": 2.5},
    "bn_shift_ratio": {"1/q only": 2},
    "BatchNorm1d": {"statistics under no_grad": 8.5},
    "recalibrate": {"dropout left on": 6},
    "block_inference": {"no root": 3.5},
    "extract_weights": {"order of the four BatchNorm arrays": 4.5},
    "fold_bn_into_next": {"scales the columns": 0},
    "keras_to_torch": {"kernel not transposed": 7},
    "layernorm": {"over the batch": 2},
    "rmsnorm": {"subtracts the mean": 3},
    "groupnorm": {"over the batch": 2.5},
    "ln_shrink": {"forgets mu^2": 3.5},
    "layernorm_backward": {"mean term missing": 4},
    "max_pool2d": {"mean": 2},
    "average_pool2d": {"divides by stride^2": 2},
    "count_parameters": {"same padding": 4.5},
    "count_macs": {"counts biases": 0.5},
    "max_pool2d_backward": {"shared among ties": 6},
}
