"""Porting a network: `keras_to_torch(model) -> nn.Module`."""

import itertools
from typing import Any

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask, Tensor
from autograder.checks.batchnorm.batches import batch
from autograder.checks.beside.inference_by_hand import Spec, ported
from autograder.checks.exercise import Exercise, Unmet
from autograder.checks.expect import array, close, expect, tensor
from autograder.checks.inference_by_hand.chains import GROUPS, OPTIONS, lively, network
from autograder.checks.inference_by_hand.functional_ports import with_functions, with_names
from autograder.checks.inference_by_hand.ported import Chain, chain, port
from autograder.checks.inference_by_hand.ports import keras_to_torch, with_state_dicts
from autograder.checks.statistics import plausible_count

exercise = Exercise(
    keras_to_torch,
    page="normalization/conventions#The port from Keras to PyTorch",
    onward="The figure after this goes on training your port; try going back, from PyTorch to Keras.",
    trap=("ports_batchnorm", "converts_momentum", "ports_layernorm"),
    challenge=True,
)


def of_dense_layers(ask: Ask, draw: np.random.Generator) -> Chain:
    specs: list[Spec] = [
        ("Dense", {"units": 4, "name": "first"}),
        ("Dense", {"units": 5, "activation": "relu"}),
        ("Dropout", {"rate": 0.3, "name": "second"}),
        ("Dense", {"units": 2, "use_bias": False}),
    ]
    return chain(ask, draw, specs)


@exercise.requires("ports Dense layers, with and without bias", 2)
def ports_dense(ask: Ask, draw: np.random.Generator) -> None:
    message = "Dense layers, with and without bias, should give in PyTorch what they give in Keras"
    ask.once(of_dense_layers).predicts(message)


@exercise.requires("ports BatchNormalization with its statistics and eps", 2)
def ports_batchnorm(ask: Ask, draw: np.random.Generator) -> None:
    specs: list[Spec] = [
        ("BatchNormalization", {"epsilon": 0.2}),
        ("Dense", {"units": 5}),
        ("BatchNormalization", {"scale": False}),
        ("BatchNormalization", {"center": False, "epsilon": 0.01}),
    ]
    message = "BatchNormalization should keep its statistics, its eps, and gamma and beta as far as it has them"
    chain(ask, draw, specs).predicts(message)


@exercise.requires("ports LayerNormalization with its eps", 1)
def ports_layernorm(ask: Ask, draw: np.random.Generator) -> None:
    specs: list[Spec] = [
        ("LayerNormalization", {"epsilon": 0.2}),
        ("Dense", {"units": 5}),
        ("LayerNormalization", {"center": False}),
        ("LayerNormalization", {"scale": False, "epsilon": 0.05}),
    ]
    message = "LayerNormalization should keep its eps, and gamma and beta as far as it has them"
    chain(ask, draw, specs).predicts(message)


@exercise.requires("ports every activation, as string and as layer", 1.5, after="ports_dense")
def ports_activations(ask: Ask, draw: np.random.Generator) -> None:
    for specs in GROUPS:
        if not bent(ask, draw, specs).right():
            names_the_wrong_one(ask, draw, specs)


def bent(ask: Ask, draw: np.random.Generator, specs: list[Spec]) -> "Chain":
    """Have a chain of activations ported, through which every difference in one of them is seen."""
    x = batch(draw, (12, 5)).astype("float32")
    weights = lively(draw, specs, x)
    return Chain(specs, weights, x, port(ask, specs, weights, x))


def names_the_wrong_one(ask: Ask, draw: np.random.Generator, specs: list[Spec]) -> None:
    """Raise Unmet with the activation of a chain that is not ported as it should be, if it is wrong alone."""
    for name, options in specs:
        alone = bent(ask, draw, [(name, options)])
        what = f'{name}("{options["activation"]}")' if name == "Activation" else f"{name}()"
        what = f'a Dense layer with the activation "{options["activation"]}"' if name == "Dense" else what
        expect(alone.right(), f"{what} is not in PyTorch what it is in Keras")
    raise Unmet("activations that are right alone should be right one after the other, too")


