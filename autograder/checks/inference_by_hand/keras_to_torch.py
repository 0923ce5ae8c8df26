"""Porting a network: `keras_to_torch(model) -> nn.Module`."""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask, Tensor
from autograder.checks.batchnorm.batches import batch, gains, statistics
from autograder.checks.exercise import Built, Exercise, Fingerprint, Misconception, Requirement
from autograder.checks.expect import array, close, expect, tensor
from autograder.checks.respond import attempt
from autograder.checks.statistics import plausible_count
from autograder.reference.batchnorm import standardize
from autograder.reference.inference import ACTIVATIONS

PAGE = "normalization/conventions"

Spec = tuple[str, dict[str, Any]]
"""The name of a Keras layer and its keyword arguments."""

PAIRS: list[tuple[str | None, Spec]] = [
    ("softmax", ("Activation", {"activation": "tanh"})),
    ("sigmoid", ("Activation", {"activation": "softmax"})),
    ("relu", ("Activation", {"activation": "sigmoid"})),
    ("softplus", ("Activation", {"activation": "softplus"})),
    ("linear", ("ReLU", {})),
    ("tanh", ("Activation", {"activation": "elu"})),
    ("softsign", ("Activation", {"activation": "selu"})),
    (None, ("ELU", {})),
    (None, ("Activation", {"activation": "relu"})),
    ("selu", ("Activation", {"activation": "silu"})),
    ("silu", ("Activation", {"activation": "softsign"})),
    ("elu", ("Activation", {"activation": "gelu"})),
    ("gelu", ("Activation", {"activation": "linear"})),
]
"""Activations of Dense layers and the layers behind them, in an order in which each sees both signs if it matters to it.

The exact gelu and its approximation by tanh differ by too little to be told apart in a long chain."""

SELU = (1.0507009873554805, 1.6732632423543772)
"""Scale and alpha of Klambauer et al. (2017)."""

erf = np.vectorize(math.erf)


def elu(z: np.ndarray) -> np.ndarray:
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


EVERY: dict[str | None, Callable[[np.ndarray], np.ndarray]] = ACTIVATIONS | {
    "softplus": lambda z: np.logaddexp(0, z),
    "softsign": lambda z: z / (1 + np.abs(z)),
    "elu": elu,
    "selu": lambda z: SELU[0] * np.where(z > 0, z, SELU[1] * elu(z)),
    "gelu": lambda z: z * (1 + erf(z / math.sqrt(2))) / 2,
    "silu": lambda z: z * ACTIVATIONS["sigmoid"](z),
}
"""Every activation that is asked, by its Keras name."""


def ported(subject, features, layers, weights, functional, x, z, seed):
    """Build a Keras model, have it ported, and tell all about both afterwards.

    In this order: predictions for x in eval mode with their gradients, one pass of x in training mode, predictions
    for z in eval mode, and the weights of the Keras model after every tensor of the port was overwritten.
    """
    import keras
    import torch

    quick = {"Dense": {"kernel_initializer": "zeros"}}
    stack = [getattr(keras.layers, name)(**quick.get(name, {}), **options) for name, options in layers]
    if functional:
        inputs = outputs = keras.Input((features,))
        for layer in stack:
            outputs = layer(outputs)
        model = keras.Model(inputs, outputs)
    else:
        model = keras.Sequential([keras.Input((features,)), *stack])
    model.set_weights(weights)
    module = attempt(subject, model)

    def use():
        module.eval()
        y = module(x)
        parameters = list(module.parameters())
        if parameters:
            y.square().sum().backward()
        report = {
            "module": isinstance(module, torch.nn.Module),
            "y": y.detach(),
            "gradients": [parameter.requires_grad and parameter.grad is not None for parameter in parameters],
            "sizes": [parameter.numel() for parameter in parameters],
        }
        module.train()
        with torch.no_grad():
            torch.default_generator.manual_seed(seed)
            report["training"] = module(x)
            module.eval()
            report["later"] = module(z)
            for value in (*module.parameters(), *module.buffers()):
                value.fill_(3)
        return report

    return attempt(use) | {"weights": model.get_weights()}


