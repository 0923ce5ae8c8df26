"""Wrong answers that no list holds, each breaking one sentence of an exercise: all lose a point, whatever is drawn.

And known mistakes written in another way than the listed one: they are told by the same name.
"""

import keras
import numpy as np
import pytest
import torch

from autograder.checks.ask import LocalTransport
from autograder.checks.catalogue import find
from autograder.checks.implementation import resolve
from autograder.checks.judge import judge
from autograder.reference import batchnorm, dropout, layernorm, montecarlo, pooling

SEEDS = range(5)
WRONG, MISTAKEN = [], []

pytestmark = pytest.mark.filterwarnings("ignore")  # wrong answers divide by zero, and may


def answers(exercise, mistake=None):
    """List what is decorated as a wrong answer to an exercise, or as a known mistake."""

    def listed(function):
        case = pytest.param(exercise, function, mistake, id=f"{exercise}-{function.__name__}")
        (MISTAKEN if mistake else WRONG).append(case)
        return function

    return listed


@answers("dropout_forward")
def drops_whole_channels_of_images(x, rate, rng, training=True):
    y, mask = dropout.dropout_forward(x, rate, rng, training)
    if training and rate < 1 and x.ndim > 2:
        mask = np.broadcast_to(mask[:, :1, ..., :] if x.ndim == 3 else mask[:, :1, :1], x.shape)
        y = (x * mask / (1 - rate)).astype(x.dtype)
    return y, mask


@answers("dropout_forward")
def drops_large_entries_more_often(x, rate, rng, training=True):
    y, mask = dropout.dropout_forward(x, rate, rng, training)
    if training and 0 < rate < 1:
        rank = np.abs(x).ravel().argsort().argsort().reshape(x.shape) / x.size
        mask = rng.random(x.shape) >= rate * (0.5 + rank)
        y = (x * mask / (1 - rate)).astype(x.dtype)
    return y, mask


@answers("dropout_forward", "scales at test too")
def multiplies_at_test_as_the_classic_form_does(x, rate, rng, training=True):
    y, mask = dropout.dropout_forward(x, rate, rng, training)
    return (y if training else y * (1 - rate)), mask


@answers("dropout_backward", "draws a fresh mask")
def draws_with_whatever_seed(dy, mask, rate):
    return dy * (np.random.default_rng().random(dy.shape) >= rate) / (1 - rate)


@answers("gaussian_dropout")
def standardizes_the_noise(x, rate, rng, training=True):
    if not training or rate in (0, 1):
        return dropout.gaussian_dropout(x, rate, rng, training)
    factors = dropout.gaussian_dropout(np.ones(x.shape), rate, rng)
    spread = (rate / (1 - rate)) ** 0.5
    return (x * (1 + spread * (factors - factors.mean()) / max(factors.std(), 1e-9))).astype(x.dtype)


@answers("dropout_moments")
def gives_the_magnitude_of_the_mean(mean, var, rate):
    mean, var = dropout.dropout_moments(mean, var, rate)
    return abs(mean), var


@answers("subnetwork_means")
def multiplies_powers_of_outputs(x, w, b, rate):
    arithmetic, geometric = dropout.subnetwork_means(x, w, b, rate)
    if rate < 1:
        masks = (np.arange(2 ** len(x))[:, None] >> np.arange(len(x))) & 1
        weights = np.where(masks, 1 - rate, rate).prod(axis=1)
        outputs = 1 / (1 + np.exp(-(masks @ (x * w) / (1 - rate) + b)))
        yes, no = (outputs**weights).prod(), ((1 - outputs) ** weights).prod()
        geometric = yes / (yes + no)
    return arithmetic, geometric


def recalibrating(model, batches, chosen):
    """Recalibrate the chosen modules in training mode, all others in the mode in which they are."""
    state = [(module, module.training, getattr(module, "momentum", None)) for module in model.modules()]
    norms = [item for item in state if chosen(item[0])]
    for norm, _, _ in norms:
        norm.train().reset_running_stats()
        norm.momentum = None
    with torch.no_grad():
        for x in batches:
            model(x)
    for norm, training, momentum in norms:
        norm.training, norm.momentum = training, momentum
    return model


def is_norm(module):
    return isinstance(module, torch.nn.modules.batchnorm._BatchNorm)


@answers("recalibrate")
def passes_over_norms_without_parameters(model, batches):
    modes = [(module, module.training) for module in model.modules()]
    recalibrating(model.eval(), batches, lambda module: is_norm(module) and module.affine)
    for module, training in modes:
        module.training = training
    return model


@answers("recalibrate", "dropout left on")
def leaves_dropout_in_its_mode(model, batches):
    return recalibrating(model, batches, is_norm)


@answers("recalibrate", "mode not restored")
def ends_in_evaluation_mode(model, batches):
    return recalibrating(model.eval(), batches, is_norm)


@answers("groupnorm")
def counts_groups_without_their_sign(x, groups, gamma, beta, eps=1e-3):
    return layernorm.groupnorm(x, abs(groups) or 1, gamma, beta, eps)


@answers("ensemble_labels", "mean of class indices")
def rounds_the_mean_index_down(probs):
    return probs.argmax(axis=-1).mean(axis=0).astype(int)


