"""What wrong answers deserve: the points of an answer with a misconception, by exercise.

The first assignment states every misconception, a later one at least one for each exercise: one that loses the same
points whatever the hidden inputs are.

Partial credit comes from the requirements that hold. None of these answers looks at its arguments, so each also loses
the points for refusing bad ones; most divide by 1 - rate without a thought for rate 1, and lose those for the extremes.
"""

POINTS: dict[str, dict[str, float]] = {
    "dropout_forward": {  # of 10
        "normal mask instead of uniform": 7,
        "normal mask, below the keep probability": 7,
        "rounds uniform numbers": 7,
        "comparison turned around": 7,
        "the factor is in the mask": 7,
        "draws from np.random": 7.5,
        "works in place": 8,
        "the classic form": 6.5,
        "divides by rate": 6.5,
        "no scaling": 7.5,
        "multiplies by keep": 7.5,
        "keep and drop swapped": 5,
        "one mask shared over the batch": 7,
        "scales at test too": 7.5,
        "active at test": 7.5,
        "reseeds on every call": 6,
    },
    "dropout_backward": {  # of 8
        "ignores the mask": 3.75,
        "no scaling": 5.5,
        "multiplies by keep": 5.5,
        "divides by rate": 5.5,
        "draws a fresh mask": 3.75,
    },
    "classic_dropout": {  # of 8
        "inverted dropout": 3.5,
        "comparison turned around": 5.5,
        "active at test": 5.5,
        "draws from np.random": 6.75,
        "scaled in both": 5.5,
        "scaled in neither": 5,
        "times rate at test": 5,
    },
    "gaussian_dropout": {  # of 8
        "p/q used as the standard deviation": 4,
        "rate used as the standard deviation": 4,
        "variance of the unscaled mask": 4,
        "rate read as keep": 4,
        "draws from np.random": 6,
        "additive noise": 3.25,
        "active at test": 5.25,
    },
    "dropout_moments": {  # of 5
        "the unscaled formula": 2,
        "forgets mu^2": 2.5,
        "p q mu^2": 2.5,
        "1 / q^2": 3,
        "rate and keep swapped": 2,
        "mean not preserved": 2.5,
        "variance shrinks by q": 2,
        "variance unchanged": 2,
    },
    "dropout_ridge": {  # of 6
        "plain ridge with p/q": 2.75,
        "plain ridge with n p/q": 2.75,
        "odds inverted": 2.75,
        "p q of the unscaled mask": 3,
        "mean instead of sum": 3,
        "ordinary least squares": 3,
        "root of the diagonal": 3,
    },
    "subnetwork_means": {  # of 8
        "masks weighted equally whatever the rate": 3.5,
        "masks not rescaled": 4.5,
        "geometric mean not normalized": 3.5,
    },
    "ManualDropout": {"NumPy mask": 6.75},
    "build_classifier": {"dropout after the output": 3},
    "without_dropout": {"weights re-initialized": 4},
    "multi_hot": {"counts instead of ones": 4},
    "dense_softmax": {"normalizes over the batch": 3},
    "fix_head": {"keeps softmax": 3},
    "dropout_layer": {"torch.randn mask": 6.5},
    "DropoutMLP": {"active in eval": 8},
    "evaluate": {"raw 0-255 pixels": 7.5},
    "stochastic_relu": {"no scaling": 8},
    "dropconnect": {"drops the bias": 7},
    "weight_after_decay": {"(1 - wd)^steps": 3.5},
    "activation_variances": {"variance over units": 5.5},
    "batchnorm_train": {
        "no root": 5,
    },
    "batchnorm_inference": {
        "batch statistics": 3,
    },
    "bn_running_update": {
        "each momentum read as the other's": 4,
    },
    "batchnorm_backward": {
        "statistics treated as constants": 4.25,
    },
    "batchnorm_images": {
        "per pixel": 4,
    },
    "bn_shift_ratio": {"1/q only": 2.5},
    "BatchNorm1d": {"statistics under no_grad": 8.5},
    "recalibrate": {
        "dropout left on": 8,
    },
    "block_inference": {
        "no root": 3.5,
    },
    "extract_weights": {"order of the four BatchNorm arrays": 4.5},
    "predict_by_hand": {
        "skips a relu (logits used twice)": 5,
    },
    "fold_bn_into_next": {"scales the columns": 3.75},
    "keras_to_torch": {"kernel not transposed": 7},
    "layernorm": {"over the batch": 4},
    "rmsnorm": {"subtracts the mean": 4.75},
    "groupnorm": {"over the batch": 4},
    "ln_shrink": {
        "forgets mu^2": 4,
    },
    "layernorm_backward": {"mean term missing": 5.75},
    "MCDropout": {"`training=True` on an ordinary layer": 4.5},
    "mc_summary": {
        "se is sd": 4,
    },
    "samples_needed": {
        "linear": 2.5,
    },
    "verdict": {
        "compares with sd": 3,
    },
    "gal_predictive": {"forgets 1/tau": 3.5},
    "interval_coverage": {
        "one-sided": 3,
    },
    "expected_calibration_error": {
        "mean over bins": 3.5,
    },
    "predictive_entropy": {
        "mean of entropies for total": 4.25,
    },
    "mc_predict_torch": {"whole model in train mode": 4.5},
    "mc_predict": {"loops predict": 3.5},
    "max_pool2d": {"mean": 4},
    "average_pool2d": {"divides by stride^2": 3},
    "count_parameters": {"same padding": 4.5},
    "count_macs": {"counts biases": 3},
    "max_pool2d_backward": {"shared among ties": 6},
    "accuracy_with_se": {"no n": 1.75},
    "differs": {"se of one only": 2.25},
    "diagnose": {"order of the rules": 3},
    "FreshMaskDropout": {"reseeds in call": 4.5},
    "ensemble_labels": {"majority of argmax": 2.25},
    "repaired_dropout_check": {"divides by rate": 3.25},
    "repaired_predict": {"logits of the block before": 3.75},
    "NoiseLayer": {"active in eval": 7},
}