def initial(draw: np.random.Generator, name: str, inputs: int, options: dict[str, Any]) -> tuple[list[np.ndarray], int]:
    """Draw the weights of a layer in the order of Keras, and return them with the number of its outputs."""
    if name == "Dense":
        units = options["units"]
        W, b = draw.uniform(-1, 1, (inputs, units)), draw.uniform(-1, 1, units)
        return ([W, b] if options.get("use_bias", True) else [W]), units
    if name in ("BatchNormalization", "LayerNormalization"):
        (gamma, beta), moving = gains(draw, inputs), statistics(draw, inputs)
        own = [gamma] * options.get("scale", True) + [beta] * options.get("center", True)
        return [*own, *moving] if name == "BatchNormalization" else own, inputs
    return [], inputs


def network(draw: np.random.Generator, features: int, specs: list[Spec]) -> list[list[np.ndarray]]:
    """Draw the weights of a chain, layer by layer, in single precision."""
    weights, width = [], features
    for name, options in specs:
        own, width = initial(draw, name, width, options)
        weights.append([value.astype("float32") for value in own])
    return weights


def read(name: str, options: dict[str, Any], own: list[np.ndarray], signal: np.ndarray) -> np.ndarray:
    """Apply one layer at test time, in double precision."""
    values = [value.astype(float) for value in own]
    if name == "Dense":
        z = signal @ values[0] + (values[1] if len(values) > 1 else 0)
        return EVERY[options.get("activation")](z)
    if name in ("BatchNormalization", "LayerNormalization"):
        gamma = values.pop(0) if options.get("scale", True) else np.ones(signal.shape[1])
        beta = values.pop(0) if options.get("center", True) else np.zeros(signal.shape[1])
        own_statistics = signal.mean(axis=1, keepdims=True), signal.var(axis=1, keepdims=True)
        mean, var = values if name == "BatchNormalization" else own_statistics
        return gamma * standardize(signal, mean, var, options.get("epsilon", 1e-3)) + beta
    activation = {"ReLU": "relu", "Softmax": "softmax", "ELU": "elu", "Dropout": None}.get(name, name)
    return EVERY[options["activation"] if name == "Activation" else activation](signal)


def predict(specs: list[Spec], weights: list[list[np.ndarray]], x: np.ndarray) -> np.ndarray:
    """Return what Keras predicts."""
    signal = x.astype(float)
    for (name, options), own in zip(specs, weights, strict=True):
        signal = read(name, options, own, signal)
    return signal


def port(
    ask: Ask, specs: list[Spec], weights: list[list[np.ndarray]], x: np.ndarray, functional: bool = False, seed: int = 0
) -> dict[str, Any]:
    """Put one question about a chain, x being both what is trained on and what is predicted."""
    flat = list(itertools.chain.from_iterable(weights))
    rows = Tensor(x.astype("float32"))
    answer: dict[str, Any] = ask.probe(ported, x.shape[1], specs, flat, functional, rows, rows, seed)
    expect(answer["module"] is True, "return a torch.nn.Module")
    return answer


@dataclass(frozen=True)
class Ported:
    """A chain that was ported: its layers, its weights, what was predicted, and what came back."""

    specs: list[Spec]
    weights: list[list[np.ndarray]]
    x: np.ndarray
    answer: dict[str, Any]

    def predicts(self, message: str) -> None:
        """Raise Unmet with this message unless the module predicts what Keras predicts."""
        wanted = predict(self.specs, self.weights, self.x.astype("float32"))
        y = tensor(self.answer["y"], wanted.shape, "float32", name="the output")
        expect(close(y, wanted, "float32", scale=max(1.0, float(np.abs(wanted).max()))), message)