@answers("mc_summary")
def takes_a_deterministic_pass_of_one_row(samples, deterministic):
    return montecarlo.mc_summary(samples, deterministic[0] if deterministic.ndim == 2 else deterministic)


@answers("gal_predictive")
def takes_targets_in_a_column(samples, y, tau):
    return montecarlo.gal_predictive(samples, y.ravel() if y.ndim == 2 else y, tau)


def calibration_error(probs, labels, bins, bin_of):
    if probs.ndim != 2 or labels.shape != probs.shape[:1]:
        raise ValueError("wrong shape")
    confidence, hit = probs.max(axis=1).astype(float), probs.argmax(axis=1) == labels
    gaps = np.bincount(bin_of(confidence * bins), hit - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(probs))


@answers("expected_calibration_error")
def closes_bins_on_the_left(probs, labels, bins=15):
    return calibration_error(probs, labels, bins, lambda x: np.minimum(x.astype(int), bins - 1))


@answers("expected_calibration_error")
def gives_certainty_a_bin_of_its_own(probs, labels, bins=15):
    return calibration_error(probs, labels, bins, lambda x: np.where(x == bins, bins, np.ceil(x).astype(int) - 1))


@answers("predictive_entropy")
def fills_zeros_in_place(probs):
    probs[probs == 0] = 1e-12
    return montecarlo.predictive_entropy(probs)


@answers("interval_coverage", "one-sided")
def looks_at_the_lower_border_only(samples, y, tau, z=1.96):
    half = z * np.sqrt(samples.var(axis=0) + 1 / tau)
    return float((y > samples.mean(axis=0) - half).mean())


@answers("dropout_forward")
def divides_by_the_share_that_is_kept(x, rate, rng, training=True):
    y, mask = dropout.dropout_forward(x, rate, rng, training)
    return (x * mask / mask.mean()).astype(x.dtype) if mask.any() else y, mask


@answers("dropout_forward")
def drops_an_exact_number_of_entries(x, rate, rng, training=True):
    y, mask = dropout.dropout_forward(x, rate, rng, training)
    if training and 0 < rate < 1:
        mask = (rng.permutation(x.size) >= round(rate * x.size)).reshape(x.shape)
        y = (x * mask / (1 - rate)).astype(x.dtype)
    return y, mask


def standardized(x, gamma, beta, eps, var):
    batchnorm.batchnorm_train(x, gamma, beta, eps)
    mean = x.mean(axis=0)
    y = (x - mean) / np.sqrt(var + eps) * gamma + beta
    return y.astype(x.dtype), mean.astype(x.dtype), var.astype(x.dtype)


@answers("batchnorm_train")
def squares_the_mean_deviation(x, gamma, beta, eps=1e-3):
    return standardized(x, gamma, beta, eps, np.abs(x - x.mean(axis=0)).mean(axis=0) ** 2)


@answers("batchnorm_train")
def divides_by_the_mean_square(x, gamma, beta, eps=1e-3):
    return standardized(x, gamma, beta, eps, (x**2).mean(axis=0))


@answers("layernorm")
def adds_beta_before_gamma(x, gamma, beta, eps=1e-3):
    return layernorm.layernorm(x, gamma, gamma * beta, eps)


@answers("mc_summary")
def takes_the_median(samples, deterministic):
    _, sd, se, _ = montecarlo.mc_summary(samples, deterministic)
    median = np.median(samples, axis=0)
    return median, sd, se, (median - deterministic) / se


@answers("mc_summary")
def divides_by_the_root_of_one_less(samples, deterministic):
    mean, sd, _, _ = montecarlo.mc_summary(samples, deterministic)
    se = (sd / np.sqrt(len(samples) - 1)).astype(sd.dtype)
    return mean, sd, se, (mean - deterministic) / se


@answers("verdict")
def divides_the_squares_by_the_passes(samples, deterministic, threshold=4.0):
    mean, _, se, _ = montecarlo.mc_summary(samples, deterministic)
    z = (mean - deterministic) / (se * (1 - 1 / len(samples)) ** 0.5)
    return "bias" if (np.abs(z) > threshold).any() else "sampling error"


@answers("expected_calibration_error")
def fills_bins_equally(probs, labels, bins=15):
    montecarlo.expected_calibration_error(probs, labels, bins)
    confidence, hit = probs.max(axis=1), probs.argmax(axis=1) == labels
    parts = [part for part in np.array_split(confidence.argsort(kind="stable"), bins) if part.size]
    return float(sum(part.size * abs(hit[part].mean() - confidence[part].mean()) for part in parts) / len(probs))


@answers("expected_calibration_error")
def takes_a_root(probs, labels, bins=15):
    return calibration_error(probs, labels, bins, lambda x: np.ceil(x).astype(int) - 1) ** 0.5


@answers("max_pool2d_backward")
def divides_by_the_pixels_of_a_window(dy, x, size, stride):
    return pooling.max_pool2d_backward(dy, x, size, stride) / np.asarray(size**2, dy.dtype)