@exercise.requires("takes a functional model that is a chain", 0.5, after="ports_dense ports_activations")
def takes_functional_models(ask: Ask, draw: np.random.Generator) -> None:
    specs: list[Spec] = [
        ("Dense", {"units": 3, "activation": "relu"}),
        ("Dropout", {"rate": 0.3}),
        ("Dense", {"units": 2, "activation": "softmax"}),
    ]
    message = "a functional model that is a chain should be ported as a sequential one is"
    chain(ask, draw, specs, functional=True).predicts(message)


@exercise.requires("can be trained on, without touching the Keras model", 1)
def can_be_trained(ask: Ask, draw: np.random.Generator) -> None:
    specs: list[Spec] = [("Dense", {"units": 3}), ("BatchNormalization", {}), ("LayerNormalization", {})]
    found = chain(ask, draw, specs)
    gradients, after = found.answer.used.gradients, found.answer.weights
    expect(
        len(gradients) > 0 and all(gradients),
        "every parameter should require a gradient and get one from a backward pass",
    )
    expect(
        sum(found.answer.used.sizes) == (4 + 1) * 3 + 2 * 3 + 2 * 3,
        "kernels, biases, gammas and betas, and nothing else, should be parameters of the module",
    )
    before = itertools.chain.from_iterable(found.weights)
    kept = all(close(array(new, old.shape), old, "float32") for new, old in zip(after, before, strict=True))
    expect(kept, "the module should share no memory with the Keras model, which should stay as it is")


@exercise.requires("keeps the rate of Dropout", 1)
def keeps_rate(ask: Ask, draw: np.random.Generator) -> None:
    x = np.ones((300, 20))
    for rate in hidden.RATES:
        answer = port(ask, [("Dropout", {"rate": rate})], [[]], x, seed=hidden.seed(draw))
        y = tensor(answer.used.training, x.shape)
        kept, dropped = y != 0, 1 - (y != 0).mean()
        expect(
            plausible_count(int(kept.sum()), kept.size, 1 - rate, len(hidden.RATES)),
            f"in training mode Dropout should keep its rate, {rate:g}, but it dropped {dropped:.3g} of the entries",
        )
        expect(close(y[kept], np.full(kept.sum(), 1 / (1 - rate)), "float32"), "Dropout should scale what it keeps")