def chain(ask: Ask, draw: np.random.Generator, specs: list[Spec], functional: bool = False) -> Ported:
    """Have a chain for four features ported."""
    weights, x = network(draw, 4, specs), batch(draw, (6, 4))
    return Ported(specs, weights, x, port(ask, specs, weights, x, functional))


def of_dense_layers(ask: Ask, draw: np.random.Generator) -> Ported:
    specs: list[Spec] = [
        ("Dense", {"units": 4, "name": "first"}),
        ("Dense", {"units": 5, "activation": "relu"}),
        ("Dropout", {"rate": 0.3, "name": "second"}),
        ("Dense", {"units": 2, "use_bias": False}),
    ]
    return chain(ask, draw, specs)


def ports_dense(ask: Ask, draw: np.random.Generator) -> None:
    message = "Dense layers, with and without bias, should give in PyTorch what they give in Keras"
    ask.once(of_dense_layers).predicts(message)


def ports_batchnorm(ask: Ask, draw: np.random.Generator) -> None:
    specs: list[Spec] = [
        ("BatchNormalization", {"epsilon": 0.2}),
        ("Dense", {"units": 5}),
        ("BatchNormalization", {"scale": False}),
        ("BatchNormalization", {"center": False, "epsilon": 0.01}),
    ]
    message = "BatchNormalization should keep its statistics, its eps, and gamma and beta as far as it has them"
    chain(ask, draw, specs).predicts(message)


def ports_layernorm(ask: Ask, draw: np.random.Generator) -> None:
    specs: list[Spec] = [
        ("LayerNormalization", {"epsilon": 0.2}),
        ("Dense", {"units": 5}),
        ("LayerNormalization", {"center": False}),
        ("LayerNormalization", {"scale": False, "epsilon": 0.05}),
    ]
    message = "LayerNormalization should keep its eps, and gamma and beta as far as it has them"
    chain(ask, draw, specs).predicts(message)


def ports_activations(ask: Ask, draw: np.random.Generator) -> None:
    specs: list[Spec] = [("Softmax", {})]
    for of_dense, layer in PAIRS:
        specs += [("Dense", {"units": 5, "use_bias": False, "activation": of_dense}), layer]
    message = "some activation, of a Dense layer or as a layer of its own, is not what it is in Keras"
    gelu: list[Spec] = [("Dense", {"units": 40}), ("Activation", {"activation": "gelu"})]
    for asked in (specs, gelu, [("Dense", {"units": 40, "activation": "gelu"})]):
        chain(ask, draw, asked).predicts(message)


def takes_functional_models(ask: Ask, draw: np.random.Generator) -> None:
    specs: list[Spec] = [
        ("Dense", {"units": 3, "activation": "relu"}),
        ("Dropout", {"rate": 0.3}),
        ("Dense", {"units": 2, "activation": "softmax"}),
    ]
    message = "a functional model that is a chain should be ported as a sequential one is"
    chain(ask, draw, specs, functional=True).predicts(message)


def can_be_trained(ask: Ask, draw: np.random.Generator) -> None:
    specs: list[Spec] = [("Dense", {"units": 3}), ("BatchNormalization", {}), ("LayerNormalization", {})]
    found = chain(ask, draw, specs)
    gradients, after = found.answer["gradients"], found.answer["weights"]
    expect(
        len(gradients) > 0 and all(gradients),
        "every parameter should require a gradient and get one from a backward pass",
    )
    expect(
        sum(found.answer["sizes"]) == (4 + 1) * 3 + 2 * 3 + 2 * 3,
        "kernels, biases, gammas and betas, and nothing else, should be parameters of the module",
    )
    before = itertools.chain.from_iterable(found.weights)
    kept = all(close(array(new, old.shape), old, "float32") for new, old in zip(after, before, strict=True))
    expect(kept, "the module should share no memory with the Keras model, which should stay as it is")