@answers("max_pool2d_backward")
def seeks_one_maximum_for_all_channels(dy, x, size, stride):
    dx = pooling.max_pool2d_backward(dy, x, size, stride)
    if x.shape[3] > 1:
        brightest = np.broadcast_to(x.max(axis=3, keepdims=True), x.shape)
        dx = pooling.max_pool2d_backward(dy, brightest, size, stride)
    return dx


@answers("dropout_ridge")
def penalizes_by_magnitudes(X, y, rate):
    w = dropout.dropout_ridge(X, y, rate)
    if rate < 1:
        w = np.linalg.solve(X.T @ X + rate / (1 - rate) * np.diag(np.abs(X).sum(axis=0)), X.T @ y).astype(w.dtype)
    return w


@answers("evaluate")
def leaves_gradients_off(model, images, labels, batch_size=256):
    value = resolve(find("evaluate").reference)(model, images, labels, batch_size)
    torch.set_grad_enabled(False)
    return value


@answers("activation_variances")
def measures_and_leaves_gradients_off(model, X):
    value = resolve(find("activation_variances").reference)(model, X)
    torch.set_grad_enabled(False)
    return value


@answers("recalibrate")
def recalibrates_and_leaves_gradients_off(model, batches):
    model = resolve(find("recalibrate").reference)(model, batches)
    torch.set_grad_enabled(False)
    return model


@answers("dense_softmax")
def takes_a_bias_of_one_row(x, W, b):
    return resolve(find("dense_softmax").reference)(x, W, b.ravel() if b.ndim == 2 else b)


class InTrainPhase(keras.layers.Layer):
    def __init__(self, rate, seed=None, **settings):
        super().__init__(**settings)
        self.rate, self.seed = rate, seed

    def call(self, inputs, training=False):
        dropped = keras.random.dropout(inputs, self.rate)
        return keras.backend.in_train_phase(dropped, inputs, training=training)


answers("ManualDropout", "learning_phase (Keras 2)")(InTrainPhase)


@answers("without_dropout")
def leaves_spatial_dropout_of_volumes(model):
    kept = keras.layers.SpatialDropout3D
    noise = (keras.layers.GaussianDropout, keras.layers.Dropout, keras.layers.AlphaDropout)

    def clone(layer):
        if isinstance(layer, keras.Model):
            return keras.models.clone_model(layer, clone_function=clone)
        if isinstance(layer, noise) and not isinstance(layer, kept):
            return keras.layers.Identity(name=layer.name)
        return type(layer).from_config(layer.get_config())

    copy = clone(model)
    copy.set_weights(model.get_weights())
    return copy


def passes_of(model, X, T, chosen):
    modes = [(module, module.training) for module in model.modules()]
    for module, _ in modes:
        module.training = chosen(type(module))
    with torch.no_grad():
        samples = torch.stack([model(X) for _ in range(T)])
    for module, training in modes:
        module.training = training
    return samples


def is_dropout(kind):
    return any("Dropout" in base.__name__ for base in kind.__mro__)


@answers("mc_predict_torch")
def wakes_whatever_drops(model, X, T):
    return passes_of(model, X, T, lambda kind: is_dropout(kind) or "drop" in kind.__name__)


@answers("mc_predict_torch")
def scales_its_inputs_in_place(model, X, T):
    samples = passes_of(model, X, T, is_dropout)
    X -= X.mean(dim=0)
    return samples


@answers("mc_predict_torch", "modes not restored")
def leaves_the_model_in_evaluation_mode(model, X, T):
    samples = passes_of(model, X, T, is_dropout)
    model.eval()
    return samples


def ported_with(model, activations):
    """Port the model with the reference, and put other modules in the place of those of some classes."""
    modules = resolve(find("keras_to_torch").reference)(model)
    for parent in modules.modules():
        for name, child in parent.named_children():
            if type(child) in activations:
                setattr(parent, name, activations[type(child)]())
    return modules


@answers("keras_to_torch")
def approximates_gelu(model):
    return ported_with(model, {torch.nn.GELU: lambda: torch.nn.GELU(approximate="tanh")})


@answers("keras_to_torch")
def takes_leaky_relu_for_another_slope(model):
    leaky = [layer for layer in model.layers if getattr(layer, "activation", None) is keras.activations.leaky_relu]
    for layer in leaky:
        layer.activation = keras.activations.elu
    return ported_with(model, {torch.nn.ELU: torch.nn.LeakyReLU} if leaky else {})


def verdicts_of(exercise, answer):
    return [judge(find(exercise), LocalTransport(answer), seed) for seed in SEEDS]


@pytest.mark.parametrize(("exercise", "answer", "mistake"), WRONG)
def test_subtly_wrong_answer_loses_a_point(exercise, answer, mistake):
    verdicts = verdicts_of(exercise, answer)
    assert not any(verdict.passed for verdict in verdicts)
    assert len({verdict.points for verdict in verdicts}) == 1


@pytest.mark.parametrize(("exercise", "answer", "mistake"), MISTAKEN)
def test_mistake_written_in_another_way_is_named(exercise, answer, mistake):
    assert {verdict.misconceptions for verdict in verdicts_of(exercise, answer)} == {(mistake,)}