@exercise.requires("converts the momentum of BatchNormalization", 1)
def converts_momentum(ask: Ask, draw: np.random.Generator) -> None:
    momentum = float(draw.uniform(0.6, 0.9))
    specs: list[Spec] = [("BatchNormalization", {"momentum": momentum})]
    weights = network(draw, 3, specs)
    gamma, beta, *_ = (value.astype(float) for value in weights[0])
    x = (40 + 3 * batch(draw, (8, 3))).astype("float32").astype(float)
    used = port(ask, specs, weights, x).used

    def seen(output: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the running mean, and the running variance plus eps, by which a module gives an output."""
        y = tensor(output, x.shape, name="the output")
        slope = (y[0] - y[1]) / (x[0] - x[1])
        return x[0] - (y[0] - beta) / slope, (gamma / slope) ** 2

    (mean, var), (later_mean, later_var) = seen(used.y), seen(used.later)
    step = (later_mean - mean) / (x.mean(axis=0) - mean)
    expect(
        np.allclose(step, 1 - momentum, rtol=0, atol=2e-3),
        "one batch in training mode should move the running mean by 1 - momentum: Keras's momentum is that of the old",
    )
    spreads = [momentum * var + (1 - momentum) * x.var(axis=0, ddof=ddof) for ddof in (0, 1)]
    expect(
        any(np.allclose(later_var, spread, rtol=2e-3) for spread in spreads),
        "one batch in training mode should move the running variance by 1 - momentum as well",
    )


@exercise.requires("refuses any other layer and activation", 0.5)
def refuses_other_layers(ask: Ask, draw: np.random.Generator) -> None:
    ask.once(of_dense_layers)
    rows = Tensor(batch(draw, (6, 4)).astype("float32"))
    others: list[Spec] = [("LeakyReLU", {}), ("UnitNormalization", {})]
    for other in others:
        answer = ask.probe_answer(ported, 4, [other], [], False, rows, rows, 0)
        expect(answer.raised is not None, f"a layer of another kind, here {other[0]}, should raise, but was accepted")
    for activation in ("exponential", "leaky_relu"):
        strange: list[Spec] = [("Dense", {"units": 3, "activation": activation})]
        answer = ask.probe_answer(ported, 4, strange, network(draw, 4, strange)[0], False, rows, rows, 0)
        expect(answer.raised is not None, f'another activation, here "{activation}", should raise, but was accepted')
    for name, options in OPTIONS:
        x = 2 * batch(draw, (6, 4)).astype("float32")
        answer = ask.probe_answer(ported, 4, [(name, options)], [], False, Tensor(x), Tensor(x), 0)
        ((option, value),) = options.items()
        message = f"{name}({option}={value:g}) is another function than {name}(): port what it is, or raise an error"
        honored = answer.raised or Chain([(name, options)], [[]], x, ask.found(ported, answer)).right()
        expect(honored, message)


@exercise.measures(tolerance=1e-5)
def measure(ask: Ask) -> list[float]:
    """Chains in which each mistake shows alone."""
    draw = np.random.default_rng(4)
    x, options = batch(draw, (5, 3)), {"epsilon": 0.2, "momentum": 0.7}
    square: list[Spec] = [("Dense", {"units": 3})]
    norm: list[Spec] = [("BatchNormalization", options)]
    numbers = port(ask, square, network(draw, 3, square), x).used.y.array.ravel().tolist()
    used = port(ask, norm, network(draw, 3, norm), x).used
    return [*numbers, *used.y.array.ravel().tolist(), *used.later.array.ravel().tolist()]


@exercise.mistake(
    "kernel not transposed",
    edit=(
        "np.array(layer.kernel).T,",
        "np.array(layer.kernel) if linear.in_features == layer.units else np.array(layer.kernel).T,",
    ),
)
def kernel_not_transposed():
    """The kernel is copied as it is. Keras computes x W with W (inputs, units), PyTorch x W^T with weight (units,
    inputs): transpose it. With as many units as inputs no shape gives the mistake away."""


@exercise.mistake(
    "eps left at torch's default",
    edit=("(layer.output.shape[-1], eps=layer.epsilon, momentum", "(layer.output.shape[-1], momentum"),
)
def eps_of_torch():
    """BatchNorm1d is made with PyTorch's eps, 1e-5. Keras has 1e-3 by default: pass eps=layer.epsilon."""


@exercise.mistake("momentum left at torch's default", edit=(", momentum=1 - layer.momentum", ""))
def momentum_of_torch():
    """BatchNorm1d is made with PyTorch's momentum, .1. Pass that of the layer, as the weight of the new value:
    momentum=1 - layer.momentum."""


@exercise.mistake("momentum not converted", edit=(", momentum=1 - layer.momentum", ", momentum=layer.momentum"))
def momentum_not_converted():
    """Keras's momentum is the weight of the old value, PyTorch's that of the new one: pass
    momentum=1 - layer.momentum."""


@exercise.mistake("running statistics not copied", drop="copied(norm, running_mean")
def statistics_not_copied():
    """gamma and beta are copied, but running_mean and running_var stay at 0 and 1. They are buffers, no parameters:
    copy moving_mean and moving_variance as well."""


exercise.right(with_state_dicts)
exercise.right(with_functions)
exercise.right(with_names)