def keeps_rate(ask: Ask, draw: np.random.Generator) -> None:
    rate, n, features = float(draw.choice(hidden.RATES)), 300, 20
    x = np.ones((n, features))
    y = tensor(port(ask, [("Dropout", {"rate": rate})], [[]], x, seed=int(draw.integers(2**31)))["training"], x.shape)
    kept = y != 0
    expect(
        plausible_count(int(kept.sum()), kept.size, 1 - rate),
        f"in training mode Dropout should keep its rate, {rate:g}, but it dropped {1 - kept.mean():.3g} of the entries",
    )
    expect(close(y[kept], np.full(kept.sum(), 1 / (1 - rate)), "float32"), "Dropout should scale what it keeps")


def converts_momentum(ask: Ask, draw: np.random.Generator) -> None:
    momentum = float(draw.uniform(0.6, 0.9))
    specs: list[Spec] = [("BatchNormalization", {"momentum": momentum})]
    weights = network(draw, 3, specs)
    gamma, beta, mean, var = (value.astype(float) for value in weights[0])
    x = (40 + 3 * batch(draw, (8, 3))).astype("float32").astype(float)
    later = tensor(port(ask, specs, weights, x)["later"], x.shape, name="the output")
    slope = (later[0] - later[1]) / (x[0] - x[1])
    step = (x[0] - (later[0] - beta) / slope - mean) / (x.mean(axis=0) - mean)
    expect(
        np.allclose(step, 1 - momentum, rtol=0, atol=2e-3),
        "one batch in training mode should move the running mean by 1 - momentum: Keras's momentum is that of the old",
    )
    spreads = [momentum * var + (1 - momentum) * x.var(axis=0, ddof=ddof) + 1e-3 for ddof in (0, 1)]
    expect(
        any(np.allclose((gamma / slope) ** 2, spread, rtol=2e-3) for spread in spreads),
        "one batch in training mode should move the running variance by 1 - momentum as well",
    )


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


def measure(ask: Ask) -> list[float]:
    """Chains in which each mistake shows alone."""
    draw = np.random.default_rng(4)
    x, options = batch(draw, (5, 3)), {"epsilon": 0.2, "momentum": 0.7}
    square: list[Spec] = [("Dense", {"units": 3})]
    norm: list[Spec] = [("BatchNormalization", options)]
    numbers = port(ask, square, network(draw, 3, square), x)["y"].array.ravel().tolist()
    answer = port(ask, norm, network(draw, 3, norm), x)
    return [*numbers, *answer["y"].array.ravel().tolist(), *answer["later"].array.ravel().tolist()]


def porting(transposes: bool = True, eps: bool = True, momentum: bool = True, copies: bool = True) -> Any:  # noqa: C901
    """Return the function, right or with one mistake."""
    import keras
    import torch
    from torch import nn

    modules = {
        "linear": nn.Identity,
        "relu": nn.ReLU,
        "tanh": nn.Tanh,
        "sigmoid": nn.Sigmoid,
        "softmax": lambda: nn.Softmax(dim=-1),
        "softplus": nn.Softplus,
        "softsign": nn.Softsign,
        "elu": nn.ELU,
        "selu": nn.SELU,
        "gelu": nn.GELU,
        "silu": nn.SiLU,
    }

    def set_values(**targets):
        with torch.no_grad():
            for target, source in targets.values():
                if source is not None:
                    target.copy_(torch.tensor(source.numpy()))

    def activation(function):
        name = keras.activations.serialize(function)
        if name not in modules:
            raise ValueError(f"model has the activation {name}, which cannot be ported")
        return modules[name]()

    def of_dense(layer):
        inputs, units = layer.kernel.shape
        linear = nn.Linear(inputs, units, bias=layer.use_bias)
        kernel = torch.tensor(layer.kernel.numpy())
        with torch.no_grad():
            linear.weight.copy_(kernel.T if transposes or inputs != units else kernel)
        set_values(bias=(linear.bias, layer.bias))
        return [linear, activation(layer.activation)]

    def of_batchnorm(layer):
        options = {"eps": layer.epsilon} if eps else {}
        options["momentum"] = 1 - layer.momentum if momentum else 0.1
        norm = nn.BatchNorm1d(layer.output.shape[-1], **options)
        set_values(gamma=(norm.weight, layer.gamma), beta=(norm.bias, layer.beta))
        if copies:
            set_values(mean=(norm.running_mean, layer.moving_mean), var=(norm.running_var, layer.moving_variance))
        return [norm]

    def of_layernorm(layer):
        norm = nn.LayerNorm(layer.output.shape[-1], eps=layer.epsilon)
        set_values(gamma=(norm.weight, layer.gamma), beta=(norm.bias, layer.beta))
        return [norm]

    def convert(layer):
        match layer:
            case keras.layers.InputLayer():
                return []
            case keras.layers.Dense():
                return of_dense(layer)
            case keras.layers.Dropout():
                return [nn.Dropout(layer.rate)]
            case keras.layers.BatchNormalization():
                return of_batchnorm(layer)
            case keras.layers.LayerNormalization():
                return of_layernorm(layer)
            case keras.layers.Activation():
                return [activation(layer.activation)]
            case keras.layers.ELU():
                return [nn.ELU(layer.alpha)]
            case keras.layers.Softmax(axis=-1):
                return [nn.Softmax(dim=-1)]
            case keras.layers.ReLU(max_value=None, negative_slope=0, threshold=0):
                return [nn.ReLU()]
        raise ValueError(f"model has a layer that cannot be ported: {type(layer).__name__}")

    def keras_to_torch(model):
        return nn.Sequential(*(module for layer in model.layers for module in convert(layer)))

    return keras_to_torch


@Built
def reference():
    return porting()


@Built
def kernel_not_transposed():
    return porting(transposes=False)


@Built
def eps_of_torch():
    return porting(eps=False)


@Built
def momentum_not_converted():
    return porting(momentum=False)


@Built
def statistics_not_copied():
    return porting(copies=False)


@Built
def with_state_dicts():  # noqa: C901
    """Look the layers up by the names of their classes, and load get_weights() as state."""
    import keras
    import torch
    from torch import nn

    names = ("Identity", "ReLU", "Tanh", "Sigmoid", "Softplus", "Softsign", "ELU", "SELU", "GELU", "SiLU")
    activations = {name.lower(): getattr(nn, name) for name in names}

    def activation(name):
        if name == "softmax":
            return nn.Softmax(1)
        return activations[{"linear": "identity"}.get(name, name)]()

    def state(module, *arrays):
        keys = [key for key in module.state_dict() if key != "num_batches_tracked"]
        tensors = {key: torch.from_numpy(np.array(value)) for key, value in zip(keys, arrays, strict=True)}
        module.load_state_dict(tensors, strict=False)
        return module

    def gains_of(layer, weights, n):
        gamma = weights.pop(0) if layer.scale else np.ones(n, "float32")
        beta = weights.pop(0) if layer.center else np.zeros(n, "float32")
        return gamma, beta

    def keras_to_torch(model):
        modules = []
        for layer in model.layers:
            kind, weights = type(layer).__name__, layer.get_weights()
            if kind == "Dense":
                W = weights[0]
                linear = nn.Linear(*W.shape, bias=len(weights) == 2)
                modules += [state(linear, W.T, *weights[1:]), activation(layer.get_config()["activation"])]
            elif kind == "Dropout":
                modules.append(nn.Dropout(p=layer.rate))
            elif kind == "BatchNormalization":
                n = len(weights[-1])
                norm = nn.BatchNorm1d(n, eps=layer.epsilon, momentum=1 - layer.momentum)
                modules.append(state(norm, *gains_of(layer, weights, n), *weights[-2:]))
            elif kind == "LayerNormalization":
                n = layer.output.shape[1]
                modules.append(state(nn.LayerNorm(n, layer.epsilon), *gains_of(layer, weights, n)))
            elif kind == "Activation":
                modules.append(activation(layer.get_config()["activation"]))
            elif kind in ("ReLU", "ELU", "Softmax"):
                modules.append(activation(kind.lower()))
            elif not isinstance(layer, keras.layers.InputLayer):
                raise ValueError(f"unknown layer {kind}")
        return nn.Sequential(*modules)

    return keras_to_torch


@Built
def with_functions():  # noqa: C901
    """One module that keeps a list of functions beside its parts."""
    import keras
    import torch
    from torch import nn
    from torch.nn import functional

    class Port(nn.Module):
        def __init__(self, model):
            super().__init__()
            self.parts = nn.ModuleList()
            self.steps = []
            for layer in model.layers:
                if not isinstance(layer, keras.layers.InputLayer):
                    self.add(layer)

        def add(self, layer):
            if isinstance(layer, keras.layers.Dense):
                part = nn.Linear(layer.kernel.shape[0], layer.units, bias=layer.use_bias)
                part.weight.data = torch.tensor(layer.kernel.numpy().T.copy())
                if layer.use_bias:
                    part.bias.data = torch.tensor(layer.bias.numpy())
                self.keep(part)
                self.act(layer.activation.__name__)
            elif isinstance(layer, keras.layers.Dropout):
                self.steps.append(lambda x, p=layer.rate: functional.dropout(x, p, training=self.training))
            elif isinstance(layer, (keras.layers.BatchNormalization, keras.layers.LayerNormalization)):
                self.normalize(layer)
            elif isinstance(layer, keras.layers.Activation):
                self.act(layer.activation.__name__)
            elif isinstance(layer, (keras.layers.ReLU, keras.layers.ELU, keras.layers.Softmax)):
                self.act(layer.__class__.__name__.lower())
            else:
                raise TypeError(layer)

        def normalize(self, layer):
            width = layer.output.shape[-1]
            if isinstance(layer, keras.layers.BatchNormalization):
                part = nn.BatchNorm1d(width, layer.epsilon, 1 - layer.momentum)
                part.running_mean.data = torch.tensor(layer.moving_mean.numpy())
                part.running_var.data = torch.tensor(layer.moving_variance.numpy())
            else:
                part = nn.LayerNorm(width, layer.epsilon)
            if layer.gamma is not None:
                part.weight.data = torch.tensor(layer.gamma.numpy())
            if layer.beta is not None:
                part.bias.data = torch.tensor(layer.beta.numpy())
            self.keep(part)

        def keep(self, part):
            self.parts.append(part)
            self.steps.append(part)

        def act(self, name):
            if name == "linear":
                return
            if name == "softmax":
                self.steps.append(lambda x: x.softmax(-1))
            elif name in ("relu", "tanh", "sigmoid", "softplus", "softsign", "elu", "selu", "gelu", "silu"):
                self.steps.append(getattr(functional, name))
            else:
                raise ValueError(name)

        def forward(self, x):
            for step in self.steps:
                x = step(x)
            return x

    return Port


@Built
def with_names():  # noqa: C901
    """Parts under the names of the Keras layers, activations written out."""
    from collections import OrderedDict

    import keras
    import torch
    from torch import nn

    class Apply(nn.Module):
        def __init__(self, function):
            super().__init__()
            self.function = function

        def forward(self, x):
            return self.function(x)

    functions = {
        "linear": lambda z: z,
        "relu": lambda z: z.clamp(min=0),
        "tanh": torch.tanh,
        "sigmoid": lambda z: (1 + torch.tanh(z / 2)) / 2,
        "softmax": lambda z: torch.exp(z - z.logsumexp(1, keepdim=True)),
        "softplus": lambda z: torch.logaddexp(z, torch.zeros_like(z)),
        "softsign": lambda z: z / (1 + z.abs()),
        "elu": nn.functional.elu,
        "selu": torch.selu,
        "gelu": lambda z: z * torch.special.ndtr(z),
        "silu": lambda z: z * torch.sigmoid(z),
    }

    def fill(tensor, variable):
        if variable is not None:
            tensor.data.copy_(torch.as_tensor(keras.ops.convert_to_numpy(variable).copy()))

    def convert(layer):
        match type(layer).__name__:
            case "Dense":
                part = nn.Linear(int(layer.kernel.shape[0]), layer.units)
                part.weight.data.copy_(torch.as_tensor(layer.get_weights()[0]).t())
                part.bias.data.zero_()
                fill(part.bias, layer.bias)
                return nn.Sequential(part, Apply(functions[keras.activations.serialize(layer.activation)]))
            case "Dropout":
                return nn.Dropout(layer.rate)
            case "BatchNormalization":
                size = layer.moving_mean.shape[0]
                part = nn.BatchNorm1d(size, eps=layer.epsilon, momentum=1.0 - layer.momentum)
                fill(part.running_mean, layer.moving_mean)
                fill(part.running_var, layer.moving_variance)
            case "LayerNormalization":
                part = nn.LayerNorm(layer.output.shape[-1], eps=layer.epsilon)
            case "Activation":
                return Apply(functions[keras.activations.serialize(layer.activation)])
            case "ReLU" | "ELU" | "Softmax":
                return Apply(functions[type(layer).__name__.lower()])
            case other:
                raise NotImplementedError(other)
        fill(part.weight, layer.gamma)
        fill(part.bias, layer.beta)
        return part

    def keras_to_torch(model):
        layers = [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]
        return nn.Sequential(OrderedDict((layer.name, convert(layer)) for layer in layers))

    return keras_to_torch


exercise = Exercise(
    name="keras_to_torch",
    assignment="inference_by_hand",
    page=PAGE,
    requirements=(
        Requirement("ports Dense layers, with and without bias", 2, ports_dense),
        Requirement("ports BatchNormalization with its statistics and eps", 2, ports_batchnorm),
        Requirement("ports LayerNormalization with its eps", 1, ports_layernorm),
        Requirement("ports every activation, as string and as layer", 1.5, ports_activations),
        Requirement("takes a functional model that is a chain", 0.5, takes_functional_models),
        Requirement("can be trained on, without touching the Keras model", 1, can_be_trained),
        Requirement("keeps the rate of Dropout", 1, keeps_rate),
        Requirement("converts the momentum of BatchNormalization", 1, converts_momentum),
        Requirement("refuses any other layer and activation", 0.5, refuses_other_layers),
    ),
    reference=reference,
    misconceptions=(
        Misconception(
            "kernel not transposed",
            "The kernel is copied as it is. Keras computes x W with W (inputs, units), PyTorch x W^T with weight "
            "(units, inputs): transpose it. With as many units as inputs no shape gives the mistake away.",
            PAGE,
            kernel_not_transposed,
        ),
        Misconception(
            "eps left at torch's default",
            "BatchNorm1d is made with PyTorch's eps, 1e-5. Keras has 1e-3 by default: pass eps=layer.epsilon.",
            PAGE,
            eps_of_torch,
        ),
        Misconception(
            "momentum not converted",
            "Keras's momentum is the weight of the old value, PyTorch's that of the new one: pass momentum=1 - "
            "layer.momentum.",
            PAGE,
            momentum_not_converted,
        ),
        Misconception(
            "running statistics not copied",
            "gamma and beta are copied, but running_mean and running_var stay at 0 and 1. They are buffers, no "
            "parameters: copy moving_mean and moving_variance as well.",
            PAGE,
            statistics_not_copied,
        ),
    ),
    variants=(with_state_dicts, with_functions, with_names),
    fingerprint=Fingerprint(measure, tolerance=1e-5),
    challenge=True,
)
